//! The plain reference.

use super::{Pool, PoolKind};
use crate::net::Values;

pub(crate) fn run(op: &Pool, values: &Values, out: &mut [f32]) {
    let (window, x) = (&op.window, values.of(op.x));
    let (area, [height, width]) = (window.area(), window.input);
    for (plane, into) in out.chunks_exact_mut(area).enumerate() {
        let source = &x[plane * height * width..][..height * width];
        for (pixel, into) in into.iter_mut().enumerate() {
            let (oy, ox) = (pixel / window.output[1], pixel % window.output[1]);
            let taps = (0..window.taps()).filter_map(|tap| {
                let y = window.under(0, oy, tap / window.kernel[1])?;
                Some(source[y * width + window.under(1, ox, tap % window.kernel[1])?])
            });
            *into = match op.kind {
                PoolKind::Max => taps.fold(f32::MIN, f32::max),
                PoolKind::Mean => {
                    let (sum, count) = taps.fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
                    sum / f32::max(count, 1.0)
                }
            };
        }
    }
}
