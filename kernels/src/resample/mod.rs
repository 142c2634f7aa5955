//! Resampling shared by `letterbox` and `crop`: which source pixels make an output pixel, and with what weights.
//!
//! Both filters follow OpenCV's definitions, so that nets trained behind `cv2.resize` see what they were trained on.
//! The results stay `f32` in 0..=255; nothing is rounded on the way.

mod axis;
pub(crate) mod cpu;
pub(crate) mod fast;

pub(crate) use axis::Axis;

use crate::error::{Error, Result};
use crate::geometry::PixelRect;
use crate::image::RgbView;

/// How several source pixels become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filter {
    /// The average over the area that an output pixel covers, with fractional coverage at its edges (`INTER_AREA`).
    /// Where either side is enlarged there is nothing to average and it is [`Filter::Bilinear`].
    Area,
    /// Two neighbours each way, half-pixel centres, edge pixels repeated, no antialiasing (`INTER_LINEAR`).
    Bilinear,
}

impl Filter {
    /// The filter that is used in effect for this pair of sizes.
    #[must_use]
    pub fn effective(self, source: (usize, usize), target: (usize, usize)) -> Self {
        if target.0 > source.0 || target.1 > source.1 { Self::Bilinear } else { self }
    }
}

/// How far two twins' resampled values may lie apart, in levels of 0..=255, for a resize between these sizes.
///
/// A sum of `n` products has a relative rounding error of `n` half units in the last place at most; the sums here run
/// over the taps of both axes, the rest is for weights, normalisation and the shaders' division.
pub fn level_bound(source: (usize, usize), target: (usize, usize), filter: Filter) -> f32 {
    let filter = filter.effective(source, target);
    let taps = |source: usize, target: usize| if filter == Filter::Area { source.div_ceil(target) + 1 } else { 2 };
    255.0 * f32::EPSILON * (8 + taps(source.0, target.0) + taps(source.1, target.1)) as f32
}

/// The order of the planes of an output tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChannelOrder {
    /// Red first.
    Rgb,
    /// Blue first.
    Bgr,
}

impl ChannelOrder {
    /// The plane that a source channel (0 red, 1 green, 2 blue) goes to.
    pub fn plane(self, channel: usize) -> usize {
        match self {
            Self::Rgb => channel,
            Self::Bgr => 2 - channel,
        }
    }
}

/// Buffers and weight tables kept from one call to the next. One per worker; starts empty.
#[derive(Debug, Default)]
pub struct Scratch {
    pub(crate) x: Axis,
    pub(crate) y: Axis,
    pub(crate) blend: Vec<f32>,
    pub(crate) sums: Vec<u16>,
    pub(crate) row: Vec<f32>,
    pub(crate) levels: Vec<u8>,
}

/// A part of a photo, as what is resampled.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window<'a> {
    pub(crate) view: RgbView<'a>,
    pub(crate) rect: PixelRect,
}

impl<'a> Window<'a> {
    /// The whole photo.
    pub(crate) fn whole(view: RgbView<'a>) -> Self {
        Self { view, rect: PixelRect { x: 0, y: 0, width: view.width(), height: view.height() } }
    }

    /// The size in pixels.
    pub(crate) fn size(&self) -> (usize, usize) {
        (self.rect.width, self.rect.height)
    }

    /// Row `y` of the window, interleaved.
    pub(crate) fn row(&self, y: usize) -> &'a [u8] {
        let start = ((self.rect.y + y) * self.view.width() + self.rect.x) * 3;
        &self.view.data()[start..start + self.rect.width * 3]
    }
}

/// `value * scale + offset`, one a channel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Affine {
    pub(crate) scale: f32,
    pub(crate) offset: f32,
}

impl Affine {
    /// Leaves values as they are.
    pub(crate) const IDENTITY: Self = Self { scale: 1.0, offset: 0.0 };

    /// `(value - mean) * scale`.
    pub(crate) fn normalise(mean: f32, scale: f32) -> Self {
        Self { scale, offset: -mean * scale }
    }

    pub(crate) fn apply(self, value: f32) -> f32 {
        value * self.scale + self.offset
    }
}

/// The affine maps of the source channels red, green, blue, out of `mean` and `scale` in output order.
pub(crate) fn channel_affines(order: ChannelOrder, mean: [f32; 3], scale: [f32; 3]) -> [Affine; 3] {
    [0, 1, 2].map(|channel| {
        let plane = order.plane(channel);
        Affine::normalise(mean[plane], scale[plane])
    })
}

/// The most source pixels that an invocation of a shader averages: beyond that one photo could hold the GPU up for so
/// long that its driver resets it. Mesa's software driver ends an invocation's loops, all together, after as many rounds.
const MAX_GPU_TAPS: usize = 1 << 16;

/// Refuses a shrinking that is too much for one step on a GPU, whose invocations make so many `pixels` each.
pub(crate) fn check_gpu_shrink(
    source: (usize, usize),
    target: (usize, usize),
    filter: Filter,
    pixels: usize,
) -> Result<()> {
    let taps = source.0.div_ceil(target.0) * source.1.div_ceil(target.1) * pixels;
    if filter == Filter::Area && taps > MAX_GPU_TAPS {
        let what = "the shrinking in source pixels an invocation";
        return Err(Error::GpuLimit { what, needed: taps as u64, limit: MAX_GPU_TAPS as u64 });
    }
    Ok(())
}
