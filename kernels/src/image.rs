//! Photos in memory: interleaved RGB, eight bits a channel, rows without padding.

use crate::error::{Result, check_len, check_size};

/// The longest side a kernel takes. Products of two sides and a channel then fit 32 bits signed, which is what the
/// shaders count in. JPEG allows 65,535; photos beyond 32,767 are scaled while they are decoded.
pub const MAX_SIDE: usize = 32_767;

/// A borrowed photo. The length of `data` is `width * height * 3`, checked once at construction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RgbView<'a> {
    data: &'a [u8],
    width: usize,
    height: usize,
}

impl<'a> RgbView<'a> {
    /// Takes `data` as `height` rows of `width` RGB pixels. Fails on a zero side and on a wrong length.
    pub fn new(data: &'a [u8], width: usize, height: usize) -> Result<Self> {
        check_size("the photo", width, height)?;
        check_len("the photo", data.len(), width * height * 3)?;
        Ok(Self { data, width, height })
    }

    /// The pixels, row by row.
    pub fn data(&self) -> &'a [u8] {
        self.data
    }

    /// Width in pixels.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Height in pixels.
    pub fn height(&self) -> usize {
        self.height
    }

    /// The pixel at column `x`, row `y`, each clamped to the photo's last.
    pub(crate) fn clamped(&self, x: usize, y: usize) -> [u8; 3] {
        let at = (y.min(self.height - 1) * self.width + x.min(self.width - 1)) * 3;
        [self.data[at], self.data[at + 1], self.data[at + 2]]
    }
}

/// An owned photo whose buffer is kept from one picture to the next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RgbImage {
    data: Vec<u8>,
    width: usize,
    height: usize,
}

impl RgbImage {
    /// Takes over `data` as `height` rows of `width` RGB pixels.
    pub fn new(data: Vec<u8>, width: usize, height: usize) -> Result<Self> {
        RgbView::new(&data, width, height)?;
        Ok(Self { data, width, height })
    }

    /// Sets a new size and returns the buffer to be filled. Its contents are whatever was there before.
    pub fn reshape(&mut self, width: usize, height: usize) -> Result<&mut [u8]> {
        check_size("the photo", width, height)?;
        self.data.resize(width * height * 3, 0);
        (self.width, self.height) = (width, height);
        Ok(&mut self.data)
    }

    /// The photo as kernels take it. Fails where nothing was put in yet.
    pub fn view(&self) -> Result<RgbView<'_>> {
        RgbView::new(&self.data, self.width, self.height)
    }

    /// Width in pixels, 0 where nothing was put in yet.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Height in pixels, 0 where nothing was put in yet.
    pub fn height(&self) -> usize {
        self.height
    }

    /// Gives the pixels away.
    pub fn into_data(self) -> Vec<u8> {
        self.data
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_is_checked_once() {
        assert!(RgbView::new(&[0; 12], 2, 2).is_ok());
        assert!(RgbView::new(&[0; 11], 2, 2).is_err());
        assert!(RgbView::new(&[], 0, 2).is_err());
        assert!(RgbView::new(&[], MAX_SIDE + 1, 1).is_err());
    }

    #[test]
    fn an_image_keeps_its_buffer() {
        let mut image = RgbImage::default();
        assert!(image.view().is_err());
        image.reshape(4, 4).unwrap().fill(9);
        let before = image.view().unwrap().data().as_ptr();
        assert_eq!(image.reshape(2, 3).unwrap().len(), 18);
        assert_eq!(image.view().unwrap().data().as_ptr(), before);
        assert!(image.reshape(0, 3).is_err());
        assert_eq!((image.width(), image.height()), (2, 3));
    }
}
