//! Finding plates in a photo.

mod region;
mod retina;
mod yolo;

pub use retina::Retina;
pub use yolo::Yolo;

use crate::{ModelInfo, Result};
use tollgate_kernels::boxes::Detected;
use tollgate_kernels::letterbox::LetterboxSpec;
use tollgate_kernels::{Photo, Rect};

/// Finds plates. Not shared between threads: each worker has its own, with its own buffers.
pub trait Detector: Send {
    /// The plates of each photo in photo pixels, the surest first, suppressed among themselves.
    ///
    /// Where nothing reaches the detector's threshold the single best box is given all the same, with its low score,
    /// so that a person asked about the photo has something to start from.
    fn detect(&mut self, photos: &mut [&mut Photo]) -> Result<Vec<Vec<Detected>>>;

    /// A second look that costs more and finds smaller plates, as [`Detector::detect`]; `first` is what that found on
    /// each photo. `None` for a detector that has no such look.
    fn detect_closer(
        &mut self,
        _photos: &mut [&mut Photo],
        _first: &[&[Detected]],
    ) -> Result<Option<Vec<Vec<Detected>>>> {
        Ok(None)
    }

    /// So many photos are best given at once.
    fn at_once(&self) -> usize {
        1
    }

    /// The model behind it.
    fn info(&self) -> &ModelInfo;

    /// The long side, in pixels, of what it looks at first: no photo need be decoded larger before.
    fn long_side(&self) -> usize;

    /// The lowest score that counts as a plate.
    fn threshold(&self) -> f32;
}

/// Moves boxes from the pixels of the net's input to those of the photo that was laid into it.
fn to_photo(found: &mut [Detected], spec: &LetterboxSpec, (width, height): (usize, usize)) {
    let (x0, y0) = (spec.content_x as f32, spec.content_y as f32);
    let (sx, sy) = (width as f32 / spec.content_w as f32, height as f32 / spec.content_h as f32);
    for d in found {
        d.rect = Rect { x: d.rect.x - x0, y: d.rect.y - y0, ..d.rect }.scale(sx, sy);
        d.corners = d.corners.map(|[x, y]| [(x - x0) * sx, (y - y0) * sy]);
    }
}
