//! Advanced filters: a key of the event, an operator, and what it is compared with.
//!
//! As the original has it: where the key is missing, only the operators that deny something hold (and
//! `IsNullOrUndefined`); of an array, one element that matches is enough, and one is enough to break a denial; texts are
//! compared without regard to case; a value of another type than the operator's matches nothing.

use serde::Deserialize;
use serde_json::Value;

use super::folded::Folded;
use super::operator::{Operator, Takes};
use crate::published::CloudEvent;

/// Most values a filter may be given.
const MAX_VALUES: usize = 25;
/// Most characters a text to compare with may have.
const MAX_TEXT_CHARS: usize = 512;

/// A filter as it is written in a config.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FilterConfig {
    key: String,
    operator: Operator,
    value: Option<toml::Value>,
    values: Option<Vec<toml::Value>>,
}

/// A filter, checked and ready: matching an event takes no memory.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "FilterConfig")]
pub struct Filter {
    /// The key, a name a level.
    key: Box<[Box<str>]>,
    operator: Operator,
    test: Test,
}

/// What is compared with; an operator that denies is the contrary of its test.
#[derive(Clone, Debug, PartialEq)]
enum Test {
    Present,
    Bool(bool),
    Number(Order, f64),
    Ranges(Box<[(f64, f64)]>),
    Texts(Part, Box<[Folded]>),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Order {
    Greater,
    AtLeast,
    Less,
    AtMost,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Part {
    Begin,
    End,
    Anywhere,
    Whole,
}

impl Filter {
    /// Whether an event passes.
    #[must_use]
    pub fn takes(&self, event: &CloudEvent) -> bool {
        let value = self.key.iter().try_fold(&event.body, |value, name| value.get(&**name));
        let value = value.filter(|value| !value.is_null());
        match (self.operator, value) {
            (Operator::IsNotNull, value) => value.is_some(),
            (Operator::IsNullOrUndefined, value) => value.is_none(),
            (operator, None) => operator.is_negative(),
            (operator, Some(Value::Array(elements))) => {
                operator.is_negative() != elements.iter().any(|element| self.test.holds(element))
            }
            (operator, Some(value)) => operator.is_negative() != self.test.holds(value),
        }
    }
}

impl Test {
    fn holds(&self, value: &Value) -> bool {
        match self {
            Self::Present => true,
            Self::Bool(wanted) => value.as_bool() == Some(*wanted),
            Self::Number(order, limit) => value.as_f64().is_some_and(|number| order.holds(number, *limit)),
            Self::Ranges(ranges) => {
                value.as_f64().is_some_and(|number| ranges.iter().any(|(low, high)| (low..=high).contains(&&number)))
            }
            Self::Texts(part, texts) => {
                value.as_str().is_some_and(|text| texts.iter().any(|wanted| part.holds(wanted, text)))
            }
        }
    }
}

impl Order {
    fn holds(self, number: f64, limit: f64) -> bool {
        match self {
            Self::Greater => number > limit,
            Self::AtLeast => number >= limit,
            Self::Less => number < limit,
            Self::AtMost => number <= limit,
        }
    }
}

impl Part {
    fn holds(self, wanted: &Folded, text: &str) -> bool {
        match self {
            Self::Begin => wanted.begins(text),
            Self::End => wanted.ends(text),
            Self::Anywhere => wanted.is_in(text),
            Self::Whole => wanted.equals(text),
        }
    }
}

impl TryFrom<FilterConfig> for Filter {
    type Error = String;

    fn try_from(config: FilterConfig) -> Result<Self, String> {
        let key: Box<[Box<str>]> = config.key.split('.').map(Box::from).collect();
        if key.iter().any(|name| name.is_empty()) {
            return Err(format!("the filter's key {:?} has an empty name; write it like data.confidence", config.key));
        }
        let operator = config.operator;
        let wrong = |why: &str| format!("{operator:?} takes {}; {why}", operator.takes().describe());
        let values = match (config.value, config.values) {
            (Some(_), Some(_)) => return Err(wrong("it was given both")),
            (Some(value), None) => vec![value],
            (None, Some(values)) if matches!(operator.takes(), Takes::Bool | Takes::Number) && values.len() != 1 => {
                return Err(wrong(&format!("it was given {} values", values.len())));
            }
            (None, values) => values.unwrap_or_default(),
        };
        if values.len() > MAX_VALUES {
            return Err(wrong(&format!("it was given {} of at most {MAX_VALUES}", values.len())));
        }
        let expected = operator.takes() != Takes::Nothing;
        if values.is_empty() == expected {
            return Err(wrong(if expected { "it was given none" } else { "it was given one" }));
        }
        let test = test(operator, &values).ok_or_else(|| wrong("it was given something else"))?;
        Ok(Self { key: canonical(key), operator, test })
    }
}

/// Names of attributes in the older native schema stand for those of CloudEvents.
fn canonical(key: Box<[Box<str>]>) -> Box<[Box<str>]> {
    let attribute = match &*key {
        [name] => match &**name {
            "eventType" => "type",
            "eventTime" => "time",
            "topic" => "source",
            _ => return key,
        },
        _ => return key,
    };
    Box::new([attribute.into()])
}

/// `None` where a value is of another type than the operator's.
fn test(operator: Operator, values: &[toml::Value]) -> Option<Test> {
    let first = || values.first();
    let order = |order| Some(Test::Number(order, number(first()?)?));
    let texts = |part| {
        let texts: Option<Box<[Folded]>> = values.iter().map(text).collect();
        Some(Test::Texts(part, texts?))
    };
    match operator {
        Operator::IsNotNull | Operator::IsNullOrUndefined => Some(Test::Present),
        Operator::BoolEquals => Some(Test::Bool(first()?.as_bool()?)),
        Operator::NumberGreaterThan => order(Order::Greater),
        Operator::NumberGreaterThanOrEquals => order(Order::AtLeast),
        Operator::NumberLessThan => order(Order::Less),
        Operator::NumberLessThanOrEquals => order(Order::AtMost),
        Operator::NumberIn | Operator::NumberNotIn => {
            let points: Option<Box<_>> = values.iter().map(|value| number(value).map(|point| (point, point))).collect();
            Some(Test::Ranges(points?))
        }
        Operator::NumberInRange | Operator::NumberNotInRange => {
            let ranges: Option<Box<_>> = values.iter().map(range).collect();
            Some(Test::Ranges(ranges?))
        }
        Operator::StringBeginsWith | Operator::StringNotBeginsWith => texts(Part::Begin),
        Operator::StringEndsWith | Operator::StringNotEndsWith => texts(Part::End),
        Operator::StringContains | Operator::StringNotContains => texts(Part::Anywhere),
        Operator::StringIn | Operator::StringNotIn => texts(Part::Whole),
    }
}

fn number(value: &toml::Value) -> Option<f64> {
    let number = value.as_float().or_else(|| value.as_integer().map(|integer| integer as f64))?;
    (!number.is_nan()).then_some(number)
}

fn range(value: &toml::Value) -> Option<(f64, f64)> {
    let [low, high] = value.as_array()?.as_slice() else { return None };
    Some((number(low)?, number(high)?)).filter(|(low, high)| low <= high)
}

fn text(value: &toml::Value) -> Option<Folded> {
    value.as_str().filter(|text| text.chars().count() <= MAX_TEXT_CHARS).map(Folded::new)
}
