//! Which folder and file a row goes to: `date=2026-11-25/hour=07/lane=3/….parquet`.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::Row;
use crate::event::Event;

/// What hive writes for a value that is not there.
const NONE: &str = "__HIVE_DEFAULT_PARTITION__";
/// What may stand in a folder's name as it is.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.');
/// Bytes of a lane in a folder's name: file systems take 255 in all.
const MAX_LANE_BYTES: usize = 200;

/// The folder of an event, by its time of capture (UTC) and its lane.
pub(super) fn folder(event: &Event) -> String {
    let mut folder = event.time.format("date=%Y-%m-%d/hour=%H/lane=").to_string();
    match event.data.lane.as_deref().filter(|lane| !lane.is_empty()) {
        None => folder.push_str(NONE),
        Some(lane) => push_lane(&mut folder, lane),
    }
    folder
}

/// A lane is cut where its name would become too long; the rows' `subject` has it whole.
fn push_lane(folder: &mut String, lane: &str) {
    let limit = folder.len() + MAX_LANE_BYTES;
    for c in lane.chars() {
        let before = folder.len();
        folder.extend(utf8_percent_encode(c.encode_utf8(&mut [0; 4]), PLAIN));
        if folder.len() > limit {
            folder.truncate(before);
            return;
        }
    }
}

/// A file is called after its first row: when and where that came into the hub. No other file begins with it, not even
/// that of another hub of the same name.
pub(super) fn file(folder: &str, first: &Row) -> String {
    let Row { place, appended_ms, .. } = first;
    format!("{folder}/{appended_ms:013}-{:02}-{:012}.parquet", place.partition, place.offset)
}
