//! The 19 operators of an advanced filter, by their original names.

use serde::Deserialize;

/// How a filter compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
pub enum Operator {
    /// A truth value is the one given.
    BoolEquals,
    /// The key is there, and not `null`.
    IsNotNull,
    /// The key is not there, or `null`.
    IsNullOrUndefined,
    /// A number is greater.
    NumberGreaterThan,
    /// A number is greater or the same.
    NumberGreaterThanOrEquals,
    /// A number is less.
    NumberLessThan,
    /// A number is less or the same.
    NumberLessThanOrEquals,
    /// A number is among those given.
    NumberIn,
    /// No number is among those given.
    NumberNotIn,
    /// A number lies in one of the ranges, both ends included.
    NumberInRange,
    /// No number lies in any of the ranges.
    NumberNotInRange,
    /// A text begins with one of those given.
    StringBeginsWith,
    /// A text ends with one of those given.
    StringEndsWith,
    /// A text holds one of those given.
    StringContains,
    /// A text is one of those given.
    StringIn,
    /// No text begins with any of those given.
    StringNotBeginsWith,
    /// No text ends with any of those given.
    StringNotEndsWith,
    /// No text holds any of those given.
    StringNotContains,
    /// No text is any of those given.
    StringNotIn,
}

/// What an operator is given in the config.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Takes {
    Nothing,
    Bool,
    Number,
    Numbers,
    Ranges,
    Texts,
}

impl Takes {
    pub(super) fn describe(self) -> &'static str {
        match self {
            Self::Nothing => "neither `value` nor `values`",
            Self::Bool => "`value`, true or false",
            Self::Number => "`value`, a number",
            Self::Numbers => "`values`, numbers",
            Self::Ranges => "`values`, pairs of numbers such as [[0.5, 0.9]]",
            Self::Texts => "`values`, texts",
        }
    }
}

impl Operator {
    pub(super) fn takes(self) -> Takes {
        match self {
            Self::BoolEquals => Takes::Bool,
            Self::IsNotNull | Self::IsNullOrUndefined => Takes::Nothing,
            Self::NumberGreaterThan
            | Self::NumberGreaterThanOrEquals
            | Self::NumberLessThan
            | Self::NumberLessThanOrEquals => Takes::Number,
            Self::NumberIn | Self::NumberNotIn => Takes::Numbers,
            Self::NumberInRange | Self::NumberNotInRange => Takes::Ranges,
            _ => Takes::Texts,
        }
    }

    /// Whether it holds where nothing matches, so also where the key is missing.
    pub(super) fn is_negative(self) -> bool {
        matches!(
            self,
            Self::NumberNotIn
                | Self::NumberNotInRange
                | Self::StringNotBeginsWith
                | Self::StringNotEndsWith
                | Self::StringNotContains
                | Self::StringNotIn
        )
    }
}
