//! Replays of Parquet files.

use std::fs::{self, File};
use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryArray, BinaryViewArray, DictionaryArray, Int64Array, LargeBinaryArray, RecordBatch, StringArray,
    StructArray, TimestampMillisecondArray, TimestampNanosecondArray,
};
use arrow::datatypes::{DataType, Field, Int32Type};
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;
use tempfile::TempDir;

use crate::common::{check, check_resume, drain, replay, small};
use tollgate_ingest::{Error, ReplaySource};

const IMAGES: [Option<&[u8]>; 7] =
    [Some(b"zero"), Some(b"one"), None, Some(b""), Some(b"four"), Some(&[b'x'; 5000]), Some(b"six")];

const BRIEF: [&str; 7] = ["zero", "one", "! no-image", "! empty-file", "four", "! too-large", "six"];

fn stored(columns: Vec<(&str, ArrayRef)>) -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().expect("a folder for the test");
    let path = dir.path().join("x.parquet");
    let batch = RecordBatch::try_from_iter(columns).expect("columns of one length");
    // Three rows a group: seven rows are three groups.
    let properties = WriterProperties::builder().set_max_row_group_row_count(Some(3)).build();
    let file = File::create(&path).expect("the test's file");
    let mut writer =
        ArrowWriter::try_new(file, batch.schema(), Some(properties)).expect("a schema that can be written");
    writer.write(&batch).expect("rows that can be written");
    writer.close().expect("the end of the file");
    (dir, path)
}

fn binary() -> ArrayRef {
    Arc::new(BinaryArray::from(IMAGES.to_vec()))
}

fn text(values: [&str; 7]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

#[test]
fn every_row_is_a_record() {
    let (_dir, path) = stored(vec![("image", binary())]);
    let mut source = ReplaySource::open(&[&path], &small()).unwrap();
    assert_eq!(source.total_hint(), Some(7));
    let records = drain(&mut source, small().limits).unwrap();
    let names: Vec<_> = (0..7).map(|row| format!("x.parquet#row={row}")).collect();
    let expected: Vec<_> = names.iter().map(String::as_str).zip(BRIEF).collect();
    check(&records, &expected);
    assert!(records[4].position.ends_with("/x.parquet#row=4"));
    let modified = fs::metadata(&path).unwrap().modified().unwrap();
    assert_eq!(records[4].recorded, chrono::DateTime::<chrono::Utc>::from(modified));
    assert_eq!(records[4].path, None);
    check_resume(&[&path]).unwrap();
}

#[test]
fn all_kinds_of_binary_columns_are_read() {
    for image in [
        Arc::new(LargeBinaryArray::from(IMAGES.to_vec())) as ArrayRef,
        Arc::new(BinaryViewArray::from(IMAGES.to_vec())),
    ] {
        let (_dir, path) = stored(vec![("id", Arc::new(Int64Array::from_iter_values(0..7))), ("picture", image)]);
        let records = replay(&[&path]).unwrap();
        assert_eq!(records.iter().map(|record| crate::common::brief(record).1).collect::<Vec<_>>(), BRIEF);
    }
}

#[test]
fn the_struct_of_hugging_face_is_read() {
    let paths = text(["a/0.jpg", "a/1.jpg", "b/2.jpg", "3.jpg", "b/4.jpg", "5.jpg", ""]);
    let bytes = Arc::new(Field::new("bytes", DataType::Binary, true));
    let path = Arc::new(Field::new("path", DataType::Utf8, true));
    let image = StructArray::from(vec![(bytes, binary()), (path, paths)]);
    let other: ArrayRef = Arc::new(BinaryArray::from(vec![Some(&b"mask"[..]); 7]));
    let (_dir, path) = stored(vec![("label", other), ("image", Arc::new(image))]);
    let records = replay(&[&path]).unwrap();
    check(&records[..2], &[("a/0.jpg", "zero"), ("a/1.jpg", "one")]);
    check(&records[6..], &[("x.parquet#row=6", "six")]);
    let lanes: Vec<_> = records.iter().map(|record| record.lane.as_deref()).collect();
    assert_eq!(lanes, [Some("a"), Some("a"), Some("b"), None, Some("b"), None, None]);
    check_resume(&[&path]).unwrap();
}

#[test]
fn names_lanes_and_times_are_taken() {
    let millis = 1_536_762_781_042;
    let zoned = TimestampMillisecondArray::from(vec![millis; 7]).with_timezone("+02:00");
    let naive = TimestampNanosecondArray::from(vec![millis * 1_000_000; 7]);
    let strings = text(["2018-09-12T16:33:01.042+02:00"; 7]);
    for time in [Arc::new(zoned) as ArrayRef, Arc::new(naive), strings] {
        let lane: ArrayRef = Arc::new(DictionaryArray::<Int32Type>::from_iter(["7"; 7]));
        let (_dir, path) = stored(vec![
            ("Timestamp", time),
            ("lane", lane),
            ("jpeg", binary()),
            ("file_name", text(["0.jpg", "1.jpg", "2.jpg", "3.jpg", "4.jpg", "5.jpg", "6.jpg"])),
        ]);
        let records = replay(&[&path]).unwrap();
        assert_eq!(records[1].recorded.timestamp_millis(), millis);
        assert_eq!(records[1].lane.as_deref(), Some("7"));
        check(&records[1..2], &[("1.jpg", "one")]);
    }
}

#[test]
fn a_file_without_one_image_column_is_an_error_that_names_the_columns() {
    let (_dir, none) = stored(vec![("plate", text(["x"; 7]))]);
    let (_dir2, two) = stored(vec![("left", binary()), ("right", binary())]);
    for (path, names) in [(none, "[plate]"), (two, "[left, right]")] {
        let error = ReplaySource::open(&[&path], &small()).err().unwrap();
        assert!(matches!(error, Error::NoImageColumn { .. }) && error.to_string().contains(names), "{error}");
    }
}

#[test]
fn a_file_that_is_no_parquet_is_an_error() {
    let (_dir, path) = stored(vec![("image", binary())]);
    let bytes = fs::read(&path).unwrap();
    for broken in [&b""[..], b"PAR1", &bytes[..bytes.len() - 20], &bytes[4..]] {
        fs::write(&path, broken).unwrap();
        let error = ReplaySource::open(&[&path], &small()).err();
        // A file that lacks its head has its whole footer: it opens, and its rows are damaged.
        assert!(matches!(error, Some(Error::Parquet { .. })) || broken.len() == bytes.len() - 4, "{error:?}");
    }
}

#[test]
fn a_damaged_row_group_costs_its_own_rows_only() {
    let (_dir, path) = stored(vec![("image", binary())]);
    let mut bytes = fs::read(&path).unwrap();
    // The first page's header lies right behind the magic.
    bytes[4..16].fill(0xff);
    fs::write(&path, &bytes).unwrap();
    let records = replay(&[&path]).unwrap();
    let briefs: Vec<_> = records.iter().map(|record| crate::common::brief(record).1).collect();
    let damaged = ["! corrupt-archive"; 3];
    assert_eq!(briefs, [damaged.as_slice(), &BRIEF[3..]].concat());
    check_resume(&[&path]).unwrap();
}
