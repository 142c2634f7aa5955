//! Parts of several photos, made and looked at together where that is quicker.

use super::{DevicePhoto, Photo, Picture};
use crate::error::{Error, Result};
use crate::geometry::{PixelRect, Rect};

/// Makes at once, of photos that lie on a GPU, what [`Photo::part`] will be asked for: pairs of a photo's number and a
/// part of it. Photos in main memory are left as they are; theirs are decoded when they are looked at.
///
/// # Errors
/// There is no such photo, a part lies outside of it, or the GPU fails.
pub fn make_parts(photos: &mut [&mut Photo], wanted: &[(usize, Rect)]) -> Result<()> {
    let mut missing: Vec<(usize, PixelRect)> = Vec::new();
    for (index, rect) in wanted {
        if let Some(device) = &of(photos, *index)?.device
            && let Some(wider) = device.missing(*rect)?
            && !missing.contains(&(*index, wider))
        {
            missing.push((*index, wider));
        }
    }
    let mut devices: Vec<_> = photos.iter_mut().map(|photo| photo.device.as_mut()).collect();
    while let Some((first, _)) = missing.first() {
        let is_beside = |index: usize| match (&devices[*first], &devices[index]) {
            (Some(first), Some(other)) => first.is_beside(other),
            _ => true,
        };
        let (now, later): (Vec<_>, Vec<_>) = missing.iter().partition(|(index, _)| is_beside(*index));
        DevicePhoto::make(&mut devices, &now)?;
        missing = later;
    }
    Ok(())
}

/// Shows full-resolution parts of photos to `see`, with the number of the first one in `wanted`: as many at once as
/// lie on a GPU, one after the other from main memory, where a photo has one buffer for them. A part comes with the
/// place of what was asked for in it.
///
/// # Errors
/// Those of [`make_parts`], of decoding, and of `see`.
pub fn see_parts<E: From<Error>>(
    photos: &mut [&mut Photo],
    wanted: &[(usize, Rect)],
    mut see: impl FnMut(usize, &[(Picture<'_>, Rect)]) -> Result<(), E>,
) -> Result<(), E> {
    make_parts(photos, wanted)?;
    let mut left = wanted;
    while let Some((index, rect)) = left.first() {
        let device = |(index, _): &(usize, Rect)| photos.get(*index).and_then(|photo| photo.device.as_ref());
        let count = left.iter().take_while(|part| device(part).is_some()).count().max(1);
        let (now, later) = left.split_at(count);
        let first = wanted.len() - left.len();
        if device(&now[0]).is_some() {
            let view = |part: &(usize, Rect)| device(part).ok_or(NONE)?.made(part.1);
            see(first, &now.iter().map(view).collect::<Result<Vec<_>>>()?)?;
        } else {
            let photo = photos.get_mut(*index).ok_or(NONE)?;
            see(first, &[photo.part(*rect)?])?;
        }
        left = later;
    }
    Ok(())
}

const NONE: Error = Error::Spec { kernel: "photo", reason: "there is no such photo" };

fn of<'a>(photos: &'a [&mut Photo], index: usize) -> Result<&'a Photo> {
    photos.get(index).map(|photo| &**photo).ok_or(NONE)
}
