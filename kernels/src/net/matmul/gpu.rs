//! The wgpu twin: tiles through workgroup memory, in three shapes for few, some and many rows.

use super::MatMul;
use crate::gpu::Shader;
use crate::net::pass::{EPILOGUE, Groups, INPUTS, Pass, SUM, epilogue_words};

/// Rows and columns of the tiles, the fewest rows first.
const TILES: [[usize; 2]; 3] = [[16, 128], [32, 128], [64, 64]];

/// The lanes of a tile of 16 × 128: a wasted row is a wasted lane, and a detector's first layers have no more.
pub(crate) const FEW: &str = "const LANES_M = 8u;\nconst LANES_N = 32u;\nconst ROWS = 2u;\n";
/// The lanes of a tile of 32 × 128.
pub(crate) const SOME: &str = "const LANES_M = 8u;\nconst LANES_N = 32u;\nconst ROWS = 4u;\n";
/// The lanes of a tile of 64 × 64.
pub(crate) const MANY: &str = "const LANES_M = 16u;\nconst LANES_N = 16u;\nconst ROWS = 4u;\n";
pub(crate) const TILE: &str = include_str!("tile.wgsl");

const MATMUL: &str = include_str!("matmul.wgsl");
pub(crate) const SHADERS: [Shader; 3] = [
    Shader::new("net_matmul_16", &[FEW, EPILOGUE, SUM, MATMUL, TILE], INPUTS).over_tensors(),
    Shader::new("net_matmul_32", &[SOME, EPILOGUE, SUM, MATMUL, TILE], INPUTS).over_tensors(),
    Shader::new("net_matmul_64", &[MANY, EPILOGUE, SUM, MATMUL, TILE], INPUTS).over_tensors(),
];

/// The shape for that many rows, and the workgroups for all of the product.
pub(crate) fn tiles(batch: usize, rows: usize, columns: usize) -> (usize, Groups) {
    let shape = TILES.iter().position(|[tile, _]| rows <= *tile).unwrap_or(TILES.len() - 1);
    let [tile_rows, tile_columns] = TILES[shape];
    (shape, Groups::Tiles([columns.div_ceil(tile_columns), rows.div_ceil(tile_rows), batch]))
}

pub(crate) fn pass(op: &MatMul) -> Pass {
    let [outer, inner, rows, columns, depth] = op.sizes();
    let mut params = [rows, columns, depth, inner].map(|value| value as u32).to_vec();
    for view in [&op.left, &op.right] {
        params.push(view.offset as u32);
        params.extend(view.strides.iter().map(|stride| *stride as u32));
    }
    params.push(u32::from(op.bias_by_row));
    params.extend(epilogue_words(&op.epilogue));
    let (shape, groups) = tiles(outer * inner, rows, columns);
    let reads = [Some(op.left.tensor), Some(op.right.tensor), op.epilogue.bias, op.epilogue.residual];
    Pass { shader: SHADERS[shape], entry: "tile", params, reads, out: op.out, groups }
}
