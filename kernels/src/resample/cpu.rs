//! The plain reference: one output pixel at a time.

use super::{Axis, Filter, Window};

/// A resize whose pixels can be asked for one by one.
pub(crate) struct Resize<'a> {
    window: Window<'a>,
    x: Axis,
    y: Axis,
}

impl<'a> Resize<'a> {
    /// A resize of `window` to `target` (width, height).
    pub(crate) fn new(window: Window<'a>, target: (usize, usize), filter: Filter) -> Self {
        let (width, height) = window.size();
        let filter = filter.effective((width, height), target);
        let (mut x, mut y) = (Axis::default(), Axis::default());
        x.prepare(width, target.0, filter);
        y.prepare(height, target.1, filter);
        Self { window, x, y }
    }

    /// Red, green and blue of the output pixel at `(x, y)`, in 0..=255.
    pub(crate) fn pixel(&self, x: usize, y: usize) -> [f32; 3] {
        let mut sum = [0.0; 3];
        for (row, row_weight) in self.y.of(y) {
            let pixels = self.window.row(row);
            let mut line = [0.0; 3];
            for (column, weight) in self.x.of(x) {
                for (channel, line) in line.iter_mut().enumerate() {
                    *line += weight * f32::from(pixels[column * 3 + channel]);
                }
            }
            sum.iter_mut().zip(line).for_each(|(sum, line)| *sum += row_weight * line);
        }
        sum
    }
}
