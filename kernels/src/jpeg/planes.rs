//! The samples of each component, before they become pixels.

use super::header::Header;
use super::idct::inverse;
use super::scan::{Block, Spot};

/// How the pixels of a file are laid out at one scale.
#[derive(Clone, Copy, Debug)]
pub(super) struct Grid {
    /// MCUs a row, and rows of them.
    pub(super) mcus: (usize, usize),
    /// Pixels an MCU covers in the output.
    pub(super) mcu: (usize, usize),
    /// Size of the output.
    pub(super) size: (usize, usize),
    /// Samples a block gives each way, for luma and for chroma.
    sizes: [usize; 2],
    /// Output pixels a chroma sample covers.
    pub(super) ratio: (usize, usize),
}

impl Grid {
    /// The layout with luma blocks of `block` (8, 4, 2, 1) samples each way.
    ///
    /// Chroma that was subsampled both ways takes larger blocks instead of being scaled down and up again, as far as
    /// blocks go.
    pub(super) fn new(header: &Header, block: usize) -> Self {
        let (h, v) = header.components.first().map_or((1, 1), |luma| (luma.h, luma.v));
        let chroma = if h == 2 && v == 2 && block < 8 { 2 * block } else { block };
        Self {
            mcus: header.mcus(),
            mcu: (h * block, v * block),
            size: ((header.width * block).div_ceil(8), (header.height * block).div_ceil(8)),
            sizes: [block, chroma],
            ratio: (h * block / chroma, v * block / chroma),
        }
    }

    /// Samples a block gives each way, for luma and for chroma.
    pub(super) fn block_sizes(&self) -> [usize; 2] {
        self.sizes
    }

    /// Samples a block of this component gives each way.
    fn block(&self, component: usize) -> usize {
        self.sizes[usize::from(component > 0)]
    }

    /// The chroma planes' true size; what the blocks hold beyond is filling.
    pub(super) fn chroma_size(&self) -> (usize, usize) {
        (self.size.0.div_ceil(self.ratio.0), self.size.1.div_ceil(self.ratio.1))
    }

    /// Whether chroma is interpolated. libjpeg repeats it in the smallest pictures and where blocks are single samples.
    pub(super) fn is_fancy(&self) -> bool {
        self.sizes[0] > 1 && (self.ratio.0 == 1 || self.chroma_size().0 > 2)
    }
}

/// The samples of some rows of MCUs.
#[derive(Debug, Default)]
pub(super) struct Planes {
    pub(super) planes: [Plane; 3],
}

/// The samples of one component.
#[derive(Debug, Default)]
pub(super) struct Plane {
    data: Vec<u8>,
    stride: usize,
    /// Rows above the first one held.
    first: usize,
}

impl Planes {
    /// Makes room for `count` rows of MCUs from `first` on. What blocks do not write later stays undefined.
    pub(super) fn prepare(&mut self, header: &Header, grid: &Grid, first: usize, count: usize) {
        for (index, (plane, component)) in self.planes.iter_mut().zip(&header.components).enumerate() {
            let block = grid.block(index);
            plane.stride = grid.mcus.0 * component.h * block;
            plane.first = first * component.v * block;
            plane.data.resize(plane.stride * count * component.v * block, 0);
        }
    }

    /// Transforms a block of the row of MCUs `row`, counted from the first one held.
    pub(super) fn put(&mut self, header: &Header, grid: &Grid, row: usize, spot: Spot, block: &Block) {
        let size = grid.block(spot.component);
        let plane = &mut self.planes[spot.component];
        let line = (row * header.components[spot.component].v + spot.row) * size;
        let start = line * plane.stride + spot.column * size;
        inverse(block, size, &mut plane.data[start..], plane.stride);
    }
}

impl Plane {
    /// Row `y` of the whole picture, which must be among those held.
    pub(super) fn row(&self, y: usize) -> &[u8] {
        &self.data[(y - self.first) * self.stride..][..self.stride]
    }
}
