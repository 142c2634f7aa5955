//! A photo as a record of the log: which header says what, for those who write them and those who read them.
//!
//! The body is the image's bytes, or with the content type [`REFERENCE_TYPE`] a JSON object `{"url": "…"}` that says
//! where they lie. The key is the lane, so that a lane's photos stay in order. Any Kafka client can write one: every
//! header may be missing.

use serde::Deserialize;

use crate::log::{Header, LogRecord, NewRecord};
use crate::{Refusal, RefusalCode};

/// The header of the lane or booth, UTF-8; where it is missing the record's key stands for it.
pub const LANE: &str = "lane";
/// The header of the capture time: milliseconds since the epoch, decimal.
pub const CAPTURED: &str = "captured";
/// The header of the camera's own number of the photo, decimal.
pub const SEQUENCE: &str = "sequence";
/// The header of the file's name at the sender, UTF-8.
pub const FILE: &str = "file";
/// The header of the body's media type.
pub const CONTENT_TYPE: &str = "content-type";
/// The media type of a photo by reference.
pub const REFERENCE_TYPE: &str = "application/vnd.tollgate.reference+json";

/// A photo's record, borrowed. What is not there or cannot be understood is `None`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PhotoRecord<'a> {
    /// The lane or booth.
    pub lane: Option<&'a str>,
    /// When the photo was taken by the sender's word; milliseconds since the epoch.
    pub captured_ms: Option<i64>,
    /// The camera's own number of the photo.
    pub sequence: Option<u64>,
    /// The file's name at the sender.
    pub file: Option<&'a str>,
    /// The body's media type.
    pub content_type: Option<&'a str>,
    /// The image's bytes, or the reference as it was sent.
    pub body: &'a [u8],
}

/// Where a photo's bytes are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Photo<'a> {
    /// Here.
    Image(&'a [u8]),
    /// At a URL.
    Reference(String),
}

#[derive(Deserialize)]
struct Reference {
    url: String,
}

impl<'a> PhotoRecord<'a> {
    /// Reads a record of the log. Of a header that is there twice the first counts.
    #[must_use]
    pub fn parse(record: &LogRecord<'a>) -> Self {
        Self::from_parts(record.key, record.value, record.headers())
    }

    /// Reads a record that came another way than through the log.
    pub fn from_parts(
        key: Option<&'a [u8]>,
        value: Option<&'a [u8]>,
        headers: impl Iterator<Item = Header<'a>>,
    ) -> Self {
        let text = |bytes: Option<&'a [u8]>| bytes.and_then(|bytes| std::str::from_utf8(bytes).ok());
        let mut photo = Self { body: value.unwrap_or_default(), ..Self::default() };
        for (name, value) in headers {
            let Some(value) = text(value) else { continue };
            match std::str::from_utf8(name) {
                Ok(LANE) => _ = photo.lane.get_or_insert(value),
                Ok(CAPTURED) => photo.captured_ms = photo.captured_ms.or(value.parse().ok()),
                Ok(SEQUENCE) => photo.sequence = photo.sequence.or(value.parse().ok()),
                Ok(FILE) => _ = photo.file.get_or_insert(value),
                Ok(CONTENT_TYPE) => _ = photo.content_type.get_or_insert(value),
                _ => {}
            }
        }
        photo.lane = photo.lane.or(text(key));
        photo
    }

    /// Hands out the photo as a record to be sent, made at `timestamp_ms`.
    pub fn with_record<T>(&self, timestamp_ms: i64, send: impl FnOnce(&NewRecord<'_>) -> T) -> T {
        let captured = self.captured_ms.map(|ms| ms.to_string());
        let sequence = self.sequence.map(|number| number.to_string());
        let values = [
            (LANE, self.lane),
            (CAPTURED, captured.as_deref()),
            (SEQUENCE, sequence.as_deref()),
            (FILE, self.file),
            (CONTENT_TYPE, self.content_type),
        ];
        let mut headers = [("", &[][..]); 5];
        let mut count = 0;
        for (name, value) in values {
            let Some(value) = value else { continue };
            headers[count] = (name, value.as_bytes());
            count += 1;
        }
        let key = self.lane.map(str::as_bytes);
        send(&NewRecord { key, value: Some(self.body), headers: &headers[..count], timestamp_ms })
    }

    /// Whether the body is a reference.
    #[must_use]
    pub fn is_reference(&self) -> bool {
        let kind = self.content_type.and_then(|text| text.split(';').next());
        kind.is_some_and(|kind| kind.trim().eq_ignore_ascii_case(REFERENCE_TYPE))
    }

    /// Where the photo's bytes are. They are not looked at.
    ///
    /// # Errors
    /// An empty body, and a reference that is none.
    pub fn photo(&self) -> Result<Photo<'a>, Refusal> {
        let refuse = |code, detail: String| Err(Refusal { code, detail });
        if self.body.is_empty() {
            return refuse(RefusalCode::NoImage, "the record has no body".into());
        }
        if !self.is_reference() {
            return Ok(Photo::Image(self.body));
        }
        match serde_json::from_slice::<Reference>(self.body) {
            Ok(reference) => Ok(Photo::Reference(reference.url)),
            Err(error) => {
                refuse(RefusalCode::BadReference, format!("the reference must be {{\"url\": \"…\"}}: {error}"))
            }
        }
    }
}

/// The media type of an image by its first bytes: JPEG, PNG and WebP are read.
#[must_use]
pub fn media_type(body: &[u8]) -> Option<&'static str> {
    match body {
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some("image/png"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("image/webp"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::{BatchBuilder, Records};

    fn logged(fill: impl FnOnce(&mut BatchBuilder)) -> Vec<u8> {
        let mut builder = BatchBuilder::new(1 << 16);
        fill(&mut builder);
        builder.finish().unwrap().to_vec()
    }

    fn first(batch: &[u8]) -> PhotoRecord<'_> {
        PhotoRecord::parse(&Records::new(batch).unwrap().next().unwrap().unwrap())
    }

    #[test]
    fn a_photo_comes_back_as_it_was_put() {
        let whole = PhotoRecord {
            lane: Some("7"),
            captured_ms: Some(1_536_762_781_042),
            sequence: Some(u64::MAX),
            file: Some("a/1.jpg"),
            content_type: Some("image/jpeg"),
            body: b"\xff\xd8\xff",
        };
        let sparse = PhotoRecord { body: b"x", ..PhotoRecord::default() };
        for photo in [whole, sparse] {
            let batch = logged(|builder| photo.with_record(17, |record| builder.push(record)).unwrap());
            assert_eq!(first(&batch), photo);
            assert_eq!(photo.photo(), Ok(Photo::Image(photo.body)));
        }
    }

    #[test]
    fn what_cannot_be_understood_is_as_if_not_there() {
        let headers: [(&str, &[u8]); 5] =
            [("captured", b"soon"), ("sequence", b"-1"), ("file", b"\xff"), ("captured", b"5"), ("captured", b"6")];
        let record = NewRecord { key: Some(b"9"), value: None, headers: &headers, timestamp_ms: 0 };
        let batch = logged(|builder| builder.push(&record).unwrap());
        let photo = first(&batch);
        assert_eq!(photo, PhotoRecord { lane: Some("9"), captured_ms: Some(5), ..PhotoRecord::default() });
        assert_eq!(photo.photo().unwrap_err().code, RefusalCode::NoImage);
    }

    #[test]
    fn a_reference_names_a_url() {
        let at = |body| PhotoRecord {
            body,
            content_type: Some("Application/vnd.tollgate.reference+json; charset=utf-8"),
            ..PhotoRecord::default()
        };
        let found = at(br#"{"url": "s3://photos/1.jpg", "size": 5}"#).photo();
        assert_eq!(found, Ok(Photo::Reference("s3://photos/1.jpg".into())));
        assert_eq!(at(b"s3://photos/1.jpg").photo().unwrap_err().code, RefusalCode::BadReference);
    }

    #[test]
    fn images_are_told_by_their_first_bytes() {
        assert_eq!(media_type(b"\xff\xd8\xff\xe0"), Some("image/jpeg"));
        assert_eq!(media_type(b"\x89PNG\r\n\x1a\n...."), Some("image/png"));
        assert_eq!(media_type(b"RIFF\x10\0\0\0WEBPVP8 "), Some("image/webp"));
        for other in [&b""[..], b"\xff\xd8", b"GIF89a", b"RIFF\x10\0\0\0WAVE", b"<html>"] {
            assert_eq!(media_type(other), None);
        }
    }
}
