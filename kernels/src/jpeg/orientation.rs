//! Which side of a stored picture is up.

use crate::geometry::PixelRect;

/// How a stored picture is turned to stand upright: mirrored along its diagonal first, then along its axes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Orientation {
    /// Whether columns become rows.
    pub(super) is_transposed: bool,
    /// Whether stored columns run from right to left.
    pub(super) flips_x: bool,
    /// Whether stored rows run from bottom to top.
    pub(super) flips_y: bool,
}

impl Orientation {
    /// Stored as it stands.
    pub const UPRIGHT: Self = Self { is_transposed: false, flips_x: false, flips_y: false };

    /// From the value of the EXIF tag 274 (TIFF 6.0), 1 to 8; anything else is upright.
    pub fn from_exif(value: u8) -> Self {
        let turned = |is_transposed, flips_x, flips_y| Self { is_transposed, flips_x, flips_y };
        match value {
            2 => turned(false, true, false),
            3 => turned(false, true, true),
            4 => turned(false, false, true),
            5 => turned(true, false, false),
            6 => turned(true, false, true),
            7 => turned(true, true, true),
            8 => turned(true, true, false),
            _ => Self::UPRIGHT,
        }
    }

    /// The upright size of a picture stored as `width`×`height`; its own inverse.
    pub fn size(self, width: usize, height: usize) -> (usize, usize) {
        if self.is_transposed { (height, width) } else { (width, height) }
    }

    /// Where upright pixel (x, y) lies in a picture stored as `width`×`height`.
    pub fn stored_pixel(self, x: usize, y: usize, (width, height): (usize, usize)) -> (usize, usize) {
        let (x, y) = self.size(x, y);
        (if self.flips_x { width - 1 - x } else { x }, if self.flips_y { height - 1 - y } else { y })
    }

    /// Where an upright rectangle that lies inside lies in a picture stored as `width`×`height`.
    pub fn stored_rect(self, rect: PixelRect, (width, height): (usize, usize)) -> PixelRect {
        let (x, y) = self.size(rect.x, rect.y);
        let (w, h) = self.size(rect.width, rect.height);
        PixelRect {
            x: if self.flips_x { width - x - w } else { x },
            y: if self.flips_y { height - y - h } else { y },
            width: w,
            height: h,
        }
    }

    /// As the shader takes it: bit 0 transposed, bit 1 flips x, bit 2 flips y.
    pub(super) fn bits(self) -> u32 {
        u32::from(self.is_transposed) | u32::from(self.flips_x) << 1 | u32::from(self.flips_y) << 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::image::metadata::Orientation as Known;
    use ::image::{DynamicImage, GrayImage};

    #[test]
    fn every_orientation_is_the_one_of_the_image_crate() {
        let stored = GrayImage::from_fn(5, 3, |x, y| ::image::Luma([(y * 5 + x) as u8]));
        for value in 1..=8 {
            let mut expected = DynamicImage::ImageLuma8(stored.clone());
            expected.apply_orientation(Known::from_exif(value).unwrap());
            let ours = Orientation::from_exif(value);
            let (width, height) = ours.size(5, 3);
            assert_eq!((width, height), (expected.width() as usize, expected.height() as usize), "{value}");
            for (x, y, level) in expected.to_luma8().enumerate_pixels() {
                let (sx, sy) = ours.stored_pixel(x as usize, y as usize, (5, 3));
                assert_eq!(stored.get_pixel(sx as u32, sy as u32), level, "{value} at {x},{y}");
                let pixel = PixelRect { x: x as usize, y: y as usize, width: 1, height: 1 };
                assert_eq!(ours.stored_rect(pixel, (5, 3)), PixelRect { x: sx, y: sy, width: 1, height: 1 });
            }
        }
        assert_eq!(Orientation::from_exif(0), Orientation::UPRIGHT);
    }
}
