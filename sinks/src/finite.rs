//! Serialisers that keep JSON valid: what is not finite is written as 0 ("no confidence", "no extent").

use serde::{Serialize, Serializer};

fn or_zero(value: f32) -> f32 {
    if value.is_finite() { value } else { 0.0 }
}

/// One number.
pub(crate) fn one<S: Serializer>(value: &f32, out: S) -> Result<S::Ok, S::Error> {
    or_zero(*value).serialize(out)
}

/// A list of numbers.
pub(crate) fn many<S: Serializer>(values: &[f32], out: S) -> Result<S::Ok, S::Error> {
    out.collect_seq(values.iter().map(|v| or_zero(*v)))
}

/// A list of points.
pub(crate) fn points<S: Serializer>(values: &[[f32; 2]], out: S) -> Result<S::Ok, S::Error> {
    out.collect_seq(values.iter().map(|p| p.map(or_zero)))
}
