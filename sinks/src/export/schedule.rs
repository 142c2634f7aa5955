//! When: cron expressions.

use chrono::{DateTime, Utc};
use croner::Cron;
use croner::parser::{CronParser, Seconds};

/// The times of a cron expression, in UTC.
#[derive(Debug, Clone)]
pub struct Schedule(Cron);

impl Schedule {
    /// Reads an expression of five fields: minute, hour, day of the month, month, day of the week.
    ///
    /// # Errors
    /// A sentence that says what is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        let parser = CronParser::builder().seconds(Seconds::Disallowed).build();
        let cron = parser.parse(text).map_err(|error| format!("cron is {text:?}: {error}"))?;
        match Self(cron).checked() {
            Some(schedule) => Ok(schedule),
            None => Err(format!("cron is {text:?}, which is never")),
        }
    }

    fn checked(self) -> Option<Self> {
        self.after(DateTime::UNIX_EPOCH).is_some().then_some(self)
    }

    /// The first time after another.
    #[must_use]
    pub fn after(&self, time: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.0.find_next_occurrence(&time, false).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_utc_and_strictly_later() {
        let hourly = Schedule::parse("0 * * * *").unwrap();
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        assert_eq!(hourly.after(at("2026-11-25T06:00:00Z")), Some(at("2026-11-25T07:00:00Z")));
        assert_eq!(hourly.after(at("2026-11-25T06:59:59.9Z")), Some(at("2026-11-25T07:00:00Z")));
        let weekly = Schedule::parse("30 2 * * MON").unwrap();
        assert_eq!(weekly.after(at("2026-11-25T06:00:00Z")), Some(at("2026-11-30T02:30:00Z")));
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in ["", "hourly", "61 * * * *", "* * * * * *", "0 0 31 2 *"] {
            assert!(Schedule::parse(text).unwrap_err().contains("cron"), "{text}");
        }
    }
}
