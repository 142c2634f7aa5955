//! Which messages of a topic a subscription wants: by equal properties, or by a condition over them; never by the body.

mod eval;
mod parse;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Refusal;
use super::message::{Message, Value};
use eval::Node;

/// A filter as it is configured: `{ sql = "…" }` or `{ correlation = { label = "…" } }`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FilterSpec {
    /// A condition such as `sys.Label = 'LicensePlate.Processed' AND confidence > 0.9`; 1,024 characters at most.
    Sql(String),
    /// Equal properties, all of them.
    Correlation(Correlation),
}

/// Properties that must all be equal; those that are absent do not matter.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Correlation {
    /// The message id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_id: Option<String>,
    /// The label.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// The correlation id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
    /// The session id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// Whom it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Where an answer goes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<String>,
    /// The content type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// The sender's own properties; their names in any case.
    pub properties: BTreeMap<String, Literal>,
}

/// The value of a property in a config or description.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Literal {
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number.
    Float(f64),
    /// A text.
    Text(String),
}

impl FilterSpec {
    /// Checks that it can be understood.
    ///
    /// # Errors
    /// [`Refusal::BadFilter`].
    pub fn check(&self) -> Result<(), Refusal> {
        Filter::compile(self).map(|_| ())
    }

    /// Whether it accepts a message.
    ///
    /// # Errors
    /// [`Refusal::BadFilter`].
    pub fn accepts(&self, message: &Message) -> Result<bool, Refusal> {
        Ok(Filter::compile(self)?.accepts(message))
    }
}

/// A filter that can be asked.
#[derive(Clone, Debug)]
pub(super) enum Filter {
    Sql(Node),
    Correlation(Box<Correlation>),
}

impl Filter {
    pub(super) fn compile(spec: &FilterSpec) -> Result<Self, Refusal> {
        match spec {
            FilterSpec::Sql(text) => parse::parse(text).map(Self::Sql).map_err(|detail| Refusal::BadFilter { detail }),
            FilterSpec::Correlation(equal) => Ok(Self::Correlation(Box::new(equal.clone()))),
        }
    }

    /// Whether a subscription wants the message; what is neither true nor false is not wanted.
    pub(super) fn accepts(&self, message: &Message) -> bool {
        match self {
            Self::Sql(node) => node.truth(message) == Some(true),
            Self::Correlation(equal) => equal.accepts(message),
        }
    }
}

impl Correlation {
    fn accepts(&self, message: &Message) -> bool {
        let id = Some(message.id.clone());
        let system = &message.system;
        let pairs = [
            (&self.message_id, &id),
            (&self.label, &system.label),
            (&self.correlation_id, &system.correlation_id),
            (&self.session_id, &system.session_id),
            (&self.to, &system.to),
            (&self.reply_to, &system.reply_to),
            (&self.content_type, &system.content_type),
        ];
        let same = |(name, wanted): (&String, &Literal)| {
            message.properties.iter().any(|(own, value)| own.eq_ignore_ascii_case(name) && wanted.is(value))
        };
        pairs.into_iter().all(|(wanted, there)| wanted.is_none() || wanted == there) && self.properties.iter().all(same)
    }
}

impl Literal {
    fn is(&self, value: &Value) -> bool {
        match (self, value) {
            (Self::Text(a), Value::Text(b)) => a == b,
            (Self::Bool(a), Value::Bool(b)) => a == b,
            (Self::Int(a), Value::Int(b)) => a == b,
            (Self::Int(a), Value::Float(b)) => *a as f64 == *b,
            (Self::Float(a), Value::Int(b)) => *a == *b as f64,
            (Self::Float(a), Value::Float(b)) => a == b,
            _ => false,
        }
    }
}
