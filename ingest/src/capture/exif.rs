//! The EXIF fields of a photo.

use std::io::Cursor;

use chrono::{DateTime, Utc};
use exif::{Error, Exif, In, Reader, Tag, Value};

use super::Parts;

/// `DateTimeOriginal` with its fraction and offset.
pub(super) fn capture_time(bytes: &[u8]) -> Option<DateTime<Utc>> {
    let exif = parse(bytes)?;
    let mut found = exif::DateTime::from_ascii(ascii(&exif, Tag::DateTimeOriginal)?).ok()?;
    // A fraction or offset that cannot be read leaves the time as good as it is.
    if let Some(fraction) = ascii(&exif, Tag::SubSecTimeOriginal) {
        found.parse_subsec(fraction).ok();
    }
    if let Some(offset) = ascii(&exif, Tag::OffsetTimeOriginal) {
        found.parse_offset(offset).ok();
    }
    Parts {
        date: [found.year.into(), found.month.into(), found.day.into()],
        time: [found.hour.into(), found.minute.into(), found.second.into()],
        nanosecond: found.nanosecond.unwrap_or(0),
        offset_min: found.offset.unwrap_or(0).into(),
    }
    .instant()
}

pub(super) fn orientation(bytes: &[u8]) -> Option<u8> {
    let value = parse(bytes)?.get_field(Tag::Orientation, In::PRIMARY)?.value.get_uint(0)?;
    u8::try_from(value).ok().filter(|value| (1..=8).contains(value))
}

fn ascii(exif: &Exif, tag: Tag) -> Option<&[u8]> {
    match &exif.get_field(tag, In::PRIMARY)?.value {
        Value::Ascii(lines) => lines.first().map(Vec::as_slice),
        _ => None,
    }
}

fn parse(bytes: &[u8]) -> Option<Exif> {
    let mut reader = Reader::new();
    reader.continue_on_error(true);
    let parsed = if bytes.starts_with(&[0xff, 0xd8]) {
        reader.read_raw(jpeg_segment(bytes)?.to_vec())
    } else {
        reader.read_from_container(&mut Cursor::new(bytes))
    };
    match parsed {
        Ok(exif) => Some(exif),
        Err(Error::PartialResult(partial)) => Some(partial.into_inner().0),
        Err(_) => None,
    }
}

/// The EXIF segment among the segments before the picture. The reader's own search goes on through the whole picture
/// where there is none, which costs more than the rest of a record's way through this crate.
fn jpeg_segment(bytes: &[u8]) -> Option<&[u8]> {
    const APP1: u8 = 0xe1;
    const START_OF_SCAN: u8 = 0xda;
    const END_OF_IMAGE: u8 = 0xd9;
    let mut rest = bytes.get(2..)?;
    loop {
        let marker = match rest {
            [0xff, 0xff, ..] => {
                rest = &rest[1..];
                continue;
            }
            [0xff, START_OF_SCAN | END_OF_IMAGE, ..] => return None,
            [0xff, marker, ..] => *marker,
            _ => return None,
        };
        let length = usize::from(u16::from_be_bytes([*rest.get(2)?, *rest.get(3)?]));
        let segment = rest.get(4..2 + length)?;
        if let (APP1, Some(data)) = (marker, segment.strip_prefix(b"Exif\0\0")) {
            return Some(data);
        }
        rest = rest.get(2 + length..)?;
    }
}
