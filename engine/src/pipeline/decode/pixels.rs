//! One photo's bytes to RGB, turned upright.

use super::jpeg_end;
use crate::pipeline::item::Refused;
use image::metadata::Orientation;
use image::{ColorType, DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits};
use std::io::Cursor;
use tollgate_kernels::RgbImage;
use tollgate_kernels::image::MAX_SIDE;

/// Working memory a decoder may take for a pixel, beyond which it is stopped: 16-bit RGBA, twice.
const BYTES_PER_PIXEL: u64 = 16;

/// Decodes into `photo`, whose buffer is used again.
pub(in crate::pipeline) fn decode(bytes: &[u8], max_pixels: u64, photo: &mut RgbImage) -> Result<(), Refused> {
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().map_err(|e| undecodable(&e))?;
    let Some(format) = reader.format() else {
        return Err(refused("not-an-image", "the bytes are of no picture format that is read (JPEG, PNG, WebP)"));
    };
    reader.limits(limits(max_pixels));
    let mut decoder = reader.into_decoder().map_err(|e| from_decoder(&e))?;
    let (width, height) = decoder.dimensions();
    check_size(width, height, max_pixels)?;
    if format == ImageFormat::Jpeg && !jpeg_end::is_complete(bytes) {
        return Err(refused("truncated-image", "the JPEG ends before its end marker"));
    }
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    if decoder.color_type() == ColorType::Rgb8 && orientation == Orientation::NoTransforms {
        let pixels = photo.reshape(width as usize, height as usize).map_err(|e| refused("undecodable-image", &e))?;
        return decoder.read_image(pixels).map_err(|e| from_decoder(&e));
    }
    let mut image = DynamicImage::from_decoder(decoder).map_err(|e| from_decoder(&e))?;
    image.apply_orientation(orientation);
    let (width, height) = (image.width() as usize, image.height() as usize);
    *photo =
        RgbImage::new(image.into_rgb8().into_raw(), width, height).map_err(|e| refused("undecodable-image", &e))?;
    Ok(())
}

fn limits(max_pixels: u64) -> Limits {
    let mut limits = Limits::default();
    limits.max_alloc = Some(max_pixels * BYTES_PER_PIXEL);
    limits
}

fn check_size(width: u32, height: u32, max_pixels: u64) -> Result<(), Refused> {
    let pixels = u64::from(width) * u64::from(height);
    if pixels > max_pixels || width.max(height) as usize > MAX_SIDE {
        let most = max_pixels / 1_000_000;
        return Err(refused(
            "too-many-pixels",
            &format!("{width}×{height} is more than the {most} megapixels allowed (engine.max_megapixels)"),
        ));
    }
    Ok(())
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
