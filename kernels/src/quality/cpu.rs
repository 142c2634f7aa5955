//! The plain reference, which is also what the engine runs: a crop is small.

use super::{BRIGHT, DARK, Quality, Sums};
use crate::image::RgbView;

/// BT.601 luma, rounded: 0.299, 0.587 and 0.114 in 1/256.
fn luma(pixel: &[u8]) -> i32 {
    (77 * i32::from(pixel[0]) + 150 * i32::from(pixel[1]) + 29 * i32::from(pixel[2]) + 128) >> 8
}

/// Measures a crop.
pub fn quality(crop: RgbView<'_>) -> Quality {
    sums(crop).finish(crop.width(), crop.height())
}

/// The whole-number sums behind the measures.
pub(crate) fn sums(crop: RgbView<'_>) -> Sums {
    let (width, height) = (crop.width(), crop.height());
    let at = |x: usize, y: usize| luma(&crop.data()[(y * width + x) * 3..][..3]);
    let mut sums = Sums::default();
    for y in 0..height {
        for x in 0..width {
            let centre = at(x, y);
            sums.luma += u64::from(centre.unsigned_abs());
            sums.dark += u64::from(centre <= i32::from(DARK));
            sums.bright += u64::from(centre >= i32::from(BRIGHT));
            if x > 0 && y > 0 && x + 1 < width && y + 1 < height {
                let laplacian = at(x - 1, y) + at(x + 1, y) + at(x, y - 1) + at(x, y + 1) - 4 * centre;
                sums.laplacian += i64::from(laplacian);
                sums.laplacian_squared += u64::from((laplacian * laplacian).unsigned_abs());
            }
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flat_pictures() {
        let grey = quality(RgbView::new(&[100; 5 * 4 * 3], 5, 4).unwrap());
        assert_eq!(grey, Quality { sharpness: 0.0, mean: 100.0, dark: 0.0, bright: 0.0 });
        let black = quality(RgbView::new(&[0; 3], 1, 1).unwrap());
        assert_eq!(black, Quality { sharpness: 0.0, mean: 0.0, dark: 1.0, bright: 0.0 });
        let white = quality(RgbView::new(&[255; 18], 3, 2).unwrap());
        assert_eq!(white, Quality { sharpness: 0.0, mean: 255.0, dark: 0.0, bright: 1.0 });
    }

    #[test]
    fn one_dot_by_hand() {
        // A white pixel amid black 4×3: the two inner pixels have the Laplacians -1020 and 255.
        let mut data = [0; 4 * 3 * 3];
        data[15..18].fill(255);
        let found = quality(RgbView::new(&data, 4, 3).unwrap());
        let mean = (-1020.0 + 255.0) / 2.0;
        let variance = (1020.0f64 * 1020.0 + 255.0 * 255.0) / 2.0 - mean * mean;
        assert_eq!(found.sharpness, variance as f32);
        assert_eq!(found.mean, 255.0 / 12.0);
        assert_eq!((found.dark, found.bright), (11.0 / 12.0, 1.0 / 12.0));
    }

    #[test]
    fn luma_weighs_green_most() {
        assert_eq!([[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255]].map(|p| luma(&p)), [77, 149, 29, 255]);
    }
}
