//! Pictures from the coefficients of a batch.

use bytemuck::{Pod, Zeroable};

use super::batch::{DecodedBatch, Photo};
use super::{COLOUR, TRANSFORM};
use crate::error::{Error, Result};
use crate::geometry::PixelRect;
use crate::gpu::{Bindings, Gpu, Photos, grid};
use crate::jpeg::Scale;
use crate::jpeg::window::Window;

/// Blocks that a workgroup of the transform does.
const TRANSFORM_BLOCKS: usize = 8;
/// Pixels that a workgroup of the colour pass makes.
const COLOUR_PIXELS: usize = 256;

/// A picture to be made; laid out as `Job` in job.wgsl.
#[repr(C)]
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
struct Job {
    first_transform: u32,
    first_colour: u32,
    first_block: u32,
    mcus_across: u32,
    mcu_x: u32,
    mcu_y: u32,
    mcu_width: u32,
    mcu_height: u32,
    slots: u32,
    luma_slots: u32,
    luma_across: u32,
    luma_shift: u32,
    chroma_shift: u32,
    samples: u32,
    out: u32,
    x: u32,
    y: u32,
    width: u32,
    height: u32,
    orientation: u32,
    chroma_width: u32,
    chroma_height: u32,
    across: u32,
    down: u32,
    is_fancy: u32,
    quants: [u32; 3],
}

/// What all pictures so far take.
#[derive(Default)]
struct Totals {
    transforms: usize,
    colours: usize,
    sample_words: u64,
    pixel_words: u64,
    sizes: Vec<(usize, usize)>,
}

impl Totals {
    fn add(&mut self, photo: &Photo, window: &Window) -> Job {
        let Window { grid, rect, mcus } = window;
        let components = &photo.header.components;
        let luma_slots = components.first().map_or(1, |luma| luma.h * luma.v);
        let slots = photo.header.slots();
        let words = |size: usize| (size * size / 4).max(1);
        let [luma, chroma] = grid.block_sizes();
        let count = mcus.width * mcus.height;
        let to = |value: usize| value as u32;
        let job = Job {
            first_transform: to(self.transforms),
            first_colour: to(self.colours),
            first_block: photo.first_block,
            mcus_across: to(grid.mcus.0),
            mcu_x: to(mcus.x),
            mcu_y: to(mcus.y),
            mcu_width: to(mcus.width),
            mcu_height: to(mcus.height),
            slots: to(slots),
            luma_slots: to(luma_slots),
            luma_across: to(components.first().map_or(1, |luma| luma.h)),
            luma_shift: luma.ilog2(),
            chroma_shift: chroma.ilog2(),
            // What does not fit 32 bits makes a buffer that is refused, whatever this wraps to.
            samples: self.sample_words as u32,
            out: self.pixel_words as u32,
            x: to(rect.x),
            y: to(rect.y),
            width: to(rect.width),
            height: to(rect.height),
            orientation: photo.orientation.bits(),
            chroma_width: to(grid.chroma_size().0),
            chroma_height: to(grid.chroma_size().1),
            across: to(grid.ratio.0),
            down: to(grid.ratio.1),
            is_fancy: u32::from(grid.is_fancy()),
            quants: photo.quants,
        };
        self.transforms += (count * slots).div_ceil(TRANSFORM_BLOCKS);
        self.colours += (rect.width * rect.height).div_ceil(COLOUR_PIXELS);
        self.sample_words += (count * (luma_slots * words(luma) + (slots - luma_slots) * words(chroma))) as u64;
        self.pixel_words += (rect.width * rect.height * 3).div_ceil(4) as u64;
        self.sizes.push(photo.orientation.size(rect.width, rect.height));
        job
    }
}

impl DecodedBatch {
    pub(super) fn whole(&self, index: usize, scale: Scale) -> Result<(usize, Window)> {
        Ok((index, Window::whole(&self.photo(index)?.header, scale)))
    }

    pub(super) fn part(&self, index: usize, rect: PixelRect) -> Result<(usize, Window)> {
        let photo = self.photo(index)?;
        Ok((index, Window::part(&photo.header, photo.orientation, rect)?))
    }

    pub(super) fn make(&self, gpu: &Gpu, windows: &[(usize, Window)]) -> Result<Photos> {
        if windows.is_empty() {
            return Err(Error::Spec { kernel: "jpeg", reason: "no picture was asked for" });
        }
        let mut totals = Totals::default();
        let jobs = windows.iter().map(|(index, window)| Ok(totals.add(self.photo(*index)?, window)));
        let jobs = gpu.upload(&jobs.collect::<Result<Vec<_>>>()?, "the pictures' parameters in bytes")?;
        let samples = gpu.scratch(totals.sample_words * 4, "the samples in bytes")?;
        // A word more, because pixels are read as two words.
        let pixels = gpu.scratch((totals.pixel_words + 1) * 4, "the pictures in bytes")?;
        let transform = Bindings {
            shader: TRANSFORM,
            entry: "transform",
            buffers: &[&jobs, &self.quants, &self.coefficients, &samples],
            groups: grid(gpu, totals.transforms)?,
        };
        let colour = Bindings {
            shader: COLOUR,
            entry: "colour",
            buffers: &[&jobs, &samples, &pixels],
            groups: grid(gpu, totals.colours)?,
        };
        gpu.run("making pictures of JPEG files", &[], &[transform, colour])?;
        Ok(Photos::made(pixels, &totals.sizes))
    }
}
