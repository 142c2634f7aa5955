//! Rectangles and quadrilaterals in continuous pixel coordinates.

use crate::error::{Error, Result};

/// An axis-aligned rectangle: `[x, x + w) × [y, y + h)` in pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rect {
    /// Left edge.
    pub x: f32,
    /// Top edge.
    pub y: f32,
    /// Width.
    pub w: f32,
    /// Height.
    pub h: f32,
}

impl Rect {
    /// The rectangle between two corners.
    pub fn from_corners(x0: f32, y0: f32, x1: f32, y1: f32) -> Self {
        Self { x: x0, y: y0, w: x1 - x0, h: y1 - y0 }
    }

    /// The right edge.
    pub fn right(&self) -> f32 {
        self.x + self.w
    }

    /// The bottom edge.
    pub fn bottom(&self) -> f32 {
        self.y + self.h
    }

    /// The area; zero where a side is negative or not a number.
    pub fn area(&self) -> f32 {
        self.w.max(0.0) * self.h.max(0.0)
    }

    /// Grows every side outwards by `fraction` of the width (left, right) or of the height (top, bottom).
    #[must_use]
    pub fn pad(&self, fraction: f32) -> Self {
        let (dx, dy) = (self.w * fraction, self.h * fraction);
        Self { x: self.x - dx, y: self.y - dy, w: self.w + 2.0 * dx, h: self.h + 2.0 * dy }
    }

    /// The part inside a photo of this size; its sides are zero where nothing is inside.
    #[must_use]
    pub fn clamp(&self, width: usize, height: usize) -> Self {
        let (width, height) = (width as f32, height as f32);
        let (x0, y0) = (self.x.clamp(0.0, width), self.y.clamp(0.0, height));
        Self::from_corners(x0, y0, self.right().clamp(x0, width), self.bottom().clamp(y0, height))
    }

    /// Multiplies the horizontal coordinates by `sx` and the vertical ones by `sy`.
    #[must_use]
    pub fn scale(&self, sx: f32, sy: f32) -> Self {
        Self { x: self.x * sx, y: self.y * sy, w: self.w * sx, h: self.h * sy }
    }

    /// The corners, clockwise from the top left one.
    pub fn corners(&self) -> [[f32; 2]; 4] {
        [[self.x, self.y], [self.right(), self.y], [self.right(), self.bottom()], [self.x, self.bottom()]]
    }

    /// Whether all four numbers are finite.
    pub fn is_finite(&self) -> bool {
        [self.x, self.y, self.w, self.h].iter().all(|v| v.is_finite())
    }

    /// The whole pixels `[round(x0), round(x1)) × [round(y0), round(y1))` inside a photo (halves round away from
    /// zero), at least one pixel each way. Fails where the rectangle lies outside, is empty or is not finite.
    pub fn pixels(&self, width: usize, height: usize) -> Result<PixelRect> {
        let outside = || Error::OutsidePhoto { region: format!("{self:?}"), width, height };
        if !self.is_finite() || self.clamp(width, height).area() <= 0.0 {
            return Err(outside());
        }
        let span = |low: f32, high: f32, side: usize| {
            // Negative values saturate to 0 in the cast.
            let start = (low.round() as usize).min(side - 1);
            (start, (high.round() as usize).clamp(start + 1, side))
        };
        let (x0, x1) = span(self.x, self.right(), width);
        let (y0, y1) = span(self.y, self.bottom(), height);
        Ok(PixelRect { x: x0, y: y0, width: x1 - x0, height: y1 - y0 })
    }
}

/// Whole pixels inside a photo; neither side is zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PixelRect {
    /// First column.
    pub x: usize,
    /// First row.
    pub y: usize,
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
}

/// Four corners in pixels: top left, top right, bottom right, bottom left.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quad(pub [[f32; 2]; 4]);

impl Quad {
    /// The smallest rectangle around the corners.
    pub fn bounds(&self) -> Rect {
        let (mut low, mut high) = (self.0[0], self.0[0]);
        for corner in &self.0[1..] {
            for axis in 0..2 {
                low[axis] = low[axis].min(corner[axis]);
                high[axis] = high[axis].max(corner[axis]);
            }
        }
        Rect::from_corners(low[0], low[1], high[0], high[1])
    }

    /// Multiplies the horizontal coordinates by `sx` and the vertical ones by `sy`.
    #[must_use]
    pub fn scale(&self, sx: f32, sy: f32) -> Self {
        Self(self.0.map(|[x, y]| [x * sx, y * sy]))
    }

    /// Whether the corners turn the same way all round, with no three on one line.
    pub fn is_convex(&self) -> bool {
        let turn = |i: usize| {
            let [a, b, c] = [self.0[i], self.0[(i + 1) % 4], self.0[(i + 2) % 4]];
            (b[0] - a[0]) * (c[1] - b[1]) - (b[1] - a[1]) * (c[0] - b[0])
        };
        (0..4).all(|i| turn(i) > 0.0) || (0..4).all(|i| turn(i) < 0.0)
    }
}

impl From<Rect> for Quad {
    fn from(rect: Rect) -> Self {
        Self(rect.corners())
    }
}

/// Intersection over union of two rectangles; 0 where either is empty.
pub fn iou(a: &Rect, b: &Rect) -> f32 {
    let w = a.right().min(b.right()) - a.x.max(b.x);
    let h = a.bottom().min(b.bottom()) - a.y.max(b.y);
    let shared = w.max(0.0) * h.max(0.0);
    if shared > 0.0 && a.area() > 0.0 && b.area() > 0.0 { shared / (a.area() + b.area() - shared) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rect(x: f32, y: f32, w: f32, h: f32) -> Rect {
        Rect { x, y, w, h }
    }

    #[test]
    fn iou_by_hand() {
        assert_eq!(iou(&rect(0.0, 0.0, 2.0, 2.0), &rect(1.0, 1.0, 2.0, 2.0)), 1.0 / 7.0);
        assert_eq!(iou(&rect(0.0, 0.0, 2.0, 2.0), &rect(0.0, 0.0, 2.0, 2.0)), 1.0);
        assert_eq!(iou(&rect(0.0, 0.0, 2.0, 2.0), &rect(2.0, 0.0, 2.0, 2.0)), 0.0);
        assert_eq!(iou(&rect(0.0, 0.0, -2.0, 2.0), &rect(0.0, 0.0, 0.0, 0.0)), 0.0);
        assert_eq!(iou(&rect(0.0, 0.0, f32::NAN, 2.0), &rect(0.0, 0.0, 1.0, 1.0)), 0.0);
    }

    #[test]
    fn padding_and_clamping() {
        let padded = rect(10.0, 20.0, 40.0, 10.0).pad(0.1);
        assert_eq!(padded, rect(6.0, 19.0, 48.0, 12.0));
        assert_eq!(rect(-5.0, 5.0, 20.0, 50.0).clamp(10, 20), rect(0.0, 5.0, 10.0, 15.0));
        assert_eq!(rect(30.0, 5.0, 20.0, 5.0).clamp(10, 20).area(), 0.0);
    }

    #[test]
    fn pixels_round_and_stay_inside() {
        let found = rect(1.4, 1.5, 3.0, 0.1).pixels(8, 8).unwrap();
        assert_eq!(found, PixelRect { x: 1, y: 2, width: 3, height: 1 });
        let found = rect(-3.0, 7.9, 100.0, 9.0).pixels(8, 8).unwrap();
        assert_eq!(found, PixelRect { x: 0, y: 7, width: 8, height: 1 });
        for bad in [rect(8.0, 0.0, 1.0, 1.0), rect(0.0, 0.0, 0.0, 4.0), rect(f32::NAN, 0.0, 1.0, 1.0)] {
            assert!(bad.pixels(8, 8).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn convexity() {
        let square = Quad::from(rect(0.0, 0.0, 2.0, 2.0));
        assert!(square.is_convex());
        assert_eq!(square.bounds(), rect(0.0, 0.0, 2.0, 2.0));
        assert!(!Quad([[0.0, 0.0], [2.0, 2.0], [2.0, 0.0], [0.0, 2.0]]).is_convex());
        assert!(!Quad([[0.0, 0.0], [1.0, 0.0], [2.0, 0.0], [0.0, 2.0]]).is_convex());
        assert!(!Quad([[f32::NAN, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 2.0]]).is_convex());
    }
}
