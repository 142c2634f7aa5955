//! What a captured file is called.

use chrono::{DateTime, Utc};

use crate::published::Place;

/// `{namespace}/{hub}/{partition}/{Y}/{M}/{D}/{H}/{m}/{s}.avro`, by when the window's first record was appended.
///
/// A window that begins in the same second as the one before it (`before`, in the same partition) ended by its size; the
/// offset of its first record tells the two apart: `{s}_{offset}.avro`, which comes
/// after `{s}.avro` where files are listed by name.
#[must_use]
pub fn file_name(
    namespace: &str,
    hub: &str,
    first: Place,
    began: DateTime<Utc>,
    before: Option<DateTime<Utc>>,
) -> String {
    let folder = format!("{namespace}/{hub}/{}", first.partition);
    let time = began.format("%Y/%m/%d/%H/%M/%S");
    match before {
        Some(before) if before.timestamp() >= began.timestamp() => format!("{folder}/{time}_{:012}.avro", first.offset),
        _ => format!("{folder}/{time}.avro"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_path_and_windows_of_one_second() {
        let first = Place { partition: 3, offset: 77 };
        let at = |ms| DateTime::from_timestamp_millis(1_795_000_000_000 + ms).unwrap();
        let name = |began, before: Option<i64>| file_name("ns", "images", first, at(began), before.map(at));
        assert_eq!(name(0, None), "ns/images/3/2026/11/18/11/06/40.avro");
        assert_eq!(name(999, Some(0)), "ns/images/3/2026/11/18/11/06/40_000000000077.avro");
        assert_eq!(name(1000, Some(999)), "ns/images/3/2026/11/18/11/06/41.avro");
    }
}
