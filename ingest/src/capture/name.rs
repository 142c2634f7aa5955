//! Capture times in file names.
//!
//! What is understood, anywhere in a name and not within a longer number:
//! `20180912_143301`, `20180912T143301Z`, `20180912143301`, `2018-09-12 14-33-01`, `2018-09-12T14:33:01+02:00`,
//! `2018_09_12_14_33_01`, each with milliseconds directly behind or after one of `. , _ -`.

use chrono::{DateTime, Utc};

use super::Parts;

/// The first plausible date and time in a name.
pub(super) fn capture_time(file_name: &str) -> Option<DateTime<Utc>> {
    let bytes = file_name.as_bytes();
    (0..bytes.len())
        .filter(|&start| bytes[start].is_ascii_digit() && (start == 0 || !bytes[start - 1].is_ascii_digit()))
        .find_map(|start| parse(&bytes[start..])?.instant())
}

/// A cursor over what is left of a name.
struct Scan<'a> {
    rest: &'a [u8],
}

impl Scan<'_> {
    /// A number of exactly `digits` digits; more may follow.
    fn number(&mut self, digits: usize) -> Option<u32> {
        let (head, rest) = self.rest.split_at_checked(digits)?;
        let number = head
            .iter()
            .try_fold(0, |number, byte| byte.is_ascii_digit().then(|| number * 10 + u32::from(byte - b'0')))?;
        self.rest = rest;
        Some(number)
    }

    fn one_of(&mut self, set: &[u8]) -> Option<u8> {
        let (&first, rest) = self.rest.split_first()?;
        set.contains(&first).then(|| {
            self.rest = rest;
            first
        })
    }

    fn at_digit(&self) -> bool {
        self.rest.first().is_some_and(u8::is_ascii_digit)
    }

    /// Three numbers, the first of `digits` digits, the others of two, with the same separator between them or none.
    fn triple(&mut self, digits: usize, separators: &[u8]) -> Option<[u32; 3]> {
        let first = self.number(digits)?;
        let separator = self.one_of(separators);
        let second = self.number(2)?;
        if let Some(separator) = separator {
            self.one_of(&[separator])?;
        }
        Some([first, second, self.number(2)?])
    }

    /// Milliseconds: three digits and no more, directly behind the seconds or after a separator.
    fn millis(&mut self) -> Option<u32> {
        let mut ahead = Scan { rest: self.rest };
        ahead.one_of(b".,_-");
        let millis = ahead.number(3)?;
        (!ahead.at_digit()).then(|| {
            self.rest = ahead.rest;
            millis
        })
    }

    /// `Z`, `+02:00`, `+0200` or `-05:00`, in minutes. `-0500` is more often a running number than an offset.
    fn offset_min(&mut self) -> Option<i32> {
        let sign = self.one_of(b"+-")?;
        let hours = self.number(2)?;
        let colon = self.one_of(b":").is_some();
        let minutes = self.number(2)?;
        let east = i32::try_from(hours * 60 + minutes).ok()?;
        match sign {
            b'+' => Some(east),
            _ => colon.then_some(-east),
        }
    }
}

fn parse(text: &[u8]) -> Option<Parts> {
    let mut scan = Scan { rest: text };
    let date = scan.triple(4, b"-_.")?;
    scan.one_of(b"_-T .");
    let time = scan.triple(2, b"-_:.")?;
    let millis = scan.millis().unwrap_or(0);
    if scan.at_digit() {
        return None;
    }
    let offset_min = scan.offset_min().unwrap_or(0);
    Some(Parts { date, time, nanosecond: millis * 1_000_000, offset_min })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, expected: Option<&str>) {
        let found = capture_time(name).map(|time| time.format("%Y-%m-%dT%H:%M:%S%.3f").to_string());
        assert_eq!(found.as_deref(), expected, "{name}");
    }

    #[test]
    fn times_are_found_in_names() {
        let plain = Some("2018-09-12T14:33:01.000");
        check("20180912_143301.jpg", plain);
        check("IMG_20180912_143301.jpg", plain);
        check("20180912T143301Z.jpg", plain);
        check("lane7-20180912143301.jpg", plain);
        check("2018-09-12 14-33-01.jpg", plain);
        check("2018-09-12T14:33:01Z", plain);
        check("Screenshot_2018-09-12-14-33-01.png", plain);
        check("2018.09.12 14.33.01.jpg", plain);
        check("7_20180912_143301_plate.jpg", plain);
        check("20180912_143301-0001.jpg", plain);
        check("20180912_143301-2.jpg", plain);
    }

    #[test]
    fn milliseconds_and_offsets_count() {
        let millis = Some("2018-09-12T14:33:01.042");
        check("PXL_20180912_143301042.jpg", millis);
        check("20180912_143301_042.jpg", millis);
        check("2018-09-12T14:33:01.042Z.jpg", millis);
        check("20180912143301042.jpg", millis);
        check("2018-09-12T14:33:01+02:00.jpg", Some("2018-09-12T12:33:01.000"));
        check("20180912T143301+0200.jpg", Some("2018-09-12T12:33:01.000"));
        check("2018-09-12T14:33:01-05:30.jpg", Some("2018-09-12T20:03:01.000"));
    }

    #[test]
    fn other_numbers_are_no_times() {
        for name in [
            "",
            "1.jpg",
            "20180912.jpg",
            "20181312_143301.jpg",
            "20180912_253301.jpg",
            "20180912_146001.jpg",
            "18000912_143301.jpg",
            "21000912_143301.jpg",
            "120180912_143301.jpg",
            "20180912_14330.jpg",
            "20180912_1433011.jpg",
            "1536762781000.jpg",
            "2018-09-12T14:33.jpg",
            "2018-0912_143301.jpg",
            "2018\u{e4}0912_143301.jpg",
        ] {
            check(name, None);
        }
    }

    #[test]
    fn the_first_plausible_time_wins() {
        check("99999999_999999_20180912_143301_20190101_000000.jpg", Some("2018-09-12T14:33:01.000"));
    }
}
