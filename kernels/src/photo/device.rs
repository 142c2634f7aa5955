//! Photos whose coefficients lie on a GPU: any scale and any part is made of them there.

use std::sync::Arc;

use super::{AROUND, Picture, contains, exact, smallest};
use crate::error::{Error, Result};
use crate::geometry::{PixelRect, Rect};
use crate::gpu::Photos;
use crate::image::MAX_SIDE;
use crate::jpeg::{DecodedBatch, GpuJpeg, JpegFile, Scale, Status};

/// Why a file of a batch was not decoded on the GPU. A decoder on the CPU has the last word on each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Declined {
    /// Of a kind that the kernel leaves to others.
    Unsupported(&'static str),
    /// More pixels than allowed, or a side that is too long.
    TooLarge,
    /// Headers or restart intervals are not as they should be.
    Unsound,
    /// Something is missing or no code.
    Damaged,
    /// Its chunks did not fall into step within the rounds allowed.
    Unsettled,
}

impl Declined {
    fn of(error: &Error) -> Self {
        match error {
            Error::JpegUnsupported { feature } => Self::Unsupported(feature),
            Error::TooManyPixels { .. } => Self::TooLarge,
            _ => Self::Unsound,
        }
    }
}

/// A photo on a GPU. It shares its coefficients with the others of its batch, which stay there as long as one does.
#[derive(Debug)]
pub struct DevicePhoto {
    jpeg: GpuJpeg,
    batch: Arc<DecodedBatch>,
    index: usize,
    size: (usize, usize),
    scale: Scale,
    /// The whole picture at that scale.
    picture: Photos,
    /// Parts in full resolution, and where they lie.
    parts: Vec<(PixelRect, Photos)>,
}

impl DevicePhoto {
    /// Decodes files, and makes of each an upright picture with a long side of at least `long_side` where it has that
    /// many pixels. Waits for the decoding, not for the pictures.
    ///
    /// # Errors
    /// The GPU's, for all files together: where the batch does not fit, use a smaller one.
    pub fn open_batch(
        jpeg: &GpuJpeg,
        files: &[JpegFile<'_>],
        max_pixels: u64,
        long_side: usize,
    ) -> Result<Vec<std::result::Result<Self, Declined>>> {
        let mut batch = jpeg.submit(files, max_pixels)?;
        let mut wanted = Vec::with_capacity(files.len());
        for index in 0..batch.len() {
            if let Ok((width, height)) = batch.size(index)
                && width.max(height) <= MAX_SIDE
            {
                wanted.push((index, smallest(width, height, long_side)));
            }
        }
        let pictures = if wanted.is_empty() { None } else { Some(jpeg.scaled(&batch, &wanted)?) };
        let statuses = batch.statuses()?;
        let batch = Arc::new(batch);
        let open = |(index, status): (usize, &Option<Status>)| {
            let at = wanted.iter().position(|(wanted, _)| *wanted == index);
            let (Some(status), Some(at), Some(pictures)) = (status, at, &pictures) else {
                return Ok(Err(batch.refusal(index).map_or(Declined::TooLarge, Declined::of)));
            };
            Ok(match status {
                Status::Damaged => Err(Declined::Damaged),
                Status::Unsettled => Err(Declined::Unsettled),
                Status::Decoded => Ok(Self {
                    jpeg: jpeg.clone(),
                    batch: Arc::clone(&batch),
                    index,
                    size: batch.size(index)?,
                    scale: wanted[at].1,
                    picture: pictures.one(at)?,
                    parts: Vec::new(),
                }),
            })
        };
        statuses.iter().enumerate().map(open).collect()
    }

    /// Width and height of the full-size picture in pixels, upright.
    pub fn size(&self) -> (usize, usize) {
        self.size
    }

    /// As [`Photo::at_least`](super::Photo::at_least).
    pub(super) fn at_least(&mut self, long_side: usize) -> Result<Picture<'_>> {
        let (width, height) = self.picture.size(0)?;
        let enough = long_side.min(self.size.0.max(self.size.1));
        if width.max(height) < enough {
            let scale = smallest(self.size.0, self.size.1, long_side);
            self.picture = self.jpeg.scaled(&self.batch, &[(self.index, scale)])?;
            self.scale = scale;
        }
        Ok(Picture::Device(&self.picture))
    }

    /// As [`Photo::part`](super::Photo::part).
    pub(super) fn part(&mut self, rect: Rect) -> Result<(Picture<'_>, Rect)> {
        if let Some(wider) = self.missing(rect)? {
            let made = self.jpeg.rects(&self.batch, &[(self.index, wider)])?;
            self.parts.push((wider, made));
        }
        self.made(rect)
    }

    /// What has to be made for `rect`: it and a little around it; none where that is at hand.
    pub(super) fn missing(&self, rect: Rect) -> Result<Option<PixelRect>> {
        let (width, height) = self.size;
        let pixels = rect.pixels(width, height)?;
        let is_at_hand = self.scale == Scale::Full || self.parts.iter().any(|(at, _)| contains(at, &pixels));
        if is_at_hand { Ok(None) } else { rect.pad(AROUND).pixels(width, height).map(Some) }
    }

    /// A part that is at hand.
    pub(super) fn made(&self, rect: Rect) -> Result<(Picture<'_>, Rect)> {
        let pixels = rect.pixels(self.size.0, self.size.1)?;
        if self.scale == Scale::Full {
            return Ok((Picture::Device(&self.picture), exact(pixels)));
        }
        let none = Error::Spec { kernel: "photo", reason: "a part of it was not made" };
        let (at, part) = self.parts.iter().find(|(at, _)| contains(at, &pixels)).ok_or(none)?;
        Ok((Picture::Device(part), exact(PixelRect { x: pixels.x - at.x, y: pixels.y - at.y, ..pixels })))
    }

    /// Whether both come from one batch of files, of which pictures are made at once.
    pub(super) fn is_beside(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.batch, &other.batch)
    }

    /// Makes parts of photos of one batch at once; `photos` has at least those that are named.
    pub(super) fn make(photos: &mut [Option<&mut Self>], parts: &[(usize, PixelRect)]) -> Result<()> {
        let of = |(photo, rect): &(usize, PixelRect)| Some((photos.get(*photo)?.as_ref()?.index, *rect));
        let wanted: Vec<_> = parts.iter().filter_map(of).collect();
        let Some(Some(first)) = parts.first().and_then(|(photo, _)| photos.get(*photo)) else { return Ok(()) };
        let made = first.jpeg.rects(&first.batch, &wanted)?;
        for (index, (photo, rect)) in parts.iter().enumerate() {
            if let Some(Some(photo)) = photos.get_mut(*photo) {
                photo.parts.push((*rect, made.one(index)?));
            }
        }
        Ok(())
    }
}
