//! What is asked for.

use chrono::{DateTime, Utc};
use tollgate_sinks::Event;

/// Which plates.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Query {
    pub(super) since: Option<DateTime<Utc>>,
    until: Option<DateTime<Utc>>,
    lane: Option<String>,
}

impl Query {
    /// Reads the part of a URL behind the `?`.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut query = Self::default();
        for (name, value) in url::form_urlencoded::parse(text.as_bytes()) {
            match &*name {
                "since" => query.since = Some(time(&name, &value)?),
                "until" => query.until = Some(time(&name, &value)?),
                "lane" => query.lane = Some(value.into_owned()),
                _ => return Err(format!("`{name}` is not asked for here; there are since, until and lane")),
            }
        }
        Ok(query)
    }

    /// Whether an event is asked for.
    pub(super) fn takes(&self, event: &Event) -> bool {
        self.since.is_none_or(|since| event.time >= since)
            && self.until.is_none_or(|until| event.time < until)
            && self.lane.as_ref().is_none_or(|lane| event.data.lane.as_ref() == Some(lane))
    }
}

fn time(name: &str, value: &str) -> Result<DateTime<Utc>, String> {
    // A `+` that was not encoded has become a space.
    let parsed = DateTime::parse_from_rfc3339(&value.replace(' ', "+"));
    parsed
        .map(|time| time.to_utc())
        .map_err(|_malformed| format!("{name}={value:?} is no time; write it as 2026-11-25T06:00:00Z"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_lanes() {
        let query = Query::parse("since=2026-11-25T06:00:00%2B01:00&lane=a%20b").unwrap();
        assert_eq!(query.since.map(|time| time.to_rfc3339()).as_deref(), Some("2026-11-25T05:00:00+00:00"));
        assert_eq!(query.lane.as_deref(), Some("a b"));
        assert_eq!(Query::parse("").unwrap(), Query::default());
        assert!(Query::parse("since=yesterday").unwrap_err().contains("since"));
        assert!(Query::parse("plate=x").unwrap_err().contains("`plate`"));
    }
}
