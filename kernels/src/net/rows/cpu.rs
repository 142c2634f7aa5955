//! The plain reference.

use super::{Rows, RowsKind};
use crate::net::Values;

pub(crate) fn run(op: &Rows, values: &Values, out: &mut [f32]) {
    let x = values.of(op.x);
    let mut row = vec![0.0; op.len];
    for index in 0..op.outer * op.inner {
        let first = index / op.inner * op.len * op.inner + index % op.inner;
        for (at, value) in row.iter_mut().enumerate() {
            *value = x[first + at * op.inner];
        }
        let count = op.len as f32;
        let mean = row.iter().sum::<f32>() / count;
        match op.kind {
            RowsKind::Mean => {
                out[index] = mean;
                continue;
            }
            RowsKind::Softmax => softmax(&mut row),
            RowsKind::Norm { scale, shift, epsilon } => {
                let variance = row.iter().map(|value| (value - mean) * (value - mean)).sum::<f32>() / count;
                let factor = 1.0 / (variance + epsilon).sqrt();
                for ((value, scale), shift) in row.iter_mut().zip(values.of(scale)).zip(values.of(shift)) {
                    *value = (*value - mean) * factor * scale + shift;
                }
            }
        }
        for (at, value) in row.iter().enumerate() {
            out[first + at * op.inner] = *value;
        }
    }
}

fn softmax(row: &mut [f32]) {
    let most = row.iter().copied().fold(f32::MIN, f32::max);
    let mut sum = 0.0;
    for value in row.iter_mut() {
        *value = (*value - most).exp();
        sum += *value;
    }
    row.iter_mut().for_each(|value| *value /= sum);
}
