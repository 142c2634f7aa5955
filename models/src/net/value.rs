//! What a name in an ONNX graph stands for, and what an operation makes of it before anything runs.

use std::sync::Arc;

use super::fault::{Fault, Lowered};
use super::proto::{TensorProto, element};
use tollgate_kernels::net::View;

/// A value, as far as it is known.
#[derive(Clone, Debug)]
pub(super) enum Value {
    /// Whole numbers known now: shapes, axes, indices.
    Ints(Ints),
    /// Floats known now.
    Floats(Floats),
    /// What the graph computes.
    Computed(View),
}

/// Known whole numbers.
#[derive(Clone, Debug)]
pub(super) struct Ints {
    pub(super) shape: Vec<usize>,
    pub(super) values: Vec<i64>,
}

/// Known floats.
#[derive(Clone, Debug)]
pub(super) struct Floats {
    pub(super) shape: Vec<usize>,
    pub(super) values: Arc<[f32]>,
}

impl Ints {
    /// A list.
    pub(super) fn list(values: Vec<i64>) -> Self {
        Self { shape: vec![values.len()], values }
    }
}

impl Floats {
    /// The number, where there is one alone.
    pub(super) fn scalar(&self) -> Option<f32> {
        match self.values[..] {
            [one] => Some(one),
            _ => None,
        }
    }
}

impl Value {
    /// A constant of a file.
    pub(super) fn constant(tensor: &TensorProto) -> Lowered<Self> {
        let shape = tensor.dims.iter().map(|n| usize::try_from(*n)).collect::<Result<Vec<_>, _>>();
        let shape = shape.map_err(|error| Fault::because(format!("a constant has a side below zero ({error})")))?;
        let raw = &tensor.raw_data;
        let value = match tensor.data_type {
            element::FLOAT => {
                let values = words(raw, f32::from_le_bytes).unwrap_or_else(|| tensor.float_data.clone());
                Self::Floats(Floats { shape, values: values.into() })
            }
            element::INT64 => {
                let values = words(raw, i64::from_le_bytes).unwrap_or_else(|| tensor.int64_data.clone());
                Self::Ints(Ints { shape, values })
            }
            element::INT32 => {
                let values = words(raw, i32::from_le_bytes).unwrap_or_else(|| tensor.int32_data.clone());
                Self::Ints(Ints { shape, values: values.into_iter().map(i64::from).collect() })
            }
            other => return Err(Fault::because(format!("a constant has elements of ONNX type {other}"))),
        };
        let (expected, found) = match &value {
            Self::Ints(ints) => (ints.shape.iter().product(), ints.values.len()),
            Self::Floats(floats) => (floats.shape.iter().product::<usize>(), floats.values.len()),
            Self::Computed(_) => (0, 0),
        };
        if expected != found {
            return Err(Fault::because(format!("constant {} has {found} values, not {expected}", tensor.name)));
        }
        Ok(value)
    }

    /// Its shape.
    pub(super) fn shape(&self) -> &[usize] {
        match self {
            Self::Ints(ints) => &ints.shape,
            Self::Floats(floats) => &floats.shape,
            Self::Computed(view) => &view.shape,
        }
    }
}

fn words<T, const N: usize>(raw: &[u8], from: impl Fn([u8; N]) -> T) -> Option<Vec<T>> {
    let (words, rest) = raw.as_chunks::<N>();
    (!raw.is_empty() && rest.is_empty()).then(|| words.iter().map(|word| from(*word)).collect())
}
