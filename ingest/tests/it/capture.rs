//! Capture times and orientations, from whole files.

use chrono::{DateTime, Utc};
use exif::experimental::Writer;
use exif::{Field, In, Tag, Value};
use proptest::prelude::*;
use tollgate_ingest::capture::{TimeSource, capture_time, orientation};

fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("the test's own time")
}

fn text(tag: Tag, value: &str) -> Field {
    Field { tag, ifd_num: In::PRIMARY, value: Value::Ascii(vec![value.as_bytes().to_vec()]) }
}

fn tiff(fields: &[Field], little_endian: bool) -> Vec<u8> {
    let mut writer = Writer::new();
    fields.iter().for_each(|field| writer.push_field(field));
    let mut out = std::io::Cursor::new(Vec::new());
    writer.write(&mut out, little_endian).expect("EXIF fields of the test");
    out.into_inner()
}

/// A JPEG up to its picture: another segment, the EXIF segment, the start of the scan.
fn jpeg(fields: &[Field]) -> Vec<u8> {
    let exif = tiff(fields, false);
    let mut out = vec![0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 2, 0xff, 0xff, 0xe1];
    out.extend((exif.len() as u16 + 8).to_be_bytes());
    out.extend(b"Exif\0\0");
    out.extend(exif);
    out.extend([0xff, 0xda, 0, 2, 9, 9, 9, 0xff, 0xd9]);
    out
}

const RECORDED: &str = "2020-01-01T00:00:00Z";

#[track_caller]
fn check(fields: &[Field], name: &str, expected: &str, source: TimeSource) {
    assert_eq!(capture_time(&jpeg(fields), name, at(RECORDED)), (at(expected), source));
}

#[test]
fn exif_comes_before_the_name_and_the_name_before_the_record() {
    let original = text(Tag::DateTimeOriginal, "2018:09:12 14:33:01");
    check(&[original], "20190101_000000.jpg", "2018-09-12T14:33:01Z", TimeSource::Exif);
    let other = text(Tag::Make, "camera");
    check(std::slice::from_ref(&other), "20190101_000000.jpg", "2019-01-01T00:00:00Z", TimeSource::Name);
    check(&[other], "gate.jpg", RECORDED, TimeSource::Record);
    assert_eq!(capture_time(b"", "gate.jpg", at(RECORDED)), (at(RECORDED), TimeSource::Record));
}

#[test]
fn fraction_and_offset_count_and_bad_ones_do_not_spoil_the_time() {
    let with = |fraction: &str, offset: &str| {
        [
            text(Tag::DateTimeOriginal, "2018:09:12 14:33:01"),
            text(Tag::SubSecTimeOriginal, fraction),
            text(Tag::OffsetTimeOriginal, offset),
        ]
    };
    check(&with("25", "+02:00"), "", "2018-09-12T12:33:01.25Z", TimeSource::Exif);
    check(&with("007", "-03:30"), "", "2018-09-12T18:03:01.007Z", TimeSource::Exif);
    check(&with("xx", "home"), "", "2018-09-12T14:33:01Z", TimeSource::Exif);
}

#[test]
fn times_that_cannot_be_are_passed_over() {
    for wrong in
        ["0000:00:00 00:00:00", "    :  :     :  :  ", "2018:13:12 14:33:01", "1970:01:01 00:00:00", "soon", ""]
    {
        check(&[text(Tag::DateTimeOriginal, wrong)], "", RECORDED, TimeSource::Record);
    }
}

#[test]
fn png_and_webp_have_exif_too() {
    let exif = tiff(&[text(Tag::DateTimeOriginal, "2018:09:12 14:33:01")], true);
    let mut png = b"\x89PNG\x0d\x0a\x1a\x0a".to_vec();
    png.extend((exif.len() as u32).to_be_bytes());
    png.extend(b"eXIf");
    png.extend(&exif);
    let mut webp = b"RIFF".to_vec();
    webp.extend((exif.len() as u32 + 12).to_le_bytes());
    webp.extend(b"WEBPEXIF");
    webp.extend((exif.len() as u32).to_le_bytes());
    webp.extend(&exif);
    for file in [png, webp] {
        assert_eq!(capture_time(&file, "", at(RECORDED)), (at("2018-09-12T14:33:01Z"), TimeSource::Exif));
    }
}

#[test]
fn orientation_is_read_and_nonsense_is_upright() {
    for (value, expected) in [(1, 1), (3, 3), (6, 6), (8, 8), (0, 1), (9, 1), (300, 1)] {
        let field = Field { tag: Tag::Orientation, ifd_num: In::PRIMARY, value: Value::Short(vec![value]) };
        assert_eq!(orientation(&jpeg(&[field])), expected);
    }
    assert_eq!(orientation(b"no picture"), 1);
}

proptest! {
    #[test]
    fn garbage_never_panics(mut bytes in prop::collection::vec(any::<u8>(), 0..400), head in 0usize..4, name in ".{0,40}") {
        let heads: [&[u8]; 4] = [b"", b"\xff\xd8\xff\xe1\x01\x00Exif\0\0MM\0\x2a", b"\x89PNG\x0d\x0a\x1a\x0a", b"RIFF\xff\0\0\0WEBPEXIF"];
        bytes.splice(0..0, heads[head].iter().copied());
        let (time, source) = capture_time(&bytes, &name, at(RECORDED));
        prop_assert!(source != TimeSource::Record || time == at(RECORDED));
        prop_assert!((1..=8).contains(&orientation(&bytes)));
    }

    #[test]
    fn damaged_exif_never_panics(at_byte in 0usize..200, value: u8, cut in 0usize..200) {
        let mut file = jpeg(&[text(Tag::DateTimeOriginal, "2018:09:12 14:33:01"), text(Tag::OffsetTimeOriginal, "+02:00")]);
        let at_byte = at_byte % file.len();
        file[at_byte] = value;
        file.truncate(file.len() - cut % file.len());
        let (time, source) = capture_time(&file, "", at(RECORDED));
        prop_assert!(source != TimeSource::Record || time == at(RECORDED));
        prop_assert!((1..=8).contains(&orientation(&file)));
    }
}
