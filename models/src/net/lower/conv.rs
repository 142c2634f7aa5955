//! Convolutions and pooling.

use super::Lowering;
use crate::net::fault::{Fault, Lowered};
use crate::net::node::Node;
use crate::net::value::Value;
use tollgate_kernels::net::conv::Conv;
use tollgate_kernels::net::matmul::MatMul;
use tollgate_kernels::net::pool::{Pool, PoolKind};
use tollgate_kernels::net::{Activation, Epilogue, Op, View, Window};

impl Lowering {
    pub(super) fn conv(&mut self, node: &Node) -> Lowered<Value> {
        let (x, weights) = (self.view(node, 0)?, self.view(node, 1)?);
        let &[filters, depth, ref kernel @ ..] = weights.shape.as_slice() else {
            return Err(Fault::unknown("Conv of anything but images"));
        };
        let window = window(node, &x.shape, kernel)?;
        let bias = if self.has(node, 2) { Some(self.view(node, 2)?.tensor) } else { None };
        let epilogue = Epilogue { bias, activation: Activation::Identity, residual: None };
        let groups = usize::try_from(node.int("group", 1)).unwrap_or(0);
        let out = self.fresh(&[window.images, filters, window.output[0], window.output[1]]);
        if depth * groups != window.channels {
            return Err(Fault::because(format!("filters of {depth} channels do not fit {} channels", window.channels)));
        }
        let is_pointwise = window.taps() == 1 && window.stride == [1, 1] && window.output == window.input;
        if groups == 1 && is_pointwise {
            let product = self.pointwise(x, &weights, &window, epilogue, &out)?;
            self.graph.push(Op::MatMul(product));
            return Ok(Value::Computed(out));
        }
        let x = self.whole(x).tensor;
        let conv = Conv { x, weights: weights.tensor, filters, window, epilogue, out: out.tensor };
        match groups {
            1 => self.graph.push(Op::Conv(conv)),
            _ if depth == 1 && filters == groups => self.graph.push(Op::Depthwise(conv)),
            _ => return Err(Fault::unknown("Conv in groups of several channels")),
        }
        Ok(Value::Computed(out))
    }

    /// A convolution of single pixels is a product: of filters and pixels, or of images and filters where an image is
    /// one pixel.
    fn pointwise(
        &mut self,
        x: View,
        weights: &View,
        window: &Window,
        epilogue: Epilogue,
        out: &View,
    ) -> Lowered<MatMul> {
        let (images, channels, area, filters) = (window.images, window.channels, window.area(), weights.shape[0]);
        let failed = || Fault::because("its weights are no matrix");
        let matrix = weights.reshaped(&[1, 1, filters, channels]).ok_or_else(failed)?;
        let out = out.tensor;
        if area == 1 {
            let left = self.reshaped(x, &[1, 1, images, channels])?;
            let right = matrix.permuted(&[0, 1, 3, 2]).ok_or_else(failed)?;
            return Ok(MatMul { left, right, bias_by_row: false, epilogue, out });
        }
        let right = self.reshaped(x, &[images, 1, channels, area])?;
        let left = matrix.broadcast(&[images, 1, filters, channels]).ok_or_else(failed)?;
        Ok(MatMul { left, right, bias_by_row: true, epilogue, out })
    }

    pub(super) fn pool(&mut self, node: &Node) -> Lowered<Value> {
        let x = self.view(node, 0)?;
        let kernel = node.pair("kernel_shape", 1).ok_or_else(|| Fault::unknown("pooling of anything but images"))?;
        let window = window(node, &x.shape, &kernel)?;
        let kind = if node.op == "MaxPool" { PoolKind::Max } else { PoolKind::Mean };
        let is_plain = node.int("ceil_mode", 0) == 0 && node.int("count_include_pad", 0) == 0;
        if !is_plain {
            return Err(Fault::unknown("pooling with ceil_mode or count_include_pad"));
        }
        let out = self.fresh(&[window.images, window.channels, window.output[0], window.output[1]]);
        let x = self.whole(x).tensor;
        self.graph.push(Op::Pool(Pool { kind, x, window, out: out.tensor }));
        Ok(Value::Computed(out))
    }
}

/// How the window of a convolution or pooling moves.
fn window(node: &Node, x: &[usize], kernel: &[usize]) -> Lowered<Window> {
    let failed = || Fault::because(format!("a window of {kernel:?} does not move over {x:?}"));
    let ([images, channels, height, width], [kernel_h, kernel_w]) = (x, kernel) else { return Err(failed()) };
    let (input, kernel) = ([*height, *width], [*kernel_h, *kernel_w]);
    let stride = node.pair("strides", 1).ok_or_else(failed)?;
    let dilation = node.pair("dilations", 1).ok_or_else(failed)?;
    let reach = [0, 1].map(|axis| (kernel[axis].max(1) - 1) * dilation[axis] + 1);
    let (before, after) = match node.text("auto_pad").unwrap_or(b"NOTSET") {
        b"NOTSET" | b"" => explicit(node).ok_or_else(failed)?,
        b"VALID" => ([0; 2], [0; 2]),
        mode @ (b"SAME_UPPER" | b"SAME_LOWER") => same(input, stride, reach, mode == b"SAME_UPPER"),
        _ => return Err(Fault::unknown("another auto_pad")),
    };
    let mut output = [0; 2];
    for axis in [0, 1] {
        let room = (input[axis] + before[axis] + after[axis]).checked_sub(reach[axis]).ok_or_else(failed)?;
        output[axis] = room.checked_div(stride[axis]).ok_or_else(failed)? + 1;
    }
    Ok(Window { images: *images, channels: *channels, input, output, kernel, stride, pad: before, dilation })
}

fn explicit(node: &Node) -> Option<([usize; 2], [usize; 2])> {
    match node.ints("pads") {
        None => Some(([0; 2], [0; 2])),
        Some([top, left, bottom, right]) => {
            let side = |n: &i64| usize::try_from(*n).ok();
            Some(([side(top)?, side(left)?], [side(bottom)?, side(right)?]))
        }
        Some(_) => None,
    }
}

/// Padding that keeps the size (divided by the stride); an odd one goes below and right, or above and left.
fn same(input: [usize; 2], stride: [usize; 2], reach: [usize; 2], is_upper: bool) -> ([usize; 2], [usize; 2]) {
    let sum = [0, 1].map(|axis| {
        let steps = input[axis].div_ceil(stride[axis].max(1)).max(1) - 1;
        (steps * stride[axis] + reach[axis]).saturating_sub(input[axis])
    });
    let (less, more) = (sum.map(|n| n / 2), sum.map(|n| n.div_ceil(2)));
    if is_upper { (less, more) } else { (more, less) }
}
