//! Times as they stand in requests.

use chrono::{DateTime, NaiveDate, NaiveDateTime};

/// A time of a signature or policy: `2026-11-25`, `2026-11-25T10:00Z`, `2026-11-25T10:00:00Z`, with a fraction or an
/// offset; in milliseconds since the epoch.
pub(super) fn iso(text: &str) -> Option<i64> {
    let whole = || DateTime::parse_from_rfc3339(text).ok().map(|time| time.timestamp_millis());
    let minutes = || NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%MZ").ok();
    let day = || NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?.and_hms_opt(0, 0, 0);
    whole().or_else(|| Some(minutes().or_else(day)?.and_utc().timestamp_millis()))
}

/// The time of a header, in milliseconds since the epoch.
pub(super) fn http(text: &str) -> Option<i64> {
    let time = httpdate::parse_http_date(text).ok()?;
    i64::try_from(time.duration_since(std::time::UNIX_EPOCH).ok()?.as_millis()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_in_all_their_forms() {
        let hour = Some(1_800_000_000_000);
        let forms =
            ["2027-01-15T08:00:00Z", "2027-01-15T08:00Z", "2027-01-15T08:00:00.0000000Z", "2027-01-15T10:00:00+02:00"];
        for form in forms {
            assert_eq!(iso(form), hour, "{form}");
        }
        assert_eq!(iso("2027-01-15"), Some(1_800_000_000_000 - 8 * 3_600_000));
        assert_eq!(http("Fri, 15 Jan 2027 08:00:00 GMT"), hour);
        for bad in ["", "x", "2027-13-01", "2027-01-15T08", "-1"] {
            assert_eq!((iso(bad), http(bad)), (None, None), "{bad}");
        }
    }
}
