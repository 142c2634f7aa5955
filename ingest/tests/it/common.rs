//! What the tests of replays share.

use std::path::Path;

use tollgate_ingest::{Limits, Payload, Record, RefusalCode, ReplayOptions, ReplaySource, Result, Source};

/// Small batches, so that every test crosses their borders.
pub(crate) fn small() -> ReplayOptions {
    ReplayOptions { limits: Limits { batch_records: 3, batch_bytes: 64, max_record_bytes: 4096 }, source: None }
}

/// All records that are left, after checking what holds for every batch.
pub(crate) fn drain(source: &mut ReplaySource, limits: Limits) -> Result<Vec<Record>> {
    let mut all: Vec<Record> = Vec::new();
    while let Some(batch) = source.next()? {
        let bytes: usize = batch.items.iter().map(|record| record.payload.size()).sum();
        assert!((1..=limits.batch_records).contains(&batch.items.len()));
        assert!(bytes as u64 <= limits.batch_bytes || batch.items.len() == 1);
        all.extend(batch.items);
        let last = all.last().map(|last| (last.offset + 1, last.digest));
        assert_eq!(last, Some((batch.end, source.digest())));
        source.commit(batch.end)?;
    }
    Ok(all)
}

/// All records of some paths.
pub(crate) fn replay<P: AsRef<Path>>(paths: &[P]) -> Result<Vec<Record>> {
    drain(&mut ReplaySource::open(paths, &small())?, small().limits)
}

/// A record in short: its file with its bytes, or with its refusal's code.
pub(crate) fn brief(record: &Record) -> (String, String) {
    let what = match &record.payload {
        Payload::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        Payload::Reference(url) => url.clone(),
        Payload::Refused(refusal) => format!("! {}", refusal.code),
    };
    (record.file.clone(), what)
}

pub(crate) fn briefs(records: &[Record]) -> Vec<(String, String)> {
    records.iter().map(brief).collect()
}

#[track_caller]
pub(crate) fn check(records: &[Record], expected: &[(&str, &str)]) {
    let expected: Vec<_> = expected.iter().map(|(file, what)| (file.to_string(), what.to_string())).collect();
    assert_eq!(briefs(records), expected);
}

pub(crate) fn code(record: &Record) -> Option<RefusalCode> {
    match &record.payload {
        Payload::Bytes(_) | Payload::Reference(_) => None,
        Payload::Refused(refusal) => Some(refusal.code),
    }
}

/// Stops after any number of records and goes on with a new source: the rest must be the same.
pub(crate) fn check_resume<P: AsRef<Path>>(paths: &[P]) -> Result<()> {
    let all = replay(paths)?;
    for done in 0..=all.len() {
        let mut resumed = ReplaySource::open(paths, &small())?;
        let digest = match done {
            0 => resumed.digest(),
            done => all[done - 1].digest,
        };
        resumed.skip(done as u64, digest)?;
        assert_eq!(drain(&mut resumed, small().limits)?, all[done..]);
    }
    Ok(())
}
