//! The journal under torn writes, flipped bits, kills and random operations, against a model.

use std::fs;
use std::path::Path;

use crate::common::{self, Random};
use tollgate_sinks::journal::{Frame, Journal, MAX_CROP_BYTES, MAX_EVENT_BYTES, Resumed};
use tollgate_sinks::{Entry, Error, Result};

const HEADER_FIXED: usize = 20;

fn read_all(journal: &Journal) -> Result<Vec<Entry>> {
    journal.reader()?.collect()
}

/// Frame with `entries`, ending at `end`, with a digest made of `end`.
fn frame(entries: &[Entry], end: u64) -> Result<Frame> {
    let mut frame = Frame::new();
    for entry in entries {
        frame.push(&entry.event, &entry.crop)?;
    }
    frame.set_end(end, &digest(end));
    Ok(frame)
}

fn digest(end: u64) -> [u8; 32] {
    if end == 0 { [0; 32] } else { [end as u8; 32] }
}

fn file_of(dir: &Path) -> std::path::PathBuf {
    dir.join("journal")
}

/// A journal of three frames of two entries; gives the offsets at which each frame starts, and the file's length.
fn three_frames(dir: &Path) -> Result<Vec<usize>> {
    let mut journal = Journal::create(dir, &common::run_info())?;
    let mut offsets = Vec::new();
    for k in 0..3 {
        offsets.push(length(dir));
        journal.append(&frame(&[common::entry(2 * k), common::entry(2 * k + 1)], 2 * k as u64 + 2)?)?;
    }
    journal.sync()?;
    offsets.push(length(dir));
    Ok(offsets)
}

fn length(dir: &Path) -> usize {
    fs::metadata(file_of(dir)).map_or(0, |m| m.len() as usize)
}

#[test]
fn what_was_appended_comes_back_after_a_reopen() {
    let dir = common::scratch();
    let entries = common::entries(37);
    drop(common::journal_with(dir.path(), &entries, 5).unwrap());
    let (journal, resumed) = Journal::open_resume(dir.path()).unwrap();
    let expected = Resumed { end: 37, digest: [0; 32], run_info: common::run_info(), entries: 37, truncated_bytes: 0 };
    assert_eq!(resumed, expected);
    assert_eq!(journal.end(), 37);
    assert_eq!(read_all(&journal).unwrap(), entries);
}

#[test]
fn a_tail_torn_at_any_byte_is_cut_and_the_journal_goes_on() {
    let dir = common::scratch();
    let offsets = three_frames(dir.path()).unwrap();
    let whole = fs::read(file_of(dir.path())).unwrap();
    let (last, end) = (offsets[2], offsets[3]);
    for cut in last..end {
        fs::write(file_of(dir.path()), &whole[..cut]).unwrap();
        let (mut journal, resumed) = Journal::open_resume(dir.path()).unwrap();
        assert_eq!((resumed.end, resumed.digest, resumed.entries), (4, digest(4), 4), "cut at {cut}");
        assert_eq!(resumed.truncated_bytes, (cut - last) as u64);
        journal.append(&frame(&[common::entry(4), common::entry(5)], 6).unwrap()).unwrap();
        assert_eq!(read_all(&journal).unwrap(), common::entries(6));
        drop(journal);
        assert!(fs::read(file_of(dir.path())).unwrap() == whole, "resumed after a cut at {cut}: another file");
    }
}

#[test]
fn a_flipped_bit_in_the_last_frame_cuts_it_and_before_it_is_an_error_with_the_offset() {
    let dir = common::scratch();
    let offsets = three_frames(dir.path()).unwrap();
    let whole = fs::read(file_of(dir.path())).unwrap();
    for at in offsets[0]..offsets[3] {
        let mut bytes = whole.clone();
        bytes[at] ^= 1 << (at % 8);
        fs::write(file_of(dir.path()), &bytes).unwrap();
        let hit = offsets.partition_point(|start| *start <= at) - 1;
        match Journal::open_resume(dir.path()) {
            Ok((_, resumed)) => {
                assert_eq!(hit, 2, "byte {at} was damaged unnoticed");
                assert_eq!((resumed.end, resumed.truncated_bytes), (4, (offsets[3] - offsets[2]) as u64));
            }
            Err(Error::Corrupt { offset, .. }) => {
                assert!(hit < 2);
                assert_eq!(offset, offsets[hit] as u64);
                assert_eq!(length(dir.path()), whole.len(), "nothing is cut from a corrupt journal");
            }
            Err(other) => panic!("byte {at}: {other}"),
        }
    }
}

#[test]
fn a_damaged_header_is_refused() {
    let dir = common::scratch();
    let offsets = three_frames(dir.path()).unwrap();
    let whole = fs::read(file_of(dir.path())).unwrap();
    for at in 0..offsets[0] {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x10;
        fs::write(file_of(dir.path()), &bytes).unwrap();
        let opened = Journal::open_resume(dir.path());
        assert!(matches!(opened, Err(Error::BadHeader { .. })), "byte {at}: {opened:?}");
    }
    for cut in [0, 7, HEADER_FIXED, offsets[0] - 1] {
        fs::write(file_of(dir.path()), &whole[..cut]).unwrap();
        assert!(matches!(Journal::open_resume(dir.path()), Err(Error::BadHeader { .. })));
    }
}

#[test]
fn garbage_and_a_copy_of_an_older_frame_after_the_end_are_a_torn_tail() {
    let dir = common::scratch();
    let offsets = three_frames(dir.path()).unwrap();
    let whole = fs::read(file_of(dir.path())).unwrap();
    let stale = &whole[offsets[1]..offsets[2]];
    let noise = Random::new(1).bytes(200_000);
    for tail in [stale, &noise[..], &[0; 4096]] {
        fs::write(file_of(dir.path()), [&whole, tail].concat()).unwrap();
        let (_, resumed) = Journal::open_resume(dir.path()).unwrap();
        assert_eq!((resumed.end, resumed.truncated_bytes), (6, tail.len() as u64));
        assert_eq!(length(dir.path()), whole.len());
    }
}

#[test]
fn a_whole_frame_far_behind_a_damaged_one_is_found() {
    let dir = common::scratch();
    let mut journal = Journal::create(dir.path(), &common::run_info()).unwrap();
    let start = length(dir.path());
    let mut big = common::entry(0);
    big.crop = Random::new(9).bytes(1 << 20);
    journal.append(&frame(&[big], 1).unwrap()).unwrap();
    journal.append(&frame(&[common::entry(1)], 2).unwrap()).unwrap();
    drop(journal);
    let mut bytes = fs::read(file_of(dir.path())).unwrap();
    bytes[start + 5] ^= 0xff;
    fs::write(file_of(dir.path()), bytes).unwrap();
    let offset = start as u64;
    assert!(matches!(Journal::open_resume(dir.path()), Err(Error::Corrupt { offset: at, .. }) if at == offset));
}

#[test]
fn damage_that_comes_while_reading_ends_the_reader_with_an_error() {
    let dir = common::scratch();
    let journal = common::journal_with(dir.path(), &common::entries(4), 2).unwrap();
    let mut bytes = fs::read(file_of(dir.path())).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(file_of(dir.path()), bytes).unwrap();
    let got: Vec<_> = journal.reader().unwrap().collect();
    assert_eq!(got.len(), 3, "two good entries, then the error, then the end");
    assert!(matches!(got[2], Err(Error::Corrupt { .. })));
}

#[test]
fn one_process_owns_the_folder() {
    let dir = common::scratch();
    let first = Journal::create(dir.path(), &common::run_info()).unwrap();
    let second = Journal::open_resume(dir.path()).unwrap_err();
    assert!(matches!(second, Error::InUse { .. }));
    assert!(second.to_string().contains(&dir.path().display().to_string()), "{second}");
    assert!(matches!(Journal::create(dir.path(), &common::run_info()), Err(Error::InUse { .. })));
    drop(first);
    Journal::open_resume(dir.path()).unwrap();
}

#[test]
fn limits_hold_and_a_refused_entry_leaves_the_frame_as_it_was() {
    let mut frame = Frame::new();
    frame.push(&common::event(0), &[1]).unwrap();
    let before = frame.body_bytes();
    let mut event = common::event(1);
    let huge = vec![0; MAX_CROP_BYTES + 1];
    assert!(matches!(frame.push(&event, &huge), Err(Error::TooLarge { what: "the crop", .. })));
    event.data.raw_text = "X".repeat(MAX_EVENT_BYTES);
    assert!(matches!(frame.push(&event, &[]), Err(Error::TooLarge { what: "the event", .. })));
    assert_eq!((frame.len(), frame.body_bytes()), (1, before));
    let full = (0..32).find_map(|_| frame.push(&common::event(2), &huge[1..]).err());
    assert!(matches!(full, Some(Error::TooLarge { what: "the frame", .. })));
    frame.clear();
    assert!(frame.is_empty());
}

#[test]
fn frames_come_in_the_order_of_the_source() {
    let dir = common::scratch();
    let mut journal = Journal::create(dir.path(), &common::run_info()).unwrap();
    journal.append(&frame(&[common::entry(0)], 5).unwrap()).unwrap();
    let refused = journal.append(&frame(&[], 4).unwrap());
    assert!(matches!(refused, Err(Error::OutOfOrder { reached: 5, got: 4 })));
    journal.append(&frame(&[], 9).unwrap()).unwrap();
    assert_eq!(journal.end(), 9);
    assert_eq!(read_all(&journal).unwrap().len(), 1);
}

/// What the journal must hold: its frames, each with its end and its length in the file.
#[derive(Default)]
struct Model {
    frames: Vec<(Vec<Entry>, u64, usize)>,
}

impl Model {
    fn end(&self) -> u64 {
        self.frames.last().map_or(0, |f| f.1)
    }

    fn entries(&self) -> Vec<Entry> {
        self.frames.iter().flat_map(|f| f.0.clone()).collect()
    }

    /// Keeps the frames that fit into `bytes` of the file; returns what of `bytes` is left over.
    fn truncate(&mut self, header: usize, bytes: usize) -> usize {
        let mut at = header;
        let fit = self.frames.iter().take_while(|f| {
            let fits = at + f.2 <= bytes;
            at += if fits { f.2 } else { 0 };
            fits
        });
        let keep = fit.count();
        self.frames.truncate(keep);
        bytes - at
    }
}

/// One seeded run of random appends, reopens and kills that leave any prefix of the file, checked after each step.
fn random_run(seed: u64) -> Result<()> {
    let dir = common::scratch();
    let mut random = Random::new(seed);
    let mut model = Model::default();
    let mut journal = Journal::create(dir.path(), &common::run_info())?;
    let header = length(dir.path());
    for step in 0..40 {
        match random.below(6) {
            0..3 => {
                let entries = common::entries(random.below(4));
                let end = model.end() + random.below(3) as u64;
                let before = length(dir.path());
                journal.append(&frame(&entries, end)?)?;
                model.frames.push((entries, end, length(dir.path()) - before));
            }
            3 => journal.sync()?,
            4 => {
                drop(journal);
                journal = Journal::open_resume(dir.path())?.0;
            }
            _ => {
                drop(journal);
                let keep = header + random.below(length(dir.path()) - header + 1);
                let bytes = fs::read(file_of(dir.path())).expect("the journal can be read");
                fs::write(file_of(dir.path()), &bytes[..keep]).expect("the journal can be written");
                let torn = model.truncate(header, keep);
                let (reopened, resumed) = Journal::open_resume(dir.path())?;
                assert_eq!(resumed.truncated_bytes, torn as u64, "seed {seed} step {step}");
                assert_eq!((resumed.end, resumed.digest), (model.end(), digest(model.end())));
                journal = reopened;
            }
        }
        assert_eq!(journal.end(), model.end(), "seed {seed} step {step}");
        assert_eq!(read_all(&journal)?, model.entries(), "seed {seed} step {step}");
    }
    Ok(())
}

#[test]
fn random_operations_match_the_model() {
    for seed in 0..60 {
        random_run(seed).unwrap();
    }
}
