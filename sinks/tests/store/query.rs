//! Queries, against a plain filter over all documents.

use std::collections::BTreeSet;

use tollgate_sinks::Error;
use tollgate_sinks::event::{Event, EventKind};
use tollgate_sinks::store::{Band, Document, PlateFilter, Query, Store};

use super::{apply, open, read};
use crate::common::{self, Random};

fn all(store: &Store, query: &Query) -> Vec<Document> {
    let (mut found, mut query) = (Vec::new(), query.clone());
    loop {
        let page = store.query(&query).expect("an answer");
        assert!(page.documents.len() <= query.limit);
        found.extend(page.documents);
        query.token = page.token;
        if query.token.is_none() {
            return found;
        }
    }
}

fn texts(store: &Store, plate: PlateFilter, fold: bool) -> Vec<String> {
    let query = Query { plate: Some(plate), fold, limit: 2, ..Query::default() };
    all(store, &query).into_iter().map(|document| document.license_plate_text).collect()
}

#[test]
fn by_plate_exact_prefix_and_one_character_off() {
    let dir = common::scratch();
    let store = open(dir.path());
    let plates = ["ABC123", "ABC12", "ABC1234", "XBC123", "ABX123", "ACB123", "ABCI23", "ABCO23", "ABC023", "ZZZ999"];
    apply(&store, &plates.iter().enumerate().map(|(n, plate)| read(n, plate, "1")).collect::<Vec<_>>());
    let exact = |plate: &str, fold| texts(&store, PlateFilter::Exact(plate.into()), fold);
    assert_eq!(exact("abc-123", false), ["ABC123"]);
    assert_eq!(exact("ABC123", true), ["ABC123", "ABCI23"]);
    assert_eq!(exact("ABCO23", false), ["ABCO23"]);
    assert_eq!(exact("ABCO23", true), ["ABCO23", "ABC023"]);
    assert_eq!(texts(&store, PlateFilter::Prefix("ABC1".into()), false), ["ABC12", "ABC123", "ABC1234"]);
    assert_eq!(texts(&store, PlateFilter::Prefix("abc1".into()), true).len(), 4);
    let near: BTreeSet<_> = texts(&store, PlateFilter::Near("ABC123".into()), false).into_iter().collect();
    let wanted = ["ABC123", "ABC12", "ABC1234", "XBC123", "ABX123", "ABCI23", "ABCO23", "ABC023"];
    assert_eq!(near, wanted.map(str::to_owned).into());
    assert!(texts(&store, PlateFilter::Near("QQQ".into()), false).is_empty());
}

/// Every combination of what can be asked for gives what a plain filter gives, whatever the size of a page.
#[test]
fn queries_agree_with_a_plain_filter() {
    let dir = common::scratch();
    let store = open(dir.path());
    let mut random = Random::new(7);
    let mut pick = |from: &str| char::from(from.as_bytes()[random.below(from.len())]);
    let events: Vec<Event> = (0..300)
        .map(|n| {
            let plate: String = (0..3).map(|_| pick("AO0")).collect();
            let lane = pick("12").to_string();
            let mut event = read(n, &plate, &lane);
            event.kind = if n % 5 == 0 { EventKind::ManualCheck } else { EventKind::Processed };
            event
        })
        .collect();
    apply(&store, &events);
    let documents = all(&store, &Query { limit: 1000, ..Query::default() });
    assert_eq!(documents.len(), 300);
    let times: Vec<_> = documents.iter().map(|document| document.time_stamp).collect();
    assert!(times.is_sorted());
    let filters = [
        None,
        Some(PlateFilter::Exact("AO0".into())),
        Some(PlateFilter::Prefix("A".into())),
        Some(PlateFilter::Near("OOO".into())),
    ];
    for plate in filters {
        for lane in [None, Some("1".to_owned())] {
            for band in [None, Some(Band::Manual)] {
                for (since, until) in [(None, None), (Some(times[50]), Some(times[200]))] {
                    let query = Query {
                        plate: plate.clone(),
                        fold: false,
                        lane: lane.clone(),
                        since,
                        until,
                        band,
                        limit: 7,
                        token: None,
                    };
                    let wanted: BTreeSet<_> = documents
                        .iter()
                        .filter(|document| fits(document, &query))
                        .map(|document| document.event_id)
                        .collect();
                    let found = all(&store, &query);
                    assert_eq!(found.len(), wanted.len(), "none twice: {query:?}");
                    assert_eq!(
                        found.into_iter().map(|document| document.event_id).collect::<BTreeSet<_>>(),
                        wanted,
                        "{query:?}"
                    );
                }
            }
        }
    }
}

fn fits(document: &Document, query: &Query) -> bool {
    let text = &document.license_plate_text;
    let off = |plate: &str| text.chars().zip(plate.chars()).filter(|(a, b)| a != b).count();
    (match &query.plate {
        None => true,
        Some(PlateFilter::Exact(plate)) => text == plate,
        Some(PlateFilter::Prefix(plate)) => text.starts_with(plate.as_str()),
        // All are as long as each other, but for those that lose one character and gain another, which are two off.
        Some(PlateFilter::Near(plate)) => off(plate) <= 1,
    }) && query.lane.as_ref().is_none_or(|lane| document.lane.as_ref() == Some(lane))
        && query.band.is_none_or(|band| document.band() == band)
        && query.since.is_none_or(|since| document.time_stamp >= since)
        && query.until.is_none_or(|until| document.time_stamp < until)
}

#[test]
fn a_query_that_finds_little_is_bounded_too() {
    let dir = common::scratch();
    let store = open(dir.path());
    for chunk in (0..12_000).collect::<Vec<_>>().chunks(4000) {
        apply(&store, &chunk.iter().map(|&n| read(n, "ABC123", "1")).collect::<Vec<_>>());
    }
    let nothing = Query { band: Some(Band::Reviewed), limit: 10, ..Query::default() };
    let page = store.query(&nothing).unwrap();
    assert!(page.documents.is_empty() && page.token.is_some());
    assert!(all(&store, &nothing).is_empty());
}

#[test]
fn a_token_of_another_query_is_refused() {
    let dir = common::scratch();
    let store = open(dir.path());
    apply(&store, &[read(1, "A", "1"), read(2, "A", "1")]);
    let by_time = Query { limit: 1, ..Query::default() };
    let token = store.query(&by_time).unwrap().token;
    let by_lane = Query { lane: Some("1".into()), token, limit: 1, ..Query::default() };
    assert!(matches!(store.query(&by_lane), Err(Error::BadToken { .. })));
    for token in ["", "dA", "not base64!"] {
        let refused = store.query(&Query { token: Some(token.into()), limit: 1, ..Query::default() });
        assert!(matches!(refused, Err(Error::BadToken { .. })), "{token:?}");
    }
}
