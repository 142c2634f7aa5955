// The sides of a matrix product: views with four strides (batch, batch, and two of the matrix).

struct Params {
    rows: u32,
    columns: u32,
    depth: u32,
    // The second axis of the batch.
    inner: u32,
    left_offset: u32,
    left_strides: array<u32, 4>,
    right_offset: u32,
    right_strides: array<u32, 4>,
    bias_by_row: u32,
    epilogue: Epilogue,
}

@group(0) @binding(0) var<storage, read> params: Params;

fn extent() -> vec3<u32> {
    return vec3<u32>(params.rows, params.columns, params.depth);
}

fn left_at(batch: u32, row: u32, depth: u32) -> f32 {
    let outer = batch / params.inner * params.left_strides[0] + batch % params.inner * params.left_strides[1];
    return f32(left[params.left_offset + outer + row * params.left_strides[2] + depth * params.left_strides[3]]);
}

fn right_at(batch: u32, depth: u32, column: u32) -> f32 {
    let outer = batch / params.inner * params.right_strides[0] + batch % params.inner * params.right_strides[1];
    return f32(right[params.right_offset + outer + depth * params.right_strides[2] + column * params.right_strides[3]]);
}

fn bias_at(row: u32, column: u32) -> u32 {
    return select(column, row, params.bias_by_row != 0u);
}
