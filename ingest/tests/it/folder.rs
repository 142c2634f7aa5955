//! Replays of folders and single files.

use std::fs;
use std::path::Path;

use crate::common::{check, check_resume, code, drain, replay, small};
use chrono::{DateTime, Utc};
use tollgate_ingest::{Error, Limits, RefusalCode, ReplayOptions, ReplaySource, SkipReason, Source};

/// Writes files whose content is their own name.
fn write(root: &Path, names: &[&str]) {
    for name in names {
        let path = root.join(name);
        fs::create_dir_all(path.parent().unwrap_or(root)).expect("a folder in the test's own folder");
        fs::write(&path, name).expect("a file in the test's own folder");
    }
}

#[test]
fn folders_are_walked_in_the_order_of_names() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), &["b.jpg", "a/2.JPG", "a/10.png", "c/d/e.webp", "Z.jpeg", "a.jpg"]);
    let records = replay(&[dir.path()]).unwrap();
    let files: Vec<_> = records.iter().map(|record| record.file.as_str()).collect();
    assert_eq!(files, ["Z.jpeg", "a/10.png", "a/2.JPG", "a.jpg", "b.jpg", "c/d/e.webp"]);
    check(&records[1..2], &[("a/10.png", "a/10.png")]);
    let root = dir.path().canonicalize().unwrap();
    let name = root.file_name().unwrap().to_string_lossy().into_owned();
    assert_eq!(records[0].lane.as_deref(), Some(name.as_str()));
    assert_eq!(records[1].lane.as_deref(), Some("a"));
    assert_eq!(records[5].lane.as_deref(), Some("d"));
    assert_eq!(records[1].path.as_deref(), Some(root.join("a/10.png").as_path()));
    assert!(records[1].position.starts_with("file:///") && records[1].position.ends_with("/a/10.png"));
    assert_eq!(records.iter().map(|record| record.offset).collect::<Vec<_>>(), [0, 1, 2, 3, 4, 5]);
    check_resume(&[dir.path()]).unwrap();
}

#[test]
fn what_is_no_photo_is_counted_and_other_pictures_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), &["labels.csv", "notes.txt", ".hidden.jpg", ".git/a.jpg", "x.tar", "x.heic", "y.TIF", "z.jpg"]);
    let mut source = ReplaySource::open(&[dir.path()], &small()).unwrap();
    assert_eq!(source.total_hint(), Some(3));
    let records = drain(&mut source, small().limits).unwrap();
    check(&records, &[("x.heic", "! unsupported-format"), ("y.TIF", "! unsupported-format"), ("z.jpg", "z.jpg")]);
    assert_eq!(source.skipped().to_string(), "2 hidden, 1 labels, 1 archive, 1 not-an-image");
    assert_eq!(source.skipped().get(SkipReason::Hidden), 2);
    assert_eq!(source.skipped().total(), 5);
}

#[test]
fn the_records_time_is_the_files() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), &["a.jpg"]);
    let time: DateTime<Utc> = "2018-09-12T14:33:01Z".parse().unwrap();
    let file = fs::File::options().write(true).open(dir.path().join("a.jpg")).unwrap();
    file.set_modified(time.into()).unwrap();
    assert_eq!(replay(&[dir.path()]).unwrap()[0].recorded, time);
}

#[test]
fn empty_and_too_large_files_are_refused_unread() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("a.jpg"), b"").unwrap();
    // A hole of a tebibyte: reading it would not end within this test.
    let huge = fs::File::create(dir.path().join("b.jpg")).unwrap();
    if huge.set_len(1 << 40).is_err() {
        eprintln!("SKIPPED: the huge file; this file system has no files of a tebibyte");
        huge.set_len(4097).unwrap();
    }
    fs::write(dir.path().join("c.jpg"), [b'x'; 4096]).unwrap();
    let records = replay(&[dir.path()]).unwrap();
    assert_eq!(
        records.iter().map(code).collect::<Vec<_>>(),
        [Some(RefusalCode::EmptyFile), Some(RefusalCode::TooLarge), None]
    );
}

#[test]
fn a_single_file_is_taken_whatever_its_extension() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), &["photo.dat", "a.jpg"]);
    let records = replay(&[dir.path().join("photo.dat"), dir.path().join("a.jpg")]).unwrap();
    check(&records, &[("photo.dat", "photo.dat"), ("a.jpg", "a.jpg")]);
    let walked = replay(&[dir.path()]).unwrap();
    assert_eq!(walked[0].position, records[1].position);
    assert_eq!(walked[0].lane, records[1].lane);
}

#[test]
fn what_vanishes_between_listing_and_reading_is_a_record() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), &["a.jpg", "b.jpg", "c.jpg"]);
    let limits = Limits { batch_records: 1, ..small().limits };
    let mut source = ReplaySource::open(&[dir.path()], &ReplayOptions { limits, source: None }).unwrap();
    source.next().unwrap().unwrap();
    fs::remove_file(dir.path().join("b.jpg")).unwrap();
    let rest = drain(&mut source, limits).unwrap();
    check(&rest, &[("b.jpg", "! vanished"), ("c.jpg", "c.jpg")]);
}

#[test]
fn overlapping_paths_give_every_photo_once() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), &["a/1.jpg", "a/2.jpg", "b/3.jpg", "odd.dat"]);
    let paths =
        [dir.path().join("a"), dir.path().to_path_buf(), dir.path().join("odd.dat"), dir.path().join("a/1.jpg")];
    let mut source = ReplaySource::open(&paths, &small()).unwrap();
    assert_eq!(source.total_hint(), Some(4));
    let records = drain(&mut source, small().limits).unwrap();
    let files: Vec<_> = records.iter().map(|record| record.file.as_str()).collect();
    assert_eq!(files, ["1.jpg", "2.jpg", "b/3.jpg", "odd.dat"]);
    assert_eq!(source.skipped().get(SkipReason::Duplicate), 3);
    check_resume(&paths).unwrap();
}

#[test]
fn a_logical_base_survives_a_move() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), &["here/us/1.jpg", "here/eu/1.jpg"]);
    let options = ReplayOptions { source: Some("toll 2018".into()), ..small() };
    let positions = |paths: &[&Path]| {
        let mut source = ReplaySource::open(paths, &options).unwrap();
        let records = drain(&mut source, options.limits).unwrap();
        records.into_iter().map(|record| record.position).collect::<Vec<_>>()
    };
    let (here, there) = (dir.path().join("here"), dir.path().join("there"));
    let before = positions(&[&here]);
    assert_eq!(before, ["tollgate:toll%202018/eu/1.jpg", "tollgate:toll%202018/us/1.jpg"]);
    // Equal names under two paths stay two positions.
    assert_eq!(positions(&[&here.join("eu"), &here.join("us")]), before);
    fs::rename(&here, &there).unwrap();
    assert_eq!(positions(&[&there]), before);
    assert_eq!(positions(&[&there.join("us/1.jpg")]), ["tollgate:toll%202018/1.jpg"]);
}

#[test]
fn an_edited_folder_cannot_be_resumed() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), &["a.jpg", "b.jpg", "c.jpg"]);
    let digest = replay(&[dir.path()]).unwrap()[1].digest;
    let resume = |records| ReplaySource::open(&[dir.path()], &small()).unwrap().skip(records, digest);
    resume(2).unwrap();
    fs::rename(dir.path().join("a.jpg"), dir.path().join("aa.jpg")).unwrap();
    let error = resume(2).unwrap_err();
    assert!(matches!(error, Error::DifferentRecords { records: 2, .. }), "{error}");
    let error = resume(4).unwrap_err();
    assert!(matches!(error, Error::FewerRecords { expected: 4, found: 3 }), "{error}");
    fs::rename(dir.path().join("aa.jpg"), dir.path().join("a.jpg")).unwrap();
    resume(2).unwrap();
}

#[test]
fn commits_stay_within_what_was_handed_out() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), &["a.jpg", "b.jpg", "c.jpg", "d.jpg"]);
    let mut source = ReplaySource::open(&[dir.path()], &small()).unwrap();
    assert!(source.commit(1).is_err());
    assert_eq!(source.next().unwrap().unwrap().end, 3);
    source.commit(2).unwrap();
    source.commit(2).unwrap();
    assert!(matches!(source.commit(1), Err(Error::CommitOutOfRange { end: 1, committed: 2, handed_out: 3 })));
    assert!(source.commit(4).is_err());
}

#[test]
fn wrong_command_lines_fail_before_anything_starts() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), &["a.jpg", "b.tar.gz"]);
    let open = |paths: &[&Path]| ReplaySource::open(paths, &small()).err().unwrap().to_string();
    assert!(open(&[dir.path(), &dir.path().join("missing.jpg")]).contains("missing.jpg"));
    assert!(open(&[&dir.path().join("b.tar.gz")]).contains("compressed"));
    assert!(open(&[]).contains("nothing to replay"));
    let limits = Limits { batch_bytes: 0, ..Limits::default() };
    let options = ReplayOptions { limits, source: None };
    assert!(ReplaySource::open(&[dir.path()], &options).err().unwrap().to_string().contains("batch_bytes"));
}

#[test]
fn an_empty_folder_has_no_batch() {
    let dir = tempfile::tempdir().unwrap();
    let mut source = ReplaySource::open(&[dir.path()], &small()).unwrap();
    assert_eq!(source.total_hint(), Some(0));
    assert!(source.next().unwrap().is_none());
    assert!(source.next().unwrap().is_none());
}
