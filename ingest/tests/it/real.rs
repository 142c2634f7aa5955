//! The real photos, where they are there.

use std::path::Path;

use tollgate_ingest::capture::orientation;
use tollgate_ingest::{Limits, Payload, ReplayOptions, ReplaySource, SkipReason};

use crate::common::drain;

#[test]
fn real_photos_are_all_read() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/plates");
    if !root.is_dir() {
        eprintln!("SKIPPED: the real photos are not at {}", root.display());
        return;
    }
    let limits = Limits { batch_records: 16, batch_bytes: 4 << 20, ..Limits::default() };
    let mut source = ReplaySource::open(&[&root], &ReplayOptions { limits, source: Some("plates".into()) }).unwrap();
    let total = source.total_hint().unwrap();
    let records = drain(&mut source, limits).unwrap();
    assert!(total > 100 && records.len() as u64 == total, "{} of {total}", records.len());
    assert!(source.skipped().get(SkipReason::Labels) > 0);
    for record in &records {
        let Payload::Bytes(bytes) = &record.payload else { panic!("{}: {:?}", record.file, record.payload) };
        assert!(record.path.as_ref().is_some_and(|path| path.is_file()) && record.lane.is_some());
        assert!((1..=8).contains(&orientation(bytes)));
    }
}
