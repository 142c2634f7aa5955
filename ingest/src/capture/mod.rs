//! When a photo was taken, and which way up: from its EXIF data, else its file name, else its record.
//!
//! Nothing here fails: what cannot be understood is as if it were not there.

mod exif;
mod name;

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, Utc};

/// Where a capture time was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TimeSource {
    /// EXIF `DateTimeOriginal`, with `SubSecTimeOriginal` and `OffsetTimeOriginal` where they are given.
    Exif,
    /// The file's name.
    Name,
    /// The record's own time: the file's, the archive member's, or the time column's.
    Record,
}

impl TimeSource {
    /// The stable name: `exif`, `name` or `record`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Exif => "exif",
            Self::Name => "name",
            Self::Record => "record",
        }
    }
}

/// When a photo was taken, by the best witness there is.
///
/// EXIF and file names mostly give a local time without its offset from UTC; such a time is taken as UTC, which is the
/// only reading that is the same on every machine. Only years from 1990 to 2099 are believed: what lies outside is a
/// camera whose clock was never set, or a number that is no date.
#[must_use]
pub fn capture_time(bytes: &[u8], file_name: &str, recorded: DateTime<Utc>) -> (DateTime<Utc>, TimeSource) {
    if let Some(time) = exif::capture_time(bytes) {
        (time, TimeSource::Exif)
    } else if let Some(time) = name::capture_time(file_name) {
        (time, TimeSource::Name)
    } else {
        (recorded, TimeSource::Record)
    }
}

/// The EXIF orientation, 1 to 8 (TIFF 6.0 tag 274: 1 is upright, 3 upside down, 6 to be turned right by 90°, 8 left);
/// 1 where the photo does not say.
#[must_use]
pub fn orientation(bytes: &[u8]) -> u8 {
    exif::orientation(bytes).unwrap_or(1)
}

/// The parts of a date and time as they were found, unchecked.
#[derive(Debug, Clone, Copy)]
struct Parts {
    date: [u32; 3],
    time: [u32; 3],
    nanosecond: u32,
    /// Minutes east of UTC.
    offset_min: i32,
}

impl Parts {
    /// The instant, if it is a plausible one.
    fn instant(self) -> Option<DateTime<Utc>> {
        let [year, month, day] = self.date;
        let [hour, minute, second] = self.time;
        let date = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?;
        let time = NaiveTime::from_hms_nano_opt(hour, minute, second, self.nanosecond)?;
        let plausible = (1990..=2099).contains(&date.year()) && self.offset_min.abs() <= 14 * 60;
        let local = plausible.then(|| NaiveDateTime::new(date, time))?;
        Some((local - chrono::TimeDelta::minutes(i64::from(self.offset_min))).and_utc())
    }
}
