//! Replays of archives.

use std::fs;
use std::path::{Path, PathBuf};

use tar::{Builder, EntryType, Header};
use tempfile::TempDir;

use crate::common::{check, check_resume, code, drain, replay, small};
use tollgate_ingest::{Error, Payload, RefusalCode, ReplaySource};

fn header(kind: EntryType, size: usize) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_size(size as u64);
    header.set_mode(0o644);
    header.set_mtime(1_536_762_781);
    header
}

/// An archive of files whose content is their own name.
fn archive(names: &[&str]) -> Vec<u8> {
    let mut builder = Builder::new(Vec::new());
    for name in names {
        let mut header = header(EntryType::Regular, name.len());
        builder.append_data(&mut header, name, name.as_bytes()).expect("a member of the test's archive");
    }
    builder.into_inner().expect("the end of the test's archive")
}

fn stored(bytes: &[u8]) -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().expect("a folder for the test");
    let path = dir.path().join("x.tar");
    fs::write(&path, bytes).expect("the test's archive");
    (dir, path)
}

#[test]
fn members_come_in_the_archives_order() {
    let long = format!("lane1/{}.jpg", "long".repeat(50));
    let (_dir, path) = stored(&archive(&["b.jpg", "lane1/a.png", "./lane2/c.webp", &long]));
    let records = replay(&[&path]).unwrap();
    check(
        &records,
        &[
            ("b.jpg", "b.jpg"),
            ("lane1/a.png", "lane1/a.png"),
            ("lane2/c.webp", "./lane2/c.webp"),
            (&long, long.as_str()),
        ],
    );
    assert_eq!(records[0].recorded.timestamp(), 1_536_762_781);
    assert_eq!((records[0].lane.as_deref(), records[1].lane.as_deref()), (None, Some("lane1")));
    assert_eq!(records[0].path, None);
    assert!(records[1].position.ends_with("/x.tar#lane1/a.png"), "{}", records[1].position);
    check_resume(&[&path]).unwrap();
}

#[test]
fn members_that_are_no_photos_are_counted_or_refused() {
    let mut builder = Builder::new(Vec::new());
    let mut add = |kind, name: &str, body: &[u8]| {
        builder.append_data(&mut header(kind, body.len()), name, body).unwrap();
    };
    add(EntryType::Directory, "lane.jpg/", b"");
    add(EntryType::Regular, "lane/._1.jpg", b"fork");
    add(EntryType::Regular, "labels.csv", b"file");
    add(EntryType::Regular, "notes.txt", b"text");
    add(EntryType::Regular, "a.gif", b"gif");
    add(EntryType::Regular, "empty.jpg", b"");
    add(EntryType::Regular, "large.jpg", &[7; 5000]);
    add(EntryType::Fifo, "pipe.jpg", b"");
    add(EntryType::Regular, "twice.jpg", b"one");
    add(EntryType::Regular, "twice.jpg", b"two");
    let mut link = header(EntryType::Symlink, 0);
    builder.append_link(&mut link, "link.jpg", "twice.jpg").unwrap();
    let (_dir, path) = stored(&builder.into_inner().unwrap());
    let mut source = ReplaySource::open(&[&path], &small()).unwrap();
    assert_eq!(source.total_hint(), None);
    let records = drain(&mut source, small().limits).unwrap();
    check(
        &records,
        &[
            ("a.gif", "! unsupported-format"),
            ("empty.jpg", "! empty-file"),
            ("large.jpg", "! too-large"),
            ("pipe.jpg", "! not-a-file"),
            ("twice.jpg", "one"),
            ("twice.jpg", "two"),
            ("link.jpg", "! archive-link"),
        ],
    );
    assert_eq!(source.skipped().to_string(), "1 hidden, 1 labels, 1 not-an-image");
    assert!(records[4].position.ends_with("#twice.jpg") && records[5].position.ends_with("#twice.jpg;2"));
    check_resume(&[&path]).unwrap();
}

#[test]
fn names_with_path_tricks_or_odd_bytes_are_only_names() {
    let mut bytes = archive(&["aa/aa/aa/x.jpg", "bbbbb.jpg"]);
    for (from, to) in [(&b"aa/aa/aa/x.jpg"[..], &b"../../../x.jpg"[..]), (b"bbbbb.jpg", b"/b\xffbb.jpg")] {
        let at = bytes.windows(from.len()).position(|window| window == from).unwrap();
        bytes[at..at + to.len()].copy_from_slice(to);
        let start = at / 512 * 512;
        let header = Header::from_byte_slice(&bytes[start..start + 512]);
        let mut header = header.clone();
        header.set_cksum();
        bytes[start..start + 512].copy_from_slice(header.as_bytes());
    }
    let (_dir, path) = stored(&bytes);
    let records = replay(&[&path]).unwrap();
    assert!(records.iter().all(|record| code(record).is_none()));
    assert!(records[0].position.ends_with("/x.tar#../../../x.jpg"));
    assert!(records[1].position.ends_with("/x.tar#/b%FFbb.jpg"));
    assert_eq!(records[1].lane, None);
}

#[test]
fn sparse_members_are_whole() {
    let mut head = header(EntryType::GNUSparse, 512);
    head.set_path("sparse.jpg").unwrap();
    let gnu = head.as_gnu_mut().unwrap();
    gnu.sparse[0].set_offset(1024);
    gnu.sparse[0].set_length(512);
    gnu.set_real_size(1536);
    head.set_cksum();
    let mut bytes = head.as_bytes().to_vec();
    bytes.extend([9; 512]);
    bytes.extend(archive(&["next.jpg"]));
    let (_dir, path) = stored(&bytes);
    let records = replay(&[&path]).unwrap();
    let mut expected = vec![0; 1024];
    expected.extend([9; 512]);
    assert_eq!(records[0].payload, Payload::Bytes(expected));
    check(&records[1..], &[("next.jpg", "next.jpg")]);
}

#[test]
fn an_archive_cut_anywhere_gives_what_was_before_the_cut() {
    let long = format!("{}.jpg", "long".repeat(50));
    let names = ["a.jpg", "b.jpg", long.as_str(), "c.jpg"];
    let bytes = archive(&names);
    let (_dir, path) = stored(&bytes);
    let whole = replay(&[&path]).unwrap();
    // From within the first header to just before the end marker's first block, at every odd place.
    for length in (1..=bytes.len() - 1024).step_by(37) {
        fs::write(&path, &bytes[..length]).unwrap();
        let records = replay(&[&path]).unwrap();
        let (last, before) = records.split_last().unwrap();
        assert_eq!(before, &whole[..before.len()], "cut at {length}");
        let truncated =
            matches!(&last.payload, Payload::Refused(refusal) if refusal.code == RefusalCode::TruncatedArchive);
        assert!(truncated, "cut at {length}: {:?}", last.payload);
        check_resume(&[&path]).unwrap();
    }
    fs::write(&path, &bytes[..bytes.len() - 512]).unwrap();
    assert_eq!(replay(&[&path]).unwrap(), whole, "half an end marker is an end");
}

#[test]
fn damage_ends_the_archive_with_a_record() {
    let mut bytes = archive(&["a.jpg", "b.jpg"]);
    bytes[1024 + 150] ^= 0x55;
    let (_dir, path) = stored(&bytes);
    check(&replay(&[&path]).unwrap(), &[("a.jpg", "a.jpg"), ("byte 1024", "! corrupt-archive")]);
    check_resume(&[&path]).unwrap();
    let (_dir, path) = stored(&[b'x'; 2000]);
    check(&replay(&[&path]).unwrap(), &[("byte 0", "! corrupt-archive")]);
    let (_dir, path) = stored(b"");
    check(&replay(&[&path]).unwrap(), &[("byte 0", "! truncated-archive")]);
}

#[test]
fn a_long_name_of_gigabytes_is_not_read() {
    let mut head = header(EntryType::GNULongName, 0);
    head.set_size(1 << 40);
    head.set_path("././@LongLink").unwrap();
    head.set_cksum();
    let mut bytes = head.as_bytes().to_vec();
    bytes.resize(4 << 20, b'n');
    let (_dir, path) = stored(&bytes);
    let records = replay(&[&path]).unwrap();
    assert_eq!(records.len(), 1);
    assert!(code(&records[0]).is_some());
}

#[test]
fn compressed_archives_are_named_as_such() {
    let (_dir, path) = stored(b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03");
    let error = ReplaySource::open(&[&path], &small()).err().unwrap();
    assert!(matches!(error, Error::CompressedArchive { .. }), "{error}");
    assert!(ReplaySource::open(&[Path::new("gone.tar")], &small()).is_err());
}

#[test]
fn archives_and_folders_follow_one_another() {
    let (dir, path) = stored(&archive(&["a.jpg", "b.jpg"]));
    fs::write(dir.path().join("c.jpg"), "c").unwrap();
    let paths = [path, dir.path().to_path_buf()];
    check(&replay(&paths).unwrap(), &[("a.jpg", "a.jpg"), ("b.jpg", "b.jpg"), ("c.jpg", "c")]);
    check_resume(&paths).unwrap();
}
