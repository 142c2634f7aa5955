//! One photo's bytes to an upright photo.
//!
//! JPEGs of the usual kinds are decoded by our own kernel, small first and further on demand; everything else (PNG,
//! WebP, progressive, CMYK, photos that lie on their side) by the `image` crate, whole.

use super::jpeg_end;
use crate::pipeline::item::Refused;
use image::metadata::Orientation;
use image::{ColorType, DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader};
use std::io::Cursor;
use tollgate_ingest::capture;
use tollgate_kernels::image::MAX_SIDE;
use tollgate_kernels::{Error as KernelError, Photo, RgbImage};

/// Working memory a decoder may take for a pixel, beyond which it is stopped: 16-bit RGBA, twice.
const BYTES_PER_PIXEL: u64 = 16;

/// How far a photo is decoded.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Photos of more are refused before any memory is taken for them.
    pub(crate) max_pixels: u64,
    /// The long side that is wanted first, in pixels.
    pub(crate) long_side: usize,
}

/// Decodes into `photo`, whose buffers are used again.
pub(in crate::pipeline) fn decode(bytes: Vec<u8>, limits: Limits, photo: &mut Photo) -> Result<(), Refused> {
    if image::guess_format(&bytes).is_ok_and(|f| f == ImageFormat::Jpeg) {
        if !jpeg_end::is_complete(&bytes) {
            return Err(refused("truncated-image", "the JPEG ends before its end marker"));
        }
        if capture::orientation(&bytes) == 1 {
            return decode_jpeg(bytes, limits, photo);
        }
    }
    decode_whole(&bytes, limits.max_pixels, photo)
}

/// Our own decoder, and the general one for what it does not do.
fn decode_jpeg(bytes: Vec<u8>, limits: Limits, photo: &mut Photo) -> Result<(), Refused> {
    match photo.open_jpeg(bytes, limits.max_pixels, limits.long_side) {
        Ok(true) => Ok(()),
        Ok(false) => Err(refused("damaged-image", "the JPEG's coded data is damaged: a part of the photo is missing")),
        Err((_, KernelError::TooManyPixels { pixels, .. })) => Err(too_many_pixels(pixels, limits.max_pixels)),
        Err((bytes, _)) => decode_whole(&bytes, limits.max_pixels, photo),
    }
}

fn decode_whole(bytes: &[u8], max_pixels: u64, photo: &mut Photo) -> Result<(), Refused> {
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().map_err(|e| undecodable(&e))?;
    if reader.format().is_none() {
        return Err(refused("not-an-image", "the bytes are of no picture format that is read (JPEG, PNG, WebP)"));
    }
    reader.limits(allocation(max_pixels));
    let mut decoder = reader.into_decoder().map_err(|e| from_decoder(&e))?;
    let (width, height) = decoder.dimensions();
    check_size(width, height, max_pixels)?;
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    if decoder.color_type() == ColorType::Rgb8 && orientation == Orientation::NoTransforms {
        let pixels = photo.reshape(width as usize, height as usize).map_err(|e| undecodable(&e))?;
        return decoder.read_image(pixels).map_err(|e| from_decoder(&e));
    }
    let mut image = DynamicImage::from_decoder(decoder).map_err(|e| from_decoder(&e))?;
    image.apply_orientation(orientation);
    let (width, height) = (image.width() as usize, image.height() as usize);
    photo.set_whole(RgbImage::new(image.into_rgb8().into_raw(), width, height).map_err(|e| undecodable(&e))?);
    Ok(())
}

fn allocation(max_pixels: u64) -> image::Limits {
    let mut limits = image::Limits::default();
    limits.max_alloc = Some(max_pixels * BYTES_PER_PIXEL);
    limits
}

fn check_size(width: u32, height: u32, max_pixels: u64) -> Result<(), Refused> {
    let pixels = u64::from(width) * u64::from(height);
    if pixels > max_pixels {
        return Err(too_many_pixels(pixels, max_pixels));
    }
    if width.max(height) as usize > MAX_SIDE {
        return Err(refused("too-many-pixels", &format!("{width}×{height} has a side of more than {MAX_SIDE} pixels")));
    }
    Ok(())
}

fn too_many_pixels(pixels: u64, max_pixels: u64) -> Refused {
    let (has, most) = (pixels / 1_000_000, max_pixels / 1_000_000);
    refused("too-many-pixels", &format!("{has} megapixels, {most} are allowed (engine.max_megapixels)"))
}

fn refused(code: &'static str, detail: &(impl ToString + ?Sized)) -> Refused {
    Refused { code, detail: detail.to_string() }
}

fn undecodable(error: &dyn std::error::Error) -> Refused {
    refused("undecodable-image", error)
}

fn from_decoder(error: &ImageError) -> Refused {
    match error {
        ImageError::Limits(_) => refused("too-many-pixels", error),
        ImageError::Unsupported(_) => refused("unsupported-format", error),
        _ => undecodable(error),
    }
}
