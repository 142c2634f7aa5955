//! The MCUs that a rectangle of pixels needs.

use super::header::Header;
use super::planes::Grid;
use super::{Orientation, Scale};
use crate::error::{Error, Result};
use crate::geometry::PixelRect;

/// A rectangle at a scale, and the MCUs under it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    pub(super) grid: Grid,
    /// Pixels of the stored picture at the grid's scale.
    pub(super) rect: PixelRect,
    /// The first MCU each way, and how many there are.
    pub(super) mcus: PixelRect,
}

impl Window {
    /// `rect` lies inside the picture at the grid's scale.
    pub(super) fn new(grid: Grid, rect: PixelRect) -> Self {
        // Interpolation looks at one chroma sample beyond, which covers two pixels at most.
        let span = |start: usize, len: usize, mcu: usize, all: usize| {
            let first = start.saturating_sub(2) / mcu;
            (first, (start + len + 2).div_ceil(mcu).min(all) - first)
        };
        let (x, width) = span(rect.x, rect.width, grid.mcu.0, grid.mcus.0);
        let (y, height) = span(rect.y, rect.height, grid.mcu.1, grid.mcus.1);
        Self { grid, rect, mcus: PixelRect { x, y, width, height } }
    }

    /// The whole picture at a scale.
    pub(super) fn whole(header: &Header, scale: Scale) -> Self {
        let grid = Grid::new(header, scale.block());
        Self::new(grid, PixelRect { x: 0, y: 0, width: grid.size.0, height: grid.size.1 })
    }

    /// A rectangle of the upright picture in full resolution. Fails where any of it lies outside.
    pub(super) fn part(header: &Header, orientation: Orientation, rect: PixelRect) -> Result<Self> {
        let stored = (header.width, header.height);
        let (width, height) = orientation.size(stored.0, stored.1);
        let fits = |start: usize, len: usize, whole: usize| len > 0 && start < whole && len <= whole - start;
        if !fits(rect.x, rect.width, width) || !fits(rect.y, rect.height, height) {
            return Err(Error::OutsidePhoto { region: format!("{rect:?}"), width, height });
        }
        Ok(Self::new(Grid::new(header, Scale::Full.block()), orientation.stored_rect(rect, stored)))
    }
}
