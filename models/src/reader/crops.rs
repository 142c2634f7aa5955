//! One crop a plate, run through a net: all plates of some photos at once where pictures and net lie on a GPU.

use super::Reading;
use crate::Result;
use crate::network::{Job, Network, Output};
use tollgate_kernels::boxes::Detected;
use tollgate_kernels::crop::CropSpec;
use tollgate_kernels::photo::see_parts;
use tollgate_kernels::{Photo, Rect};

/// What of its photo each plate is read from, photo by photo, with the photo's number.
pub(super) fn wanted(plates: &[&[Detected]], around: impl Fn(&Detected) -> Rect) -> Vec<(usize, Rect)> {
    let of_photo = |(photo, plates): (usize, &&[Detected])| {
        plates.iter().map(|plate| (photo, around(plate))).collect::<Vec<_>>()
    };
    plates.iter().enumerate().flat_map(of_photo).collect()
}

/// A reading for each part that is wanted.
pub(super) fn read(
    net: &mut dyn Network,
    spec: &CropSpec,
    photos: &mut [&mut Photo],
    wanted: &[(usize, Rect)],
    decode: impl Fn(&[Output<'_>]) -> Result<Reading>,
) -> Result<Vec<Reading>> {
    let mut readings: Vec<_> = wanted.iter().map(|_| Reading::none()).collect();
    see_parts(photos, wanted, |first, parts| {
        let jobs: Vec<_> = parts.iter().map(|(view, rect)| Job::Crop(*view, *rect, spec)).collect();
        net.run(&jobs, &mut |job, outputs| {
            readings[first + job] = decode(outputs)?;
            Ok(())
        })
    })?;
    Ok(readings)
}

/// Readings photo by photo.
pub(super) fn by_photo(readings: Vec<Reading>, plates: &[&[Detected]]) -> Vec<Vec<Reading>> {
    let mut readings = readings.into_iter();
    plates.iter().map(|plates| readings.by_ref().take(plates.len()).collect()).collect()
}
