//! Filters with names: rules.

use super::super::super::azure::xml::{Node, Writer};
use super::super::super::filter::{Correlation, FilterSpec, Literal};
use super::{INSTANCE, SCHEMA};

/// What accepts every message, and what accepts none.
const ALL: &str = "1 = 1";
const NONE: &str = "1 = 0";

/// A filter of a subscription, with its name.
#[derive(Clone, Debug, PartialEq)]
pub(in super::super) struct Rule {
    pub(in super::super) name: String,
    pub(in super::super) filter: FilterSpec,
}

impl Rule {
    /// The rule that a subscription has before it is given others: it accepts all.
    pub(in super::super) fn default_one() -> Self {
        Self { name: "$Default".into(), filter: FilterSpec::Sql(ALL.into()) }
    }
}

/// What accepts no message: a subscription whose rules were all taken away.
pub(in super::super) fn nothing() -> FilterSpec {
    FilterSpec::Sql(NONE.into())
}

/// Reads a `Filter`; `None`: it is of a kind that is not known here.
pub(super) fn read(node: &Node) -> Option<FilterSpec> {
    match node.kind.as_str() {
        "TrueFilter" => Some(FilterSpec::Sql(ALL.into())),
        "FalseFilter" => Some(nothing()),
        "SqlFilter" => Some(FilterSpec::Sql(node.text_of("SqlExpression")?.into())),
        "CorrelationFilter" => {
            let text = |name| node.text_of(name).map(str::to_owned);
            let pairs = node.child("Properties").map(|all| all.children.as_slice()).unwrap_or_default();
            let pair = |pair: &Node| Some((pair.text_of("Key")?.to_owned(), literal(pair.child("Value")?)?));
            Some(FilterSpec::Correlation(Correlation {
                message_id: text("MessageId"),
                label: text("Label"),
                correlation_id: text("CorrelationId"),
                session_id: text("SessionId"),
                to: text("To"),
                reply_to: text("ReplyTo"),
                content_type: text("ContentType"),
                properties: pairs.iter().map(pair).collect::<Option<_>>()?,
            }))
        }
        _ => None,
    }
}

fn literal(node: &Node) -> Option<Literal> {
    let text = node.text.as_str();
    match node.kind.as_str() {
        "string" | "" => Some(Literal::Text(text.into())),
        "int" | "long" | "short" | "byte" => text.trim().parse().ok().map(Literal::Int),
        "double" | "float" | "decimal" => text.trim().parse().ok().map(Literal::Float),
        "boolean" => text.trim().parse().ok().map(Literal::Bool),
        _ => None,
    }
}

/// Writes a `Filter`.
pub(super) fn write(xml: &mut Writer, filter: &FilterSpec) {
    let open = |xml: &mut Writer, kind| _ = xml.open_all("Filter", &[("xmlns:i", INSTANCE), ("i:type", kind)]);
    match filter {
        FilterSpec::Sql(text) => {
            let kind = if text == ALL { "TrueFilter" } else { "SqlFilter" };
            open(xml, if text == NONE { "FalseFilter" } else { kind });
            xml.leaf("SqlExpression", text).leaf("CompatibilityLevel", "20");
        }
        FilterSpec::Correlation(equal) => {
            open(xml, "CorrelationFilter");
            let fields = [
                ("CorrelationId", &equal.correlation_id),
                ("MessageId", &equal.message_id),
                ("To", &equal.to),
                ("ReplyTo", &equal.reply_to),
                ("Label", &equal.label),
                ("SessionId", &equal.session_id),
                ("ContentType", &equal.content_type),
            ];
            for (name, value) in fields {
                value.iter().for_each(|value| _ = xml.leaf(name, value));
            }
            properties(xml, equal);
        }
    }
    xml.close("Filter");
}

fn properties(xml: &mut Writer, equal: &Correlation) {
    if equal.properties.is_empty() {
        return;
    }
    xml.open("Properties");
    for (key, value) in &equal.properties {
        let (kind, text) = match value {
            Literal::Text(text) => ("string", text.clone()),
            Literal::Int(number) => ("long", number.to_string()),
            Literal::Float(number) => ("double", number.to_string()),
            Literal::Bool(truth) => ("boolean", truth.to_string()),
        };
        let kind = format!("d:{kind}");
        xml.open("KeyValueOfstringanyType").leaf("Key", key);
        xml.open_all("Value", &[("xmlns:d", SCHEMA), ("i:type", &kind)]).text(&text).close("Value");
        xml.close("KeyValueOfstringanyType");
    }
    xml.close("Properties");
}
