//! The change feed.

use tollgate_sinks::Error;
use tollgate_sinks::store::{Start, Store, Token};

use super::{apply, at, check, open, published, read, review};
use crate::common;

fn plates(store: &Store, from: Start) -> Vec<String> {
    let changes = store.changes(store.token(from).expect("a token"), 99).expect("the feed");
    changes.items.into_iter().map(|change| change.document.license_plate_text).collect()
}

#[test]
fn from_the_beginning_a_time_a_token_or_now() {
    let dir = common::scratch();
    let store = open(dir.path());
    for n in 0..5 {
        store.apply(&[published(&read(n, &format!("P{n}"), "1"), n as u64 * 10, b"")]).unwrap();
    }
    assert_eq!(plates(&store, Start::Beginning), ["P0", "P1", "P2", "P3", "P4"]);
    assert_eq!(plates(&store, Start::Time(at(20))), ["P2", "P3", "P4"]);
    assert_eq!(plates(&store, Start::Time(at(21))), ["P3", "P4"]);
    assert_eq!(plates(&store, Start::Time(at(-9))).len(), 5);
    assert!(plates(&store, Start::Time(at(41))).is_empty() && plates(&store, Start::Now).is_empty());
    let first = store.changes(store.token(Start::Beginning).unwrap(), 2).unwrap();
    assert_eq!((first.items.len(), first.items[1].token), (2, first.token));
    let token: Token = first.token.to_string().parse().unwrap();
    assert_eq!(plates(&store, Start::Token(token)), ["P2", "P3", "P4"]);
    assert_eq!(store.changes(token, 0).unwrap().token, token);
}

#[test]
fn an_update_moves_its_document_to_the_end() {
    let dir = common::scratch();
    let store = open(dir.path());
    let asked = check(1, "AS");
    apply(&store, &[asked.clone(), read(2, "BBB222", "1")]);
    let seen = store.token(Start::Now).unwrap();
    apply(&store, &[review(&asked, Some("ASK123"))]);
    assert_eq!(plates(&store, Start::Token(seen)), ["AS", "ASK123"]);
    assert_eq!(plates(&store, Start::Beginning), ["BBB222", "AS", "ASK123"], "each at its latest change alone");
}

/// Partitions are appended to by clocks that differ; times of the feed never fall, so that a search by time finds.
#[test]
fn times_of_the_feed_never_fall() {
    let dir = common::scratch();
    let store = open(dir.path());
    for (n, second) in [50, 20, 60, 10, 70].into_iter().enumerate() {
        store.apply(&[published(&read(n, &format!("P{n}"), "1"), second, b"")]).unwrap();
    }
    let changes = store.changes(store.token(Start::Beginning).unwrap(), 99).unwrap().items;
    assert!(changes.windows(2).all(|pair| pair[0].changed_ms <= pair[1].changed_ms), "{changes:?}");
    assert_eq!(plates(&store, Start::Time(at(60))), ["P2", "P3", "P4"]);
}

#[test]
fn a_processor_goes_on_from_where_it_said_it_was() {
    let dir = common::scratch();
    let store = open(dir.path());
    apply(&store, &(0..5).map(|n| read(n, &format!("P{n}"), "1")).collect::<Vec<_>>());
    assert_eq!(store.processor("billing").unwrap(), None);
    let page = store.changes(store.token(Start::Beginning).unwrap(), 3).unwrap();
    store.save_processor("billing", page.token, at(0)).unwrap();
    drop(store);
    let store = open(dir.path());
    let token = store.processor("billing").unwrap().unwrap();
    assert_eq!(plates(&store, Start::Token(token)), ["P3", "P4"]);
    let all = store.processors().unwrap();
    assert_eq!((all.len(), all[0].name.as_str(), all[0].behind), (1, "billing", 2));
    assert!(store.delete_processor("billing").unwrap() && !store.delete_processor("billing").unwrap());
}

#[test]
fn bad_tokens_and_names_are_refused() {
    let dir = common::scratch();
    let store = open(dir.path());
    for text in ["", "v", "5", "v-1", "v1x", "v99999999999999999999999"] {
        assert!(matches!(text.parse::<Token>(), Err(Error::BadToken { .. })), "{text:?}");
    }
    let ahead: Token = "v7".parse().unwrap();
    assert!(matches!(store.token(Start::Token(ahead)), Err(Error::BadToken { .. })));
    assert!(matches!(store.save_processor("a", ahead, at(0)), Err(Error::BadToken { .. })));
    let beginning = store.token(Start::Beginning).unwrap();
    assert!(matches!(store.save_processor("../a", beginning, at(0)), Err(Error::BadName { .. })));
}
