//! Pictures from coefficients: the twin of transform.wgsl and colour.wgsl.

use super::Coefficients;
use crate::error::{Error, Result};
use crate::geometry::PixelRect;
use crate::image::RgbImage;
use crate::jpeg::colour::{Rows, to_rgb};
use crate::jpeg::planes::Planes;
use crate::jpeg::scan::{Block, Spot, ZIGZAG};
use crate::jpeg::window::Window;
use crate::jpeg::{Scale, Status};

impl Coefficients {
    /// The whole picture at a scale, upright.
    pub fn scaled(&self, scale: Scale, out: &mut RgbImage) -> Result<()> {
        self.pixels(&Window::whole(&self.prepared.header, scale), out)
    }

    /// A rectangle of the upright picture in full resolution. Fails where any of it lies outside.
    pub fn rect(&self, rect: PixelRect, out: &mut RgbImage) -> Result<()> {
        self.pixels(&Window::part(&self.prepared.header, self.prepared.orientation, rect)?, out)
    }

    fn pixels(&self, window: &Window, out: &mut RgbImage) -> Result<()> {
        if self.status != Status::Decoded {
            return Err(Error::Jpeg { reason: "its coefficients could not be decoded" });
        }
        let header = &self.prepared.header;
        let mut planes = Planes::default();
        planes.prepare(header, &window.grid, window.mcus.y, window.mcus.height);
        for row in 0..window.mcus.height {
            for column in window.mcus.x..window.mcus.x + window.mcus.width {
                let mcu = (window.mcus.y + row) * window.grid.mcus.0 + column;
                self.mcu(mcu, column, |spot, block| planes.put(header, &window.grid, row, spot, block));
            }
        }
        let rect = window.rect;
        let mut stored = vec![0; rect.width * rect.height * 3];
        to_rgb(&planes, &window.grid, header.components.len() == 1, rect, &mut Rows::default(), &mut stored);
        let orientation = self.prepared.orientation;
        let (width, height) = orientation.size(rect.width, rect.height);
        for (index, pixel) in out.reshape(width, height)?.as_chunks_mut::<3>().0.iter_mut().enumerate() {
            let (x, y) = orientation.stored_pixel(index % width, index / width, (rect.width, rect.height));
            pixel.copy_from_slice(&stored[(y * rect.width + x) * 3..][..3]);
        }
        Ok(())
    }

    /// Dequantises the blocks of an MCU that lies in a column.
    fn mcu(&self, mcu: usize, column: usize, mut visit: impl FnMut(Spot, &Block)) {
        let header = &self.prepared.header;
        let mut blocks = self.values[mcu * header.slots() * 64..].chunks_exact(64);
        for (index, component) in header.components.iter().enumerate() {
            for (part, values) in (0..component.h * component.v).zip(&mut blocks) {
                let mut block = Block::ZERO;
                for (at, value) in values.iter().enumerate().filter(|(_, value)| **value != 0) {
                    block.values[usize::from(ZIGZAG[at])] = i32::from(*value).wrapping_mul(component.quant[at]) as i16;
                    block.last = at;
                }
                let (column, row) = (column * component.h + part % component.h, part / component.h);
                visit(Spot { component: index, column, row }, &block);
            }
        }
    }
}
