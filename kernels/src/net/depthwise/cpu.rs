//! The plain reference.

use crate::net::Values;
use crate::net::conv::Conv;
use crate::net::conv::cpu::add;

pub(crate) fn run(op: &Conv, values: &Values, out: &mut [f32]) {
    let (x, weights) = (values.of(op.x), values.of(op.weights));
    let (bias, residual) = (values.opt(op.epilogue.bias), values.opt(op.epilogue.residual));
    let window = &op.window;
    let (taps, area, source_area) = (window.taps(), window.area(), window.input[0] * window.input[1]);
    let mut sums = vec![0.0; area];
    for (plane, into) in out.chunks_exact_mut(area).enumerate() {
        let channel = plane % op.filters;
        sums.fill(0.0);
        for tap in 0..taps {
            let at = (tap / window.kernel[1], tap % window.kernel[1]);
            add(window, &x[plane * source_area..][..source_area], at, weights[channel * taps + tap], &mut sums);
        }
        for (pixel, sum) in sums.iter().enumerate() {
            into[pixel] = op.epilogue.finish(*sum, channel, plane * area + pixel, bias, residual);
        }
    }
}
