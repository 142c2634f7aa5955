//! The plain reference.

use super::Conv;
use crate::net::Values;

pub(crate) fn run(op: &Conv, values: &Values, out: &mut [f32]) {
    let (x, weights) = (values.of(op.x), values.of(op.weights));
    let (bias, residual) = (values.opt(op.epilogue.bias), values.opt(op.epilogue.residual));
    let window = &op.window;
    let ([height, width], area) = (window.input, window.area());
    let mut sums = vec![0.0; area];
    for (plane, into) in out.chunks_exact_mut(area).enumerate() {
        let (image, filter) = (plane / op.filters, plane % op.filters);
        sums.fill(0.0);
        for channel in 0..window.channels {
            let source = &x[(image * window.channels + channel) * height * width..][..height * width];
            for tap in 0..window.taps() {
                let weight = weights[(filter * window.channels + channel) * window.taps() + tap];
                let (ky, kx) = (tap / window.kernel[1], tap % window.kernel[1]);
                add(window, source, (ky, kx), weight, &mut sums);
            }
        }
        for (pixel, sum) in sums.iter().enumerate() {
            into[pixel] = op.epilogue.finish(*sum, filter, plane * area + pixel, bias, residual);
        }
    }
}

/// Adds one tap of one channel to every pixel.
pub(crate) fn add(
    window: &crate::net::Window,
    source: &[f32],
    (ky, kx): (usize, usize),
    weight: f32,
    sums: &mut [f32],
) {
    let columns = window.output[1];
    for (oy, row) in sums.chunks_exact_mut(columns).enumerate() {
        let Some(y) = window.under(0, oy, ky) else { continue };
        let source = &source[y * window.input[1]..][..window.input[1]];
        for (ox, sum) in row.iter_mut().enumerate() {
            if let Some(x) = window.under(1, ox, kx) {
                *sum += weight * source[x];
            }
        }
    }
}
