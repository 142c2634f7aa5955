//! Names made from an event: a routing key, a subject, a topic, a blob's name.

use chrono::DateTime;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

use crate::published::Published;

/// What stands as it is. Everything else is percent-encoded: no broker's separators or wildcards come from a lane's name.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_');
/// What stands for nothing.
const NOTHING: &str = "_";

/// A text with places to be filled from an event: `{lane}`, `{type}`, `{id}` and `{date}`.
///
/// A lane and an id become one word: what is no letter, digit, `-` or `_` is percent-encoded. A type keeps the dots
/// between its words. An event without a lane has `_`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Template(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Lane,
    Kind,
    Id,
    Date,
}

/// Why a text is no template.
#[derive(Debug, thiserror::Error)]
#[error("`{{{part}}}` stands for nothing; there are {{lane}}, {{type}}, {{id}} and {{date}}")]
pub struct BadTemplate {
    part: String,
}

impl TryFrom<String> for Template {
    type Error = BadTemplate;

    fn try_from(text: String) -> Result<Self, BadTemplate> {
        Self::parse(&text)
    }
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// A name in braces that stands for nothing.
    pub fn parse(text: &str) -> Result<Self, BadTemplate> {
        let (mut parts, mut rest) = (Vec::new(), text);
        while let Some((before, after)) = rest.split_once('{') {
            let (name, behind) = after.split_once('}').ok_or_else(|| BadTemplate { part: after.to_owned() })?;
            let part = match name {
                "lane" => Part::Lane,
                "type" => Part::Kind,
                "id" => Part::Id,
                "date" => Part::Date,
                other => return Err(BadTemplate { part: other.to_owned() }),
            };
            parts.extend((!before.is_empty()).then(|| Part::Text(before.to_owned())));
            parts.push(part);
            rest = behind;
        }
        parts.extend((!rest.is_empty()).then(|| Part::Text(rest.to_owned())));
        Ok(Self(parts))
    }

    /// Text without places.
    pub(super) fn fixed(text: &str) -> Self {
        Self(vec![Part::Text(text.to_owned())])
    }

    /// Whether nothing would ever come of it.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether two events never have the same name.
    pub(super) fn has_id(&self) -> bool {
        self.0.contains(&Part::Id)
    }

    /// What comes before the first place, and whether there is one.
    pub(super) fn prefix(&self) -> (&str, bool) {
        match self.0.as_slice() {
            [Part::Text(text)] => (text, false),
            [Part::Text(text), ..] => (text, true),
            parts => ("", !parts.is_empty()),
        }
    }

    /// The name for an event.
    pub(super) fn fill(&self, item: &Published) -> String {
        let mut name = String::new();
        for part in &self.0 {
            match part {
                Part::Text(text) => name.push_str(text),
                Part::Lane => push_word(&mut name, lane(item).unwrap_or_default()),
                Part::Kind => push_words(&mut name, &item.event.kind),
                Part::Id => push_word(&mut name, &item.event.id),
                Part::Date => name.push_str(&date(item)),
            }
        }
        name
    }
}

/// The lane an event is about.
pub(super) fn lane(item: &Published) -> Option<&str> {
    item.event.at("data.lane")?.as_str().filter(|lane| !lane.is_empty())
}

/// The day an event happened, or the day it came where that is not said: `2026-11-25`.
fn date(item: &Published) -> String {
    let time = item.event.time.or_else(|| DateTime::from_timestamp_millis(item.appended_ms));
    time.map_or_else(|| NOTHING.to_owned(), |time| time.format("%Y-%m-%d").to_string())
}

fn push_word(name: &mut String, word: &str) {
    match word {
        "" => name.push_str(NOTHING),
        word => name.extend(utf8_percent_encode(word, PLAIN)),
    }
}

/// Words with dots between; where one is empty the dots mean nothing, and it is all one word.
fn push_words(name: &mut String, words: &str) {
    if words.split('.').any(str::is_empty) {
        return push_word(name, words);
    }
    for (i, word) in words.split('.').enumerate() {
        name.push_str(if i > 0 { "." } else { "" });
        push_word(name, word);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::published::{CloudEvent, Place};

    fn item(lane: &str, kind: &str) -> Published {
        let json = format!(
            r#"{{"specversion":"1.0","id":"a/1","source":"s","type":"{kind}","time":"2026-11-25T23:30:00Z",
                "data":{{"lane":{lane}}}}}"#
        );
        Published {
            place: Place { partition: 0, offset: 0 },
            appended_ms: 0,
            event: CloudEvent::from_json(json.as_bytes()).unwrap().into(),
            json: json.as_bytes().into(),
            crop: [].into(),
        }
    }

    #[test]
    fn places_are_filled_and_no_separator_comes_from_an_event() {
        let name = |template: &str, lane: &str, kind: &str| Template::parse(template).unwrap().fill(&item(lane, kind));
        assert_eq!(name("plates.{type}.{lane}", "\"3\"", "LicensePlate.Processed"), "plates.LicensePlate.Processed.3");
        assert_eq!(name("{lane}", "\"north/ gate=1\"", "t"), "north%2F%20gate%3D1");
        assert_eq!(name("{lane}.{lane}", "\"a.*>#+é\"", "t"), "a%2E%2A%3E%23%2B%C3%A9.a%2E%2A%3E%23%2B%C3%A9");
        assert_eq!(name("x/{lane}", "null", "t"), "x/_");
        assert_eq!(name("{type}", "null", "a..b"), "a%2E%2Eb");
        assert_eq!(name("{date}/{lane}/{id}.json", "\"..\"", "t"), "2026-11-25/%2E%2E/a%2F1.json");
        assert_eq!(name("", "null", "t"), "");
    }

    #[test]
    fn a_place_that_stands_for_nothing_is_named() {
        for (text, part) in [("a.{lan}", "`{lan}`"), ("{}", "`{}`"), ("{lane", "`{lane}`"), ("{", "`{}`")] {
            let said = Template::parse(text).unwrap_err().to_string();
            assert!(said.starts_with(part), "{said}");
        }
    }

    #[test]
    fn what_comes_before_the_first_place() {
        let prefix = |text: &str| Template::parse(text).map(|it| (it.prefix().0.to_owned(), it.prefix().1)).unwrap();
        assert_eq!(prefix("plates"), ("plates".into(), false));
        assert_eq!(prefix("plates.{lane}.x"), ("plates.".into(), true));
        assert_eq!(prefix("{lane}.x"), (String::new(), true));
        assert_eq!(prefix(""), (String::new(), false));
    }
}
