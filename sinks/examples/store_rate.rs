//! How fast the store takes events, and how fast it answers with many plates in it:
//! `cargo run --example store_rate -- FOLDER PLATES BATCH`. Prints one JSON object.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::DateTime;
use serde_json::{Value, json};
use tollgate_sinks::event::Event;
use tollgate_sinks::store::{PlateFilter, Query, Store};
use tollgate_sinks::{CloudEvent, Place, Published};

/// Queries of each kind.
const QUERIES: u64 = 1000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().ok_or("name a folder")?);
    let plates: u64 = arguments.next().unwrap_or_else(|| "1000000".into()).parse()?;
    let batch: u64 = arguments.next().unwrap_or_else(|| "2000".into()).parse()?;
    let store = Store::open(&folder.join("store.redb"), 128 << 20)?;
    let (mut writing, mut tenths) = (Duration::ZERO, Vec::new());
    for from in (0..plates).step_by(usize::try_from(batch)?) {
        let items: Vec<_> = (from..(from + batch).min(plates)).map(published).collect::<Result<_, _>>()?;
        let begun = Instant::now();
        store.apply(&items)?;
        writing += begun.elapsed();
        if (from + batch) * 10 / plates > tenths.len() as u64 {
            tenths.push(((from + batch) as f64 / writing.as_secs_f64()).round());
        }
    }
    let exact = |n| PlateFilter::Exact(plate(n));
    let prefix = |n| PlateFilter::Prefix(plate(n).chars().take(5).collect());
    let near = |n| PlateFilter::Near(plate(n).replacen(['1', '2', '3'], "7", 1));
    let answered = json!({
        "exact": ask(&store, plates, exact)?, "prefix": ask(&store, plates, prefix)?, "near": ask(&store, plates, near)?,
    });
    let bytes = std::fs::metadata(folder.join("store.redb"))?.len();
    println!(
        "{}",
        json!({
            "plates": plates, "batch": batch, "upserts_per_s": (plates as f64 / writing.as_secs_f64()).round(),
            "upserts_per_s_up_to_each_tenth": tenths, "bytes_a_plate": bytes / plates.max(1), "queries_ms": answered,
        })
    );
    Ok(())
}

/// Scatters numbers (the finaliser of splitmix64).
fn scattered(n: u64) -> u64 {
    let z = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Of the form `7ABC123`.
fn plate(n: u64) -> String {
    let z = scattered(n + 1);
    let letter = |at: u64| char::from(b'A' + u8::try_from((z >> (8 * at)) % 26).unwrap_or(0));
    format!("{}{}{}{}{:03}", 1 + z % 9, letter(1), letter(2), letter(3), (z >> 40) % 1000)
}

fn published(n: u64) -> Result<Published, Box<dyn std::error::Error>> {
    let (source, lane) = (format!("hub:images/0/{n}"), (n % 32).to_string());
    let time = DateTime::from_timestamp_millis(1_780_000_000_000 + i64::try_from(n)? * 37).unwrap_or_default();
    let id = Event::id_for(&source, 0);
    let text = plate(n);
    let body = json!({
        "specversion": "1.0", "id": id, "source": source, "type": "LicensePlate.Processed", "subject": format!("{lane}/{n}.jpg"),
        "time": time, "datacontenttype": "application/json",
        "data": {
            "fileName": format!("{n}.jpg"), "lane": lane, "timeStamp": time, "timeSource": "exif",
            "licensePlateFound": true, "licensePlateText": text, "rawText": text, "confidence": 0.97,
            "meanConfidence": 0.99, "charConfidences": [0.97, 0.99, 0.99, 0.99, 0.99, 0.99, 0.99],
            "candidates": [{"text": text, "confidence": 0.9}, {"text": "7ABC123", "confidence": 0.02}],
            "region": {"name": "United States", "confidence": 0.9}, "plateIndex": 0, "platesInImage": 1,
            "detection": {"score": 0.9, "box": [1.0, 2.0, 3.0, 4.0], "corners": [[1.0, 2.0], [4.0, 2.0], [4.0, 6.0], [1.0, 6.0]]},
            "image": {"width": 1920, "height": 1080}, "reason": null, "models": [],
            "timings": {"decodeMs": 7.5, "detectMs": 28.0, "readMs": 3.5, "judgeMs": 0.1}, "weakSightings": [],
        },
    });
    let json = body.to_string().into_bytes();
    let event = Arc::new(CloudEvent::from_json(&json)?);
    let place = Place { partition: 0, offset: n };
    Ok(Published { place, appended_ms: time.timestamp_millis(), event, json: json.into(), crop: Arc::default() })
}

/// Median and 99th percentile in milliseconds, and how many plates were found on average.
fn ask(store: &Store, plates: u64, filter: impl Fn(u64) -> PlateFilter) -> Result<Value, Box<dyn std::error::Error>> {
    let (mut times, mut found) = (Vec::new(), 0);
    for n in 0..QUERIES {
        let query = Query { plate: Some(filter(scattered(n) % plates)), limit: 100, ..Query::default() };
        let begun = Instant::now();
        found += store.query(&query)?.documents.len();
        times.push(begun.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    let at = |share: f64| (times[(times.len() as f64 * share) as usize] * 1000.0).round() / 1000.0;
    Ok(json!({ "p50": at(0.5), "p99": at(0.99), "found": found as f64 / QUERIES as f64 }))
}
