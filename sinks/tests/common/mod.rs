//! Made-up events for the tests: deterministic, and using every field.

use chrono::{DateTime, TimeDelta, Utc};
use tollgate_sinks::event::{
    Candidate, ContentType, Data, Detection, Event, EventKind, ImageSize, ModelRef, ModelRole, Reason, Region,
    SpecVersion, TimeSource, Timings, WeakSighting,
};
use tollgate_sinks::journal::{Frame, Journal, RunInfo};
use tollgate_sinks::{Entry, Error, Result};

/// 2024-05-01T06:30:00Z.
const START_SECONDS: i64 = 1_714_545_000;

/// A temporary folder, in memory where the system has such a place: these tests sync thousands of times.
pub(crate) fn scratch() -> tempfile::TempDir {
    let in_memory = tempfile::tempdir_in("/dev/shm");
    in_memory.or_else(|_| tempfile::tempdir()).expect("a temporary folder can be made")
}

/// A small generator (splitmix64): the same numbers for the same seed on every machine.
#[derive(Debug, Clone)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }

    pub(crate) fn unit(&mut self) -> f32 {
        (self.next() >> 40) as f32 / (1u32 << 24) as f32
    }

    pub(crate) fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| self.next() as u8).collect()
    }
}

/// A description of a run.
pub(crate) fn run_info() -> RunInfo {
    RunInfo {
        version: "0.1.0".into(),
        config_digest: "c0ffee".repeat(8),
        source: "file:///photos (1000 files)".into(),
        models: models(),
    }
}

fn models() -> Vec<ModelRef> {
    let model = |role, name: &str, digit: &str| ModelRef { role, name: name.into(), sha256: digit.repeat(64) };
    vec![model(ModelRole::Detector, "clp_det", "1"), model(ModelRole::Reader, "cct_xs_v2_global", "8")]
}

/// Time of capture of image `n`: two seconds apart, with microseconds.
pub(crate) fn capture_time(n: usize) -> DateTime<Utc> {
    let step = TimeDelta::microseconds(2_000_123);
    DateTime::from_timestamp(START_SECONDS, 0).unwrap_or_default() + step * n as i32
}

/// Event about image `n`. Of ten, seven are reads, two manual checks and one is rejected.
pub(crate) fn event(n: usize) -> Event {
    let kind = match n % 10 {
        3 | 7 => EventKind::ManualCheck,
        9 => EventKind::Rejected,
        _ => EventKind::Processed,
    };
    event_of(n, kind)
}

/// Event of the given kind about image `n`.
pub(crate) fn event_of(n: usize, kind: EventKind) -> Event {
    let mut random = Random::new(n as u64);
    let file_name = format!("photo, \"{n}\".jpg");
    let source = format!("file:///photos/lane%20{}/{n}.jpg", n % 3);
    let time = capture_time(n);
    let text = if kind == EventKind::Rejected { String::new() } else { plate(&mut random) };
    let least = if kind == EventKind::Processed { 0.8 } else { 0.3 };
    let confidence = if text.is_empty() { 0.0 } else { least + random.unit() * 0.2 };
    let has_plate = !text.is_empty();
    let data = Data {
        file_name: file_name.clone(),
        lane: (!n.is_multiple_of(4)).then(|| format!("lane {}", n % 3)),
        time_stamp: time,
        time_source: [TimeSource::Exif, TimeSource::Name, TimeSource::Record][n % 3],
        license_plate_found: kind == EventKind::Processed,
        raw_text: if has_plate { format!("{text}_") } else { String::new() },
        confidence,
        mean_confidence: confidence,
        char_confidences: vec![confidence; text.len()],
        candidates: candidates(&text, confidence),
        region: (has_plate && n.is_multiple_of(2)).then(|| Region { name: "Brazil".into(), confidence: 0.75 }),
        plate_index: 0,
        plates_in_image: u32::from(has_plate),
        detection: has_plate.then(|| detection(n)),
        image: (n % 20 != 19).then_some(ImageSize { width: 1920, height: 1080 }),
        reason: (kind != EventKind::Processed).then(|| Reason {
            code: if has_plate { "low_confidence" } else { "no_plate" }.into(),
            detail: if has_plate { "the least sure character is under 0.8" } else { "no plate was found" }.into(),
        }),
        models: models(),
        timings: Timings { decode_ms: 7.5, detect_ms: 28.0 + (n % 5) as f32, read_ms: 3.5, judge_ms: 0.0625 },
        weak_sightings: weak_sightings(n),
        review: None,
        license_plate_text: text,
    };
    Event {
        specversion: SpecVersion::V1,
        id: Event::id_for(&source, 0),
        subject: format!("lane {}/{file_name}", n % 3),
        source,
        kind,
        time,
        datacontenttype: ContentType::Json,
        data,
    }
}

fn plate(random: &mut Random) -> String {
    let mut pick = |from: &str| char::from(from.as_bytes()[random.below(from.len())]);
    let letters = "ABCDEFGHJKLMNPRSTUVWXYZ";
    (0..7).map(|i| pick(if i < 3 { letters } else { "0123456789" })).collect()
}

fn candidates(text: &str, confidence: f32) -> Vec<Candidate> {
    if text.is_empty() {
        return Vec::new();
    }
    let other = text.replace('0', "O").replace('8', "B");
    let pair = [(text.to_owned(), confidence), (other, confidence / 2.0)];
    pair.into_iter().map(|(text, confidence)| Candidate { text, confidence }).collect()
}

fn detection(n: usize) -> Detection {
    let (x, y) = (600.5 + n as f32, 480.25);
    let corners = [[x, y], [x + 180.0, y + 2.0], [x + 180.0, y + 58.0], [x, y + 56.0]];
    Detection { score: 0.9375, bounds: [x, y, 180.0, 58.0], corners }
}

fn weak_sightings(n: usize) -> Vec<WeakSighting> {
    let sighting = WeakSighting {
        score: 0.125,
        bounds: [10.0, 20.0, 30.0, 15.0],
        text: "1".into(),
        confidence: 0.25,
        reason: "too_few_characters".into(),
    };
    if n.is_multiple_of(5) { vec![sighting] } else { Vec::new() }
}

/// Entries about images 0 to `count`; crops are the JPEG's first bytes and a little noise, rejected ones have none.
pub(crate) fn entries(count: usize) -> Vec<Entry> {
    (0..count).map(entry).collect()
}

/// Entry about image `n`.
pub(crate) fn entry(n: usize) -> Entry {
    let event = event(n);
    let mut crop = Vec::new();
    if event.kind != EventKind::Rejected {
        crop.extend_from_slice(&[0xff, 0xd8, 0xff, 0xe0]);
        crop.extend(Random::new(n as u64 + 1).bytes(n % 50));
    }
    Entry { event, crop }
}

/// A journal in `dir` with these entries, `per_frame` a frame.
pub(crate) fn journal_with(dir: &std::path::Path, entries: &[Entry], per_frame: usize) -> Result<Journal, Error> {
    let mut journal = Journal::create(dir, &run_info())?;
    let mut frame = Frame::new();
    for chunk in entries.chunks(per_frame) {
        frame.clear();
        for entry in chunk {
            frame.push(&entry.event, &entry.crop)?;
        }
        frame.set_end(journal.end() + chunk.len() as u64, &[0; 32]);
        journal.append(&frame)?;
    }
    journal.sync()?;
    Ok(journal)
}
