//! The same photos from a folder, an archive and a Parquet file give the same plates.

use crate::common::{number, replay, sample, timeless_events};
use arrow::array::{ArrayRef, BinaryArray, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::sync::Arc;

/// Some photos of the sample set with the names they have in it, in the order of a replay.
fn photos() -> Vec<(String, Vec<u8>)> {
    let mut photos = Vec::new();
    for lane in ["lane-1", "lane-3"] {
        let entries = fs::read_dir(sample().join(lane)).expect("the sample set");
        let mut names: Vec<_> =
            entries.map(|e| e.expect("an entry").file_name().into_string().expect("a name")).collect();
        names.retain(|name| name.ends_with(".jpg"));
        names.sort();
        for name in names.into_iter().take(4) {
            let bytes = fs::read(sample().join(lane).join(&name)).expect("a photo");
            photos.push((format!("{lane}/{name}"), bytes));
        }
    }
    photos
}

/// All labels of the sample set in one file, under the names of [`photos`].
fn write_labels(csv: &Path) {
    let mut text = String::from("file,x,y,w,h,plate\n");
    for lane in ["lane-1", "lane-3"] {
        let labels = fs::read_to_string(sample().join(lane).join("labels.csv")).expect("the sample set's labels");
        text.extend(labels.lines().skip(1).map(|row| format!("{lane}/{row}\n")));
    }
    fs::write(csv, text).expect("the labels");
}

fn write_folder(dir: &Path, photos: &[(String, Vec<u8>)]) {
    for (name, bytes) in photos {
        let path = dir.join(name);
        fs::create_dir_all(path.parent().expect("a lane")).expect("the lane's folder");
        fs::write(path, bytes).expect("a photo");
    }
}

fn write_tar(path: &Path, photos: &[(String, Vec<u8>)]) {
    let mut builder = tar::Builder::new(fs::File::create(path).expect("the archive"));
    for (name, bytes) in photos {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, name, bytes.as_slice()).expect("a member");
    }
    builder.finish().expect("the archive's end");
}

fn write_parquet(path: &Path, photos: &[(String, Vec<u8>)]) {
    let lane = |name: &str| name.split('/').next().map(str::to_owned);
    let columns: [(&str, ArrayRef); 3] = [
        ("file", Arc::new(StringArray::from_iter_values(photos.iter().map(|(name, _)| name)))),
        ("lane", Arc::new(photos.iter().map(|(name, _)| lane(name)).collect::<StringArray>())),
        ("image", Arc::new(BinaryArray::from_iter_values(photos.iter().map(|(_, bytes)| bytes)))),
    ];
    let batch = RecordBatch::try_from_iter(columns).expect("columns of one length");
    let file = fs::File::create(path).expect("the Parquet file");
    let mut writer = ArrowWriter::try_new(file, batch.schema(), None).expect("a schema that can be written");
    writer.write(&batch).expect("the rows");
    writer.close().expect("the Parquet file's end");
}

/// Events without what says where the photo lies.
fn placeless(out: &Path) -> Vec<Value> {
    let mut events = timeless_events(out);
    for event in &mut events {
        let fields = event.as_object_mut().expect("an event");
        for field in ["id", "source"] {
            fields.remove(field).expect("every event has it");
        }
    }
    events
}

fn assert_same_accuracy(a: &Value, b: &Value) {
    for key in ["images", "reads", "manual", "rejected", "labelled", "recall", "exact", "chars", "read_exact"] {
        assert_eq!(number(a, key), number(b, key), "{key}");
    }
}

#[test]
fn a_folder_an_archive_and_a_parquet_file_give_the_same_plates() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    let photos = photos();
    write_folder(&at("photos"), &photos);
    write_tar(&at("day.tar"), &photos);
    write_parquet(&at("day.parquet"), &photos);
    write_labels(&at("truth.csv"));
    let truth = at("truth.csv");
    let labels = ["--labels", truth.to_str().unwrap()];

    let folder = replay(&at("photos"), &at("of-folder"), &labels);
    assert_eq!(number(&folder, "images"), photos.len() as f64);
    assert_eq!(number(&folder, "labelled"), photos.len() as f64);
    let expected = placeless(&at("of-folder"));
    assert!(expected.iter().any(|e| e["type"] == "LicensePlate.Processed"), "{folder}");
    for (file, out) in [("day.tar", "of-tar"), ("day.parquet", "of-parquet")] {
        let summary = replay(&at(file), &at(out), &labels);
        assert_eq!(placeless(&at(out)), expected, "{file}");
        assert_same_accuracy(&summary, &folder);
        let inside = format!("/{file}#");
        for event in timeless_events(&at(out)) {
            assert!(event["source"].as_str().unwrap().contains(&inside), "{event}");
        }
    }
}

#[test]
fn several_sources_are_one_replay() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    let photos = photos();
    let (first, rest) = photos.split_at(2);
    write_folder(&at("photos"), &photos);
    write_tar(&at("a.tar"), first);
    write_parquet(&at("b.parquet"), rest);
    replay(&at("photos"), &at("whole"), &[]);
    let parquet = at("b.parquet");
    let summary = replay(&at("a.tar"), &at("parts"), &[parquet.to_str().unwrap()]);
    assert_eq!(number(&summary, "images"), photos.len() as f64);
    assert_eq!(placeless(&at("parts")), placeless(&at("whole")));
}
