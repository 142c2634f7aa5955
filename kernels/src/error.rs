//! The one error type of the crate.

/// What a kernel refuses to work on. All of them mean that the caller handed over something that does not fit.
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
}

/// The crate's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Checks a buffer's length against its shape.
pub(crate) fn check_len(what: &'static str, found: usize, expected: usize) -> Result<()> {
    if found == expected { Ok(()) } else { Err(Error::Length { what, expected, found }) }
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
