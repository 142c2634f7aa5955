//! Conditions: values that may be unknown, and the three truths they lead to.

use std::cmp::Ordering;

use super::super::message::{Message, Value};

/// A part of a condition.
#[derive(Clone, Debug, PartialEq)]
pub(in super::super) enum Node {
    /// A value that is there in the text; `None` is NULL.
    Literal(Option<Value>),
    /// A property of the broker, by its name in lower case.
    System(String),
    /// A property of the sender.
    User(String),
    Compare(Box<Node>, Comparison, Box<Node>),
    Arithmetic(Box<Node>, Operator, Box<Node>),
    Negative(Box<Node>),
    And(Box<Node>, Box<Node>),
    Or(Box<Node>, Box<Node>),
    Not(Box<Node>),
    IsNull(Box<Node>),
    In(Box<Node>, Vec<Node>),
    /// The pattern, taken apart.
    Like(Box<Node>, Vec<Piece>),
}

/// `=`, `<>` and their like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// `+`, `-` and their like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

/// A part of a LIKE pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Piece {
    /// `%`.
    Any,
    /// `_`.
    One,
    Exactly(char),
}

impl Node {
    /// True, false, or unknown.
    pub(super) fn truth(&self, message: &Message) -> Option<bool> {
        match self {
            Self::And(a, b) => match (a.truth(message), b.truth(message)) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            },
            Self::Or(a, b) => match (a.truth(message), b.truth(message)) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (Some(false), Some(false)) => Some(false),
                _ => None,
            },
            Self::Not(a) => a.truth(message).map(|truth| !truth),
            Self::IsNull(a) => Some(a.value(message).is_none()),
            Self::Compare(a, how, b) => compare(&a.value(message)?, *how, &b.value(message)?),
            Self::In(a, list) => {
                let value = a.value(message)?;
                // One that is equal settles it; else an unknown one leaves it open.
                let mut all = Some(false);
                for one in list {
                    match one.value(message).and_then(|one| compare(&value, Comparison::Equal, &one)) {
                        Some(true) => return Some(true),
                        Some(false) => {}
                        None => all = None,
                    }
                }
                all
            }
            Self::Like(a, pattern) => match a.value(message)? {
                Value::Text(text) => Some(like(&text, pattern)),
                _ => None,
            },
            _ => match self.value(message)? {
                Value::Bool(truth) => Some(truth),
                _ => None,
            },
        }
    }

    /// Its value; `None`: NULL, or what cannot be computed.
    fn value(&self, message: &Message) -> Option<Value> {
        match self {
            Self::Literal(value) => value.clone(),
            Self::System(name) => system(message, name),
            Self::User(name) => message
                .properties
                .iter()
                .find(|(own, _)| own.eq_ignore_ascii_case(name))
                .map(|(_, value)| value.clone()),
            Self::Arithmetic(a, operator, b) => arithmetic(&a.value(message)?, *operator, &b.value(message)?),
            Self::Negative(a) => match a.value(message)? {
                Value::Int(number) => number.checked_neg().map(Value::Int),
                Value::Float(number) => Some(Value::Float(-number)),
                _ => None,
            },
            _ => self.truth(message).map(Value::Bool),
        }
    }
}

/// A property of the broker by its name in lower case.
fn system(message: &Message, name: &str) -> Option<Value> {
    if name == "messageid" {
        return Some(Value::Text(message.id.clone()));
    }
    let fields = message.system.fields();
    let found = fields.into_iter().find(|(own, _)| own.eq_ignore_ascii_case(name))?;
    found.1.clone().map(Value::Text)
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Int(number) => Some(*number as f64),
        Value::Float(number) => Some(*number),
        _ => None,
    }
}

/// Compares two values; unknown where they are of kinds that cannot be compared.
fn compare(a: &Value, how: Comparison, b: &Value) -> Option<bool> {
    let order = match (a, b) {
        (Value::Text(a), Value::Text(b)) => a.cmp(b),
        (Value::Int(a), Value::Int(b)) => a.cmp(b),
        (Value::Bool(a), Value::Bool(b)) if matches!(how, Comparison::Equal | Comparison::NotEqual) => a.cmp(b),
        (a, b) => number(a)?.partial_cmp(&number(b)?)?,
    };
    Some(match how {
        Comparison::Equal => order == Ordering::Equal,
        Comparison::NotEqual => order != Ordering::Equal,
        Comparison::Less => order == Ordering::Less,
        Comparison::LessOrEqual => order != Ordering::Greater,
        Comparison::Greater => order == Ordering::Greater,
        Comparison::GreaterOrEqual => order != Ordering::Less,
    })
}

fn arithmetic(a: &Value, operator: Operator, b: &Value) -> Option<Value> {
    if let (Value::Int(a), Value::Int(b)) = (a, b) {
        let whole = match operator {
            Operator::Add => a.checked_add(*b),
            Operator::Subtract => a.checked_sub(*b),
            Operator::Multiply => a.checked_mul(*b),
            Operator::Divide => a.checked_div(*b),
            Operator::Remainder => a.checked_rem(*b),
        };
        return whole.map(Value::Int);
    }
    if let (Value::Text(a), Operator::Add, Value::Text(b)) = (a, operator, b) {
        return Some(Value::Text(format!("{a}{b}")));
    }
    let (a, b) = (number(a)?, number(b)?);
    Some(Value::Float(match operator {
        Operator::Add => a + b,
        Operator::Subtract => a - b,
        Operator::Multiply => a * b,
        Operator::Divide => a / b,
        Operator::Remainder => a % b,
    }))
}

/// Whether a text fits a pattern; time is at most the product of their lengths.
fn like(text: &str, pattern: &[Piece]) -> bool {
    let text: Vec<char> = text.chars().collect();
    let (mut at, mut piece) = (0, 0);
    // Where to go on when a later part does not fit: behind the last `%`, one character further.
    let mut again: Option<(usize, usize)> = None;
    while at < text.len() {
        match pattern.get(piece) {
            Some(Piece::Any) => {
                again = Some((piece + 1, at));
                piece += 1;
            }
            Some(Piece::One) => (at, piece) = (at + 1, piece + 1),
            Some(Piece::Exactly(wanted)) if *wanted == text[at] => (at, piece) = (at + 1, piece + 1),
            _ => match &mut again {
                Some((behind, from)) => {
                    *from += 1;
                    (at, piece) = (*from, *behind);
                }
                None => return false,
            },
        }
    }
    pattern[piece..].iter().all(|piece| *piece == Piece::Any)
}
