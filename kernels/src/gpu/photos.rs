//! Photos on the GPU: uploaded once a batch, read by every kernel of it.

use std::sync::Arc;

use bytemuck::{Pod, Zeroable};

use super::Gpu;
use super::pool::{Pooled, Use};
use crate::error::{Error, Result};
use crate::geometry::PixelRect;
use crate::image::{RgbImage, RgbView};

/// A batch of photos in GPU memory: RGB bytes, tight rows, each photo from a whole word on.
#[derive(Debug)]
pub struct Photos {
    bytes: Arc<Pooled>,
    places: Vec<Place>,
}

#[derive(Clone, Copy, Debug)]
struct Place {
    offset: u32,
    width: usize,
    height: usize,
}

/// A part of a photo as the shaders know it: the byte its photo starts at, the photo's width, and the rectangle.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, Pod, Zeroable)]
pub(crate) struct WindowTable {
    pub(crate) offset: u32,
    pub(crate) stride: u32,
    pub(crate) x: u32,
    pub(crate) y: u32,
    pub(crate) width: u32,
    pub(crate) height: u32,
}

impl Photos {
    /// Uploads photos of any sizes. Fails where they do not fit one binding of this GPU: use a smaller batch then.
    pub fn upload(gpu: &Gpu, photos: &[RgbView<'_>]) -> Result<Self> {
        let mut places = Vec::with_capacity(photos.len());
        let mut end = 0u64;
        for photo in photos {
            // Beyond 32 bits the buffer is refused below, whatever this wraps to.
            places.push(Place { offset: end as u32, width: photo.width(), height: photo.height() });
            end += (photo.data().len() as u64).next_multiple_of(4);
        }
        // A word more, because pixels are read as two words.
        let bytes = gpu.buffer(Use::Storage, end + 4, "the photos in bytes")?;
        let parts: Vec<_> = photos.iter().map(RgbView::data).collect();
        gpu.write(&bytes, &parts, "the photos in bytes")?;
        Ok(Self { bytes: Arc::new(bytes), places })
    }

    /// Takes a buffer that shaders fill with photos of these sizes, each from a whole word on, and a word more.
    pub(crate) fn made(bytes: Pooled, sizes: &[(usize, usize)]) -> Self {
        let mut end = 0u64;
        let place = |(width, height): &(usize, usize)| {
            let place = Place { offset: end as u32, width: *width, height: *height };
            end += ((width * height * 3) as u64).next_multiple_of(4);
            place
        };
        let places = sizes.iter().map(place).collect();
        Self { bytes: Arc::new(bytes), places }
    }

    /// One photo as a batch of its own; the memory is shared. Fails where there is no such photo.
    pub fn one(&self, index: usize) -> Result<Self> {
        Ok(Self { bytes: Arc::clone(&self.bytes), places: vec![self.place(index)?] })
    }

    /// Batches as one for each memory that they lie in, with the places that their photos had in the order given.
    /// What was made at once can be worked on at once again.
    pub fn joined<'a>(batches: impl IntoIterator<Item = &'a Self>) -> Vec<(Self, Vec<usize>)> {
        let mut joined: Vec<(Self, Vec<usize>)> = Vec::new();
        let photos = batches.into_iter().flat_map(|batch| batch.places.iter().map(move |place| (&batch.bytes, *place)));
        for (index, (bytes, place)) in photos.enumerate() {
            match joined.iter_mut().find(|(batch, _)| Arc::ptr_eq(&batch.bytes, bytes)) {
                Some((batch, from)) => {
                    batch.places.push(place);
                    from.push(index);
                }
                None => joined.push((Self { bytes: Arc::clone(bytes), places: vec![place] }, vec![index])),
            }
        }
        joined
    }

    /// The memory of all of them.
    pub(crate) fn buffer(&self) -> &Pooled {
        &self.bytes
    }

    /// Copies all photos back, for who goes on with them on the CPU.
    pub fn download(&self, gpu: &Gpu) -> Result<Vec<RgbImage>> {
        let mut bytes = vec![0u8; self.bytes.used() as usize];
        gpu.submit("reading photos back", &[], &self.bytes, bytes.len())?.read(&mut bytes)?;
        let image = |place: &Place| {
            let data = &bytes[place.offset as usize..][..place.width * place.height * 3];
            RgbImage::new(data.to_vec(), place.width, place.height)
        };
        self.places.iter().map(image).collect()
    }

    /// How many photos there are.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Width and height of a photo.
    pub fn size(&self, index: usize) -> Result<(usize, usize)> {
        self.place(index).map(|place| (place.width, place.height))
    }

    fn place(&self, index: usize) -> Result<Place> {
        let needed = Error::Length { what: "the batch of photos", expected: index + 1, found: self.len() };
        self.places.get(index).copied().ok_or(needed)
    }

    /// A part of a photo; the caller has seen to it that it lies inside.
    pub(crate) fn window(&self, index: usize, rect: PixelRect) -> Result<WindowTable> {
        let place = self.place(index)?;
        let [x, y, width, height] = [rect.x, rect.y, rect.width, rect.height].map(|value| value as u32);
        Ok(WindowTable { offset: place.offset, stride: place.width as u32, x, y, width, height })
    }

    /// A whole photo.
    pub(crate) fn whole(&self, index: usize) -> Result<WindowTable> {
        let (width, height) = self.size(index)?;
        self.window(index, PixelRect { x: 0, y: 0, width, height })
    }
}
