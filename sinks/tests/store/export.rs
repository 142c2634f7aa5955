//! Exports: claimed, made, marked; a crash between any two of them makes no second file and loses no plate.

use tollgate_sinks::Error;
use tollgate_sinks::store::{DocumentKind, Start};

use super::{apply, at, check, ids, open, read};
use crate::common;

#[test]
fn a_crash_between_write_csv_and_mark_exported_exports_twice() {
    let dir = common::scratch();
    let store = open(dir.path());
    apply(&store, &[read(1, "AAA111", "1"), read(2, "BBB222", "1"), check(3, "CC")]);
    let begun = store.export_batch("first.csv", 99, at(0)).unwrap().unwrap();
    assert_eq!(begun.rows.len(), 2);
    drop(store);
    // The file may be there or not: whoever comes back is told to make the same one again.
    let store = open(dir.path());
    apply(&store, &[read(4, "DDD444", "1")]);
    assert_eq!(store.open_export().unwrap().as_ref(), Some(&begun));
    assert_eq!(store.export_batch("second.csv", 99, at(60)).unwrap().unwrap(), begun);
    assert_eq!(store.mark_exported("first.csv", at(61)).unwrap(), 2);
    drop(store);
    let store = open(dir.path());
    assert_eq!(store.mark_exported("first.csv", at(62)).unwrap(), 2, "marked once more, nothing changes");
    assert_eq!(store.open_export().unwrap(), None);
    let next = store.export_batch("second.csv", 99, at(63)).unwrap().unwrap();
    assert_eq!(next.rows.iter().map(|row| row.license_plate_text.as_str()).collect::<Vec<_>>(), ["DDD444"]);
    store.mark_exported("second.csv", at(64)).unwrap();
    assert_eq!(store.export_batch("third.csv", 99, at(65)).unwrap(), None);
}

#[test]
fn marking_shows_in_the_documents_and_in_the_feed() {
    let dir = common::scratch();
    let store = open(dir.path());
    let event = read(1, "AAA111", "1");
    apply(&store, std::slice::from_ref(&event));
    let now = store.token(Start::Now).unwrap();
    assert_eq!(ids(&store.unexported(9).unwrap()), [event.id]);
    store.export_batch("a.csv", 99, at(0)).unwrap().unwrap();
    assert_eq!((store.unexported_count().unwrap(), store.changes(now, 9).unwrap().items.len()), (0, 0));
    store.mark_exported("a.csv", at(1)).unwrap();
    let changes = store.changes(now, 9).unwrap().items;
    assert_eq!(changes.len(), 1);
    let document = &changes[0].document;
    assert_eq!(
        (document.kind, document.exported, document.exported_in.as_deref()),
        (DocumentKind::Processed, Some(true), Some("a.csv"))
    );
}

#[test]
fn an_export_takes_no_more_than_it_is_told() {
    let dir = common::scratch();
    let store = open(dir.path());
    apply(&store, &(0..5).map(|n| read(n, "AAA111", "1")).collect::<Vec<_>>());
    for (name, rows) in [("a", 2), ("b", 2), ("c", 1)] {
        assert_eq!(store.export_batch(name, 2, at(0)).unwrap().unwrap().rows.len(), rows);
        store.mark_exported(name, at(0)).unwrap();
    }
    assert_eq!(store.export_batch("d", 2, at(0)).unwrap(), None);
}

#[test]
fn names_are_checked_and_used_once() {
    let dir = common::scratch();
    let store = open(dir.path());
    apply(&store, &[read(1, "AAA111", "1"), read(2, "AAA111", "1")]);
    for name in ["", "../a.csv", "a/b", ".hidden", "a b", &"x".repeat(65)] {
        let refused = store.export_batch(name, 1, at(0));
        assert!(matches!(refused, Err(Error::BadName { .. })), "{name:?}");
    }
    assert!(matches!(store.mark_exported("none", at(0)), Err(Error::NoExport { .. })));
    store.export_batch("a", 1, at(0)).unwrap().unwrap();
    store.mark_exported("a", at(0)).unwrap();
    assert!(matches!(store.export_batch("a", 1, at(0)), Err(Error::ExportDone { .. })));
    assert_eq!(store.unexported_count().unwrap(), 1);
}
