//! Photos made here, to measure with.

use crate::{Error, Result};
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};
use tollgate_datasets::sample;

/// The JPEG quality: that of many cameras.
pub(crate) const QUALITY: u8 = 85;

/// A scene of the sample set, rendered at a size in pixels and encoded as 4:2:0. The same number gives the same file.
///
/// # Errors
/// A size that JPEG does not have.
pub(crate) fn jpeg(index: usize, width: u16, height: u16) -> Result<Vec<u8>> {
    let pixels = sample::picture(index, width.into(), height.into());
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, QUALITY);
    encoder.set_sampling_factor(SamplingFactor::F_2_2);
    let failed = |source| Error::Generated { width, height, source: Box::new(source) };
    encoder.encode(&pixels, width, height, ColorType::Rgb).map_err(failed)?;
    Ok(bytes)
}
