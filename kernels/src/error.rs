//! The one error type of the crate.

/// What a kernel refuses to work on, and what a GPU fails with.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An image or an output with a side of zero.
    #[error("{what} has the size {width}x{height}: both sides must be at least 1")]
    ZeroSize {
        /// Which of the operands it was.
        what: &'static str,
        /// Its width in pixels.
        width: usize,
        /// Its height in pixels.
        height: usize,
    },
    /// A side too long for the index arithmetic shared with the GPU.
    #[error("{what} has the size {width}x{height}: no side may exceed {limit}; scale it down first", limit = crate::image::MAX_SIDE)]
    TooLarge {
        /// Which of the operands it was.
        what: &'static str,
        /// Its width in pixels.
        width: usize,
        /// Its height in pixels.
        height: usize,
    },
    /// A buffer whose length does not follow from the shape it is said to have.
    #[error("{what} holds {found} elements, but its shape needs {expected}")]
    Length {
        /// Which buffer it was.
        what: &'static str,
        /// Elements that the shape needs.
        expected: usize,
        /// Elements found.
        found: usize,
    },
    /// A specification that contradicts itself.
    #[error("the {kernel} specification is impossible: {reason}")]
    Spec {
        /// The kernel that it was meant for.
        kernel: &'static str,
        /// What contradicts what.
        reason: &'static str,
    },
    /// A region that does not touch the photo, or has a coordinate that is not a number.
    #[error("the region {region} does not lie in the {width}x{height} photo: drop it before cropping")]
    OutsidePhoto {
        /// The region, written out.
        region: String,
        /// The photo's width in pixels.
        width: usize,
        /// The photo's height in pixels.
        height: usize,
    },
    /// A quadrilateral that is not strictly convex and so has no homography without a fold.
    #[error("the corners {corners} form no convex quadrilateral: crop the bounding box instead")]
    NotConvex {
        /// The corners, written out.
        corners: String,
    },
    /// A row of scores without a single number in it.
    #[error(
        "{what} has no finite maximum in row {row}: the net's output is broken (wrong input scale, or fp16 overflow)"
    )]
    NotFinite {
        /// Which tensor it was.
        what: &'static str,
        /// The row's index.
        row: usize,
    },
    /// Bytes that are no sound JPEG file.
    #[error("not a sound JPEG file: {reason}")]
    Jpeg {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A JPEG file of a kind that the kernel leaves to others.
    #[error("the JPEG kernel does no {feature}: decode this file with a general decoder")]
    JpegUnsupported {
        /// What it would have to do.
        feature: &'static str,
    },
    /// A photo with more pixels than the caller allows.
    #[error("the photo has {pixels} pixels, {limit} are allowed: raise the limit or scale the photo down")]
    TooManyPixels {
        /// Pixels by its header.
        pixels: u64,
        /// Pixels allowed.
        limit: u64,
    },
    /// No adapter of the kind asked for.
    #[error("no {asked} was found (present: {present}): install its Vulkan, Metal or DX12 driver, or run on the CPU")]
    NoAdapter {
        /// What was asked for.
        asked: &'static str,
        /// The adapters there are, by name.
        present: String,
    },
    /// The adapter gave no device.
    #[error("the adapter {adapter} gave no device: update its driver, or run on the CPU")]
    NoDevice {
        /// The adapter's name.
        adapter: String,
        /// The driver's answer.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The device is gone (driver reset, unplugged, switched off); every later call fails the same way.
    #[error("the GPU was lost: {reason}; finish on the CPU and open the adapter anew")]
    DeviceLost {
        /// The driver's words.
        reason: String,
    },
    /// The device has no memory left for a buffer.
    #[error("the GPU has no {bytes} bytes left for {what}: use a smaller batch")]
    OutOfMemory {
        /// What the buffer was for.
        what: &'static str,
        /// Its size.
        bytes: u64,
    },
    /// A batch that one of the adapter's limits does not allow.
    #[error("{what} needs {needed}, but this GPU allows {limit}: use a smaller batch, or the CPU for this one")]
    GpuLimit {
        /// What is too large, with its unit.
        what: &'static str,
        /// What would be needed.
        needed: u64,
        /// What is allowed.
        limit: u64,
    },
    /// The GPU did not finish in time.
    #[error(
        "the GPU did not finish within {seconds} s: it hangs, or is shared with something heavy; finish on the CPU"
    )]
    GpuTimeout {
        /// How long was waited.
        seconds: u64,
    },
    /// Compiled pipelines could not be kept.
    #[error("cannot write the compiled pipelines to {}: they are compiled again at the next start", path.display())]
    PipelineFile {
        /// The file.
        path: std::path::PathBuf,
        /// The operating system's word.
        #[source]
        source: std::io::Error,
    },
    /// The driver refused a command: a fault of this crate or of the driver.
    #[error("the GPU refused {what}: please report this with the adapter's name; the CPU path does the same")]
    Gpu {
        /// What was refused.
        what: &'static str,
        /// The reason given.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl Error {
    /// Whether the GPU is at fault, or one of its limits: the CPU path can do the same work then.
    pub fn is_of_gpu(&self) -> bool {
        match self {
            Self::NoAdapter { .. }
            | Self::NoDevice { .. }
            | Self::DeviceLost { .. }
            | Self::OutOfMemory { .. }
            | Self::GpuLimit { .. }
            | Self::GpuTimeout { .. }
            | Self::Gpu { .. } => true,
            Self::ZeroSize { .. }
            | Self::TooLarge { .. }
            | Self::Length { .. }
            | Self::Spec { .. }
            | Self::OutsidePhoto { .. }
            | Self::NotConvex { .. }
            | Self::NotFinite { .. }
            | Self::PipelineFile { .. }
            | Self::Jpeg { .. }
            | Self::JpegUnsupported { .. }
            | Self::TooManyPixels { .. } => false,
        }
    }
}

/// The crate's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Checks a buffer's length against its shape.
pub(crate) fn check_len(what: &'static str, found: usize, expected: usize) -> Result<()> {
    if found == expected { Ok(()) } else { Err(Error::Length { what, expected, found }) }
}

/// Checks that a tensor has all images that are written, of `each` elements.
pub(crate) fn check_images(what: &'static str, len: usize, images: &[usize], each: usize) -> Result<()> {
    let needed = images.iter().max().map_or(0, |last| (last + 1) * each);
    if needed <= len { Ok(()) } else { Err(Error::Length { what, expected: needed, found: len }) }
}

/// Checks that both sides of something lie in `1..=MAX_SIDE`.
pub(crate) fn check_size(what: &'static str, width: usize, height: usize) -> Result<()> {
    if width == 0 || height == 0 {
        return Err(Error::ZeroSize { what, width, height });
    }
    if width > crate::image::MAX_SIDE || height > crate::image::MAX_SIDE {
        return Err(Error::TooLarge { what, width, height });
    }
    Ok(())
}
