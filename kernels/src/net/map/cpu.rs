//! The plain reference.

use super::Map;
use crate::net::{Values, View};

pub(crate) fn run(op: &Map, values: &Values, out: &mut [f32]) {
    let read = |view: &View| view.places().map(|place| values.of(view.tensor)[place]).collect::<Vec<_>>();
    let (times, plus) = (op.times.as_ref().map(read), op.plus.as_ref().map(read));
    for (index, (from, to)) in op.x.places().zip(op.out.places()).enumerate() {
        let mut value = op.before.of(op.scale * values.of(op.x.tensor)[from]);
        if let Some(times) = &times {
            value *= times[index];
        }
        if let Some(plus) = &plus {
            value += plus[index];
        }
        out[to] = op.after.of(value);
    }
}
