//! The projective map from a rectangle onto a convex quadrilateral.

use crate::error::{Error, Result};
use crate::geometry::Quad;
use crate::image::RgbView;

/// Maps an output pixel to a place in the photo: row-major 3×3, the last element 1.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Homography(pub(crate) [f32; 9]);

impl Homography {
    /// The map that takes the centres of an `out_w`×`out_h` picture into `quad`, less half a pixel, so that what
    /// comes out counts pixel centres from zero.
    ///
    /// Closed form for the unit square (Heckbert, "Fundamentals of Texture Mapping and Image Warping", 1989, 2.2.3).
    pub(crate) fn new(quad: &Quad, out_w: usize, out_h: usize) -> Result<Self> {
        if !quad.0.as_flattened().iter().all(|v| v.is_finite()) || !quad.is_convex() {
            return Err(Error::NotConvex { corners: format!("{:?}", quad.0) });
        }
        let [[x0, y0], [x1, y1], [x2, y2], [x3, y3]] = quad.0.map(|corner| corner.map(f64::from));
        let (sx, sy) = (x0 - x1 + x2 - x3, y0 - y1 + y2 - y3);
        let (dx1, dx2, dy1, dy2) = (x1 - x2, x3 - x2, y1 - y2, y3 - y2);
        let det = dx1 * dy2 - dx2 * dy1;
        let (g, h) = ((sx * dy2 - dx2 * sy) / det, (dx1 * sy - sx * dy1) / det);
        let (a, b, c) = (x1 - x0 + g * x1, x3 - x0 + h * x3, x0);
        let (d, e, f) = (y1 - y0 + g * y1, y3 - y0 + h * y3, y0);
        // u = (x + 0.5) / out_w, v = (y + 0.5) / out_h, and half a pixel off both results.
        let (u, v) = (1.0 / out_w as f64, 1.0 / out_h as f64);
        let row = |p: f64, q: f64, r: f64| [p * u, q * v, r + 0.5 * (p * u + q * v)];
        let bottom = row(g, h, 1.0);
        let shift = |row: [f64; 3]| [0, 1, 2].map(|i| (row[i] - 0.5 * bottom[i]) / bottom[2]);
        let (top, middle) = (shift(row(a, b, c)), shift(row(d, e, f)));
        let bottom = bottom.map(|value| value / bottom[2]);
        let mut all = [0.0; 9];
        all.iter_mut().zip([top, middle, bottom].as_flattened()).for_each(|(out, value)| *out = *value as f32);
        Ok(Self(all))
    }

    /// Where the output pixel `(x, y)` lies, in pixel centres of the photo.
    pub(crate) fn at(&self, x: usize, y: usize) -> (f32, f32) {
        let (x, y, m) = (x as f32, y as f32, &self.0);
        let w = m[6] * x + m[7] * y + m[8];
        ((m[0] * x + m[1] * y + m[2]) / w, (m[3] * x + m[4] * y + m[5]) / w)
    }
}

/// Bilinear between pixel centres, the photo's edge pixels repeated.
pub(crate) fn sample(src: &RgbView<'_>, (x, y): (f32, f32)) -> [f32; 3] {
    let x = x.clamp(0.0, (src.width() - 1) as f32);
    let y = y.clamp(0.0, (src.height() - 1) as f32);
    let (column, row) = (x as usize, y as usize);
    let (fx, fy) = (x - column as f32, y - row as f32);
    let corners = [
        src.clamped(column, row),
        src.clamped(column + 1, row),
        src.clamped(column, row + 1),
        src.clamped(column + 1, row + 1),
    ];
    [0, 1, 2].map(|channel| {
        let [a, b, c, d] = corners.map(|pixel| f32::from(pixel[channel]));
        let (top, bottom) = (a + (b - a) * fx, c + (d - c) * fx);
        top + (bottom - top) * fy
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn corners_map_to_corners() {
        let quad = Quad([[3.0, 4.0], [90.0, 10.0], [80.0, 40.0], [5.0, 30.0]]);
        let map = Homography::new(&quad, 64, 32).unwrap();
        // The centre of a pixel half outside the corner stands for the corner; x = -0.5 is not an index, so go by
        // symmetry: corner pixels must lie within one output pixel's extent of the corner.
        for (x, y, corner) in [(0, 0, 0), (63, 0, 1), (63, 31, 2), (0, 31, 3)] {
            let (px, py) = map.at(x, y);
            let [cx, cy] = quad.0[corner];
            assert!((px + 0.5 - cx).abs() < 1.5 && (py + 0.5 - cy).abs() < 1.5, "{px} {py} {cx} {cy}");
        }
    }

    #[test]
    fn an_upright_square_is_a_scaling() {
        let quad = Quad([[10.0, 20.0], [18.0, 20.0], [18.0, 24.0], [10.0, 24.0]]);
        let map = Homography::new(&quad, 4, 4).unwrap();
        assert_eq!(map.at(0, 0), (10.5, 20.0));
        assert_eq!(map.at(3, 3), (16.5, 23.0));
    }

    #[test]
    fn folded_corners_are_refused() {
        assert!(Homography::new(&Quad([[0.0, 0.0], [9.0, 9.0], [9.0, 0.0], [0.0, 9.0]]), 4, 4).is_err());
        assert!(Homography::new(&Quad([[0.0, 0.0]; 4]), 4, 4).is_err());
        assert!(Homography::new(&Quad([[0.0, 0.0], [9.0, f32::INFINITY], [9.0, 9.0], [0.0, 9.0]]), 4, 4).is_err());
    }
}
