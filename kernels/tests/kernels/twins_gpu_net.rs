//! The net's operations on the GPU against the plain reference: seeded values, odd sizes, every form an operation has.

use crate::device::{both_forms, gpu};
use crate::seeded::Seeded;
use std::sync::Arc;
use tollgate_kernels::gpu::{AdapterChoice, Gpu, GpuOptions};
use tollgate_kernels::net::conv::Conv;
use tollgate_kernels::net::map::Map;
use tollgate_kernels::net::matmul::MatMul;
use tollgate_kernels::net::pool::{Pool, PoolKind};
use tollgate_kernels::net::rows::{Rows, RowsKind};
use tollgate_kernels::net::{
    Activation, Element, Epilogue, GpuNet, Graph, Kind, Op, Precision, Tensor, View, Weights, Window, fuse, run,
};

/// Of the largest value of an output.
const BOUND: f32 = 1e-4;
/// Of a value stored as a 16-bit float: it has 11 binary digits, so the nearest one is 2⁻¹¹ of the value away; drivers may
/// also cut the digits off, which is twice that.
const HALF: f32 = 1.0 / 1024.0;
/// Below the smallest 16-bit float with all digits they lie this far apart.
const LEAST: f32 = 1.0 / (1 << 24) as f32;

const ACTIVATIONS: [Activation; 9] = [
    Activation::Identity,
    Activation::Relu,
    Activation::LeakyRelu(0.1),
    Activation::Sigmoid,
    Activation::HardSigmoid { alpha: 1.0 / 6.0, beta: 0.5 },
    Activation::Silu,
    Activation::Gelu,
    Activation::Tanh,
    Activation::Scale(-0.3),
];

/// From -2 to 2, each a 16-bit float: what is stored as one is then off by nothing.
fn values(seeded: &mut Seeded, len: usize) -> Vec<f32> {
    (0..len).map(|_| ((seeded.unit() * 4.0 - 2.0) * 512.0).round() / 512.0).collect()
}

/// What lies between an operation and the outside, where tensors are 32-bit floats in any case.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Edges {
    /// Nothing: the operation reads inputs and writes outputs.
    Direct,
    /// Copies: the operation reads and writes what with [`Precision::F16`] is stored as 16-bit floats.
    Copied,
}

impl Edges {
    const BOTH: [Self; 2] = [Self::Direct, Self::Copied];

    fn input(self, graph: &mut Graph, len: usize) -> Tensor {
        let input = input(graph, len);
        if self == Self::Direct { input } else { copied(graph, input) }
    }

    fn output(self, graph: &mut Graph, tensor: Tensor) {
        let output = if self == Self::Direct { tensor } else { copied(graph, tensor) };
        graph.output(output);
    }
}

fn input(graph: &mut Graph, len: usize) -> Tensor {
    graph.tensor(len, Kind::Input(Element::F32))
}

fn copied(graph: &mut Graph, tensor: Tensor) -> Tensor {
    let len = graph.len_of(tensor);
    let out = graph.computed(len);
    graph.push(Op::Map(Map::copy(View::dense(tensor, &[len]), View::dense(out, &[len]))));
    out
}

/// Runs a graph of one operation on both, in both precisions, and compares all outputs.
fn check(graph: &Graph, seeded: &mut Seeded, edges: Edges) {
    let Some(gpu) = gpu() else { return };
    check_at(&gpu, graph, seeded, Precision::F32, |_| 0.0);
    if gpu.has_halves() {
        // All that is read is exact, sums are not touched: what remains is the storing of the result.
        let stored = |value: f32| if edges == Edges::Copied { HALF * value.abs() + LEAST } else { 0.0 };
        check_at(&gpu, graph, seeded, Precision::F16, stored);
    } else {
        eprintln!("SKIPPED: {} has no 16-bit floats", gpu.info());
    }
}

/// Runs a graph on both and compares all outputs, which may be this much further apart than sums in another order are.
fn check_at(gpu: &Gpu, graph: &Graph, seeded: &mut Seeded, precision: Precision, further: impl Fn(f32) -> f32) {
    let inputs: Vec<Vec<f32>> = graph
        .inputs()
        .iter()
        .map(|tensor| {
            let len = graph.len_of(*tensor);
            if graph.is_bytes(*tensor) {
                (0..len).map(|_| seeded.range(0, 255) as f32).collect()
            } else {
                values(seeded, len)
            }
        })
        .collect();
    let expected = run(graph, &inputs.iter().map(Vec::as_slice).collect::<Vec<_>>()).expect("the kernel runs");
    let net = GpuNet::new(gpu, graph, precision, &Weights::default()).expect("the kernel runs");
    assert_eq!(net.precision(), precision);
    for (index, input) in inputs.iter().enumerate() {
        if graph.is_bytes(graph.inputs()[index]) {
            net.write_u8(index, &input.iter().map(|value| *value as u8).collect::<Vec<_>>()).expect("the kernel runs");
        } else {
            net.write(index, input).expect("the kernel runs");
        }
    }
    let pending = net.submit(&[]).expect("the kernel runs");
    let mut found = vec![f32::NAN; pending.len()];
    pending.read(&mut found).expect("the kernel runs");
    let mut found = found.as_slice();
    for output in graph.outputs() {
        let expected = expected.of(*output);
        let (ours, rest) = found.split_at(expected.len());
        found = rest;
        let most = expected.iter().fold(0.0, |most: f32, value| most.max(value.abs()));
        assert!(most > 0.0, "an output of zeros says nothing: {:?}", graph.ops());
        for (at, (a, b)) in ours.iter().zip(expected).enumerate() {
            assert!(
                (a - b).abs() <= BOUND * most + further(*b),
                "value {at} in {precision:?}: {a} on the GPU, {b} here, of {most}: {:?}",
                graph.ops()
            );
        }
    }
}

fn window(seeded: &mut Seeded, channels: usize, side: usize) -> Window {
    let kernel = [seeded.range(1, 3), seeded.range(1, 4)];
    let stride = [seeded.range(1, 2), seeded.range(1, 2)];
    // A window that lies outside altogether has no largest value.
    let pad = kernel.map(|taps| seeded.range(0, 1).min(taps - 1));
    let dilation = [seeded.range(1, 2), 1];
    let input = [side + seeded.range(5, 9), side + seeded.range(6, 13)];
    // As much padding behind as before.
    let output =
        [0, 1].map(|axis| (input[axis] + 2 * pad[axis] - (kernel[axis] - 1) * dilation[axis] - 1) / stride[axis] + 1);
    Window { images: seeded.range(1, 3), channels, input, output, kernel, stride, pad, dilation }
}

fn with_edges<T: Copy>(case: T) -> [(T, Edges); 2] {
    Edges::BOTH.map(|edges| (case, edges))
}

#[test]
fn convolutions_are_twins() {
    let mut seeded = Seeded::new(31);
    // Around the edges of the three shapes of tiles.
    let cases = [1, 7, 16, 17, 32, 33, 65, 130].into_iter().enumerate();
    for ((case, filters), edges) in cases.flat_map(with_edges) {
        let window = {
            let channels = seeded.range(1, 9);
            window(&mut seeded, channels, 8)
        };
        let mut graph = Graph::default();
        let x = edges.input(&mut graph, window.input_len());
        let weights = values(&mut seeded, filters * window.channels * window.taps());
        let (weights, bias) = (graph.constant(weights), graph.constant(values(&mut seeded, filters)));
        let len = window.images * filters * window.area();
        let residual = (case % 3 == 1).then(|| edges.input(&mut graph, len));
        let activation = ACTIVATIONS[case % ACTIVATIONS.len()];
        let epilogue = Epilogue { bias: (case % 2 == 0).then_some(bias), activation, residual };
        let out = graph.computed(len);
        graph.push(Op::Conv(Conv { x, weights, filters, window, epilogue, out }));
        edges.output(&mut graph, out);
        check(&graph, &mut seeded, edges);
    }
}

#[test]
fn depthwise_convolutions_and_pools_are_twins() {
    let mut seeded = Seeded::new(32);
    for ((case, activation), edges) in ACTIVATIONS.into_iter().enumerate().flat_map(with_edges) {
        let channels = seeded.range(1, 13);
        let window = window(&mut seeded, channels, 9);
        let mut graph = Graph::default();
        let x = edges.input(&mut graph, window.input_len());
        let weights = values(&mut seeded, channels * window.taps());
        let (weights, bias) = (graph.constant(weights), graph.constant(values(&mut seeded, channels)));
        let len = window.images * channels * window.area();
        let residual = (case % 2 == 0).then(|| edges.input(&mut graph, len));
        let epilogue = Epilogue { bias: Some(bias), activation, residual };
        let outs = [(); 3].map(|()| graph.computed(len));
        graph.push(Op::Depthwise(Conv { x, weights, filters: channels, window, epilogue, out: outs[0] }));
        graph.push(Op::Pool(Pool { kind: PoolKind::Max, x, window, out: outs[1] }));
        graph.push(Op::Pool(Pool { kind: PoolKind::Mean, x, window, out: outs[2] }));
        outs.into_iter().for_each(|out| edges.output(&mut graph, out));
        check(&graph, &mut seeded, edges);
    }
}

#[test]
fn matrix_products_are_twins() {
    let mut seeded = Seeded::new(33);
    for [heads, m, k, n] in [[1, 1, 1, 1], [2, 16, 48, 65], [1, 33, 17, 129], [3, 65, 70, 10], [1, 130, 96, 37]] {
        for (by_row, edges) in [false, true].into_iter().flat_map(with_edges) {
            let mut graph = Graph::default();
            let images = 2;
            // Heads lie side by side in a row, and the right side is transposed: as attention has it.
            let left = edges.input(&mut graph, images * m * heads * k);
            let right = edges.input(&mut graph, images * n * heads * k);
            let left = View::dense(left, &[images, m, heads, k]).permuted(&[0, 2, 1, 3]).unwrap();
            let right = View::dense(right, &[images, n, heads, k]).permuted(&[0, 2, 3, 1]).unwrap();
            let bias = values(&mut seeded, if by_row { m } else { n });
            let residual = edges.input(&mut graph, images * heads * m * n);
            let epilogue = Epilogue {
                bias: Some(graph.constant(bias)),
                activation: Activation::Silu,
                residual: by_row.then_some(residual),
            };
            let out = graph.computed(images * heads * m * n);
            graph.push(Op::MatMul(MatMul { left, right, bias_by_row: by_row, epilogue, out }));
            edges.output(&mut graph, out);
            check(&graph, &mut seeded, edges);
        }
    }
}

#[test]
fn rows_are_twins() {
    let mut seeded = Seeded::new(34);
    let shapes = [[300, 2, 1], [7, 63, 1], [5, 64, 1], [3, 777, 1], [2, 65, 70], [1, 1, 5], [2, 480, 1], [70, 65, 1]];
    for ([outer, len, inner], edges) in shapes.into_iter().flat_map(with_edges) {
        let mut graph = Graph::default();
        let x = edges.input(&mut graph, outer * len * inner);
        let (scale, shift) = (values(&mut seeded, len), values(&mut seeded, len));
        let (scale, shift) = (graph.constant(scale), graph.constant(shift));
        for kind in [RowsKind::Softmax, RowsKind::Mean, RowsKind::Norm { scale, shift, epsilon: 1e-5 }] {
            let out = graph.computed(if kind == RowsKind::Mean { outer * inner } else { outer * len * inner });
            graph.push(Op::Rows(Rows { kind, x, outer, len, inner, out }));
            edges.output(&mut graph, out);
        }
        check(&graph, &mut seeded, edges);
        // As it is with subgroups on the adapter that has them, and without.
        for gpu in both_forms() {
            check_at(&gpu, &graph, &mut seeded, Precision::F32, |_| 0.0);
        }
    }
}

#[test]
fn maps_are_twins() {
    let mut seeded = Seeded::new(35);
    for ((case, activation), edges) in ACTIVATIONS.into_iter().enumerate().flat_map(with_edges) {
        let mut graph = Graph::default();
        let [n, c, h, w] = [seeded.range(1, 3), seeded.range(1, 9), seeded.range(2, 9), seeded.range(1, 9)];
        // Bytes with their channels last, floats twice as high and wide, and one value a channel.
        let bytes = graph.tensor(n * h * w * c, Kind::Input(Element::U8));
        let x = View::dense(bytes, &[n, h, w, c]).permuted(&[0, 3, 1, 2]).unwrap();
        let large = edges.input(&mut graph, n * c * 4 * h * w);
        let gate = edges.input(&mut graph, c);
        let shape = [n, c, h, 2, w, 2];
        let plus = View::dense(large, &shape);
        let times = View::dense(gate, &[c, 1, 1, 1, 1]).broadcast(&shape).unwrap();
        // Into the second part of a tensor of three.
        let out = graph.computed(3 * n * c * 4 * h * w);
        let place = View::dense(out, &[n, 3 * c, h, 2, w, 2]);
        for part in 0..3 {
            let out = place.sliced(1, part * c, c).unwrap();
            let copy = Map::copy(x.repeated(3, 2).repeated(2, 2), out);
            let (times, plus) = ((part != 0).then(|| times.clone()), (part != 1).then(|| plus.clone()));
            let (before, after) =
                if case % 2 == 0 { (activation, Activation::Relu) } else { (Activation::Tanh, activation) };
            graph.push(Op::Map(Map { scale: 0.01, before, times, plus, after, ..copy }));
        }
        edges.output(&mut graph, out);
        check(&graph, &mut seeded, edges);
    }
}

/// Fusing changes the number of passes, not the values; memory is used again.
#[test]
fn fused_graphs_compute_the_same() {
    let mut seeded = Seeded::new(36);
    let window = Window {
        images: 2,
        channels: 4,
        input: [9, 7],
        output: [9, 7],
        kernel: [3, 3],
        stride: [1, 1],
        pad: [1, 1],
        dilation: [1, 1],
    };
    let mut graph = Graph::default();
    let x = input(&mut graph, window.input_len());
    let weights = graph.constant(values(&mut seeded, 6 * 4 * 9));
    let shape = [2, 6, 9, 7];
    let len = shape.iter().product();
    let dense = |tensor: Tensor| View::dense(tensor, &shape);
    let computed = |graph: &mut Graph| graph.computed(len);
    let conv = computed(&mut graph);
    graph.push(Op::Conv(Conv { x, weights, filters: 6, window, epilogue: Epilogue::default(), out: conv }));
    let mut last = conv;
    let constant = |graph: &mut Graph, seeded: &mut Seeded| {
        let tensor = graph.constant(values(seeded, 6));
        View::dense(tensor, &[6, 1, 1]).broadcast(&shape).unwrap()
    };
    let mut step = |graph: &mut Graph, make: &dyn Fn(Map) -> Map| {
        let out = computed(graph);
        graph.push(Op::Map(make(Map::copy(dense(last), dense(out)))));
        last = out;
        out
    };
    let bias = constant(&mut graph, &mut seeded);
    step(&mut graph, &|copy| Map { plus: Some(bias.clone()), ..copy });
    let active = step(&mut graph, &|copy| Map { before: Activation::LeakyRelu(0.2), ..copy });
    // A scaled tanh with a factor and a summand a channel, as four steps.
    let (factor, summand) = (constant(&mut graph, &mut seeded), constant(&mut graph, &mut seeded));
    step(&mut graph, &|copy| Map { scale: 0.7, ..copy });
    step(&mut graph, &|copy| Map { before: Activation::Tanh, ..copy });
    step(&mut graph, &|copy| Map { times: Some(factor.clone()), ..copy });
    step(&mut graph, &|copy| Map { plus: Some(summand.clone()), ..copy });
    // And what the activation was, added at the end.
    let out = step(&mut graph, &|copy| Map { plus: Some(dense(active)), ..copy });
    graph.output(out);
    let fused = fuse(graph.clone());
    assert_eq!(fused.ops().iter().map(Op::name).collect::<Vec<_>>(), ["conv", "map", "map"], "{:?}", fused.ops());
    let x = values(&mut seeded, window.input_len());
    let (plain, joined) = (run(&graph, &[&x]).unwrap(), run(&fused, &[&x]).unwrap());
    let of = |values: &tollgate_kernels::net::Values, graph: &Graph| values.of(graph.outputs()[0]).to_vec();
    for (a, b) in of(&plain, &graph).iter().zip(of(&joined, &fused)) {
        assert!((a - b).abs() < 1e-5, "{a} {b}");
    }
    assert!(tollgate_kernels::net::Plan::new(&graph).bytes() <= 3 * 4 * len);
    if let Some(gpu) = gpu() {
        check_at(&gpu, &fused, &mut seeded, Precision::F32, |_| 0.0);
    }
}

/// Runs a graph of one input and one output.
fn outputs(gpu: &Gpu, graph: &Graph, input: &[f32], precision: Precision) -> (Vec<f32>, GpuNet) {
    let net = GpuNet::new(gpu, graph, precision, &Weights::default()).expect("the kernel runs");
    (outputs_of(&net, input), net)
}

/// Runs a net of one input and one output.
fn outputs_of(net: &GpuNet, input: &[f32]) -> Vec<f32> {
    net.write(0, input).expect("the kernel runs");
    let pending = net.submit(&[]).expect("the kernel runs");
    let mut found = vec![f32::NAN; pending.len()];
    pending.read(&mut found).expect("the kernel runs");
    found
}

/// What 16-bit floats cannot hold: values are held at the largest one, constants stay 32-bit floats.
#[test]
fn halves_neither_overflow_nor_spoil_constants() {
    let Some(gpu) = gpu() else { return };
    if !gpu.has_halves() {
        eprintln!("SKIPPED: {} has no 16-bit floats", gpu.info());
        return;
    }
    let len = 2048;
    let mut graph = Graph::default();
    let x = Edges::Copied.input(&mut graph, len);
    let large = graph.constant(vec![3e5; len]);
    let (product, quotient) = (graph.computed(len), graph.computed(len));
    let dense = |tensor| View::dense(tensor, &[len]);
    graph.push(Op::Map(Map { times: Some(dense(large)), ..Map::copy(dense(x), dense(product)) }));
    graph.push(Op::Map(Map { scale: 1.0 / 1024.0, ..Map::copy(dense(product), dense(quotient)) }));
    Edges::Copied.output(&mut graph, quotient);
    let input: Vec<_> = (0..len).map(|at| at as f32 / 1024.0 - 1.0).collect();
    let (found, half) = outputs(&gpu, &graph, &input, Precision::F16);
    for (x, found) in input.iter().zip(&found) {
        let expected = (x * 3e5).clamp(-65_504.0, 65_504.0) / 1024.0;
        assert!((found - expected).abs() <= 2.0 * HALF * expected.abs() + LEAST, "{x}: {found}, not {expected}");
    }
    let (exact, whole) = outputs(&gpu, &graph, &input, Precision::F32);
    assert!(exact.iter().zip(&input).all(|(found, x)| (found - x * 3e5 / 1024.0).abs() < 0.01));
    // The two tensors at the edges are as they were.
    assert!(half.bytes() < whole.bytes() && half.bytes() >= 2 * 4 * len, "{} {}", half.bytes(), whole.bytes());
}

/// Batches of several sizes, and lanes, read the same weights: they are uploaded once, stay as long as one reads them, and
/// 16-bit floats are kept apart from 32-bit ones.
#[test]
fn nets_share_the_weights_they_have_in_common() {
    let Some(gpu) = gpu() else { return };
    let len = 40_000;
    let shared: Arc<[f32]> = values(&mut Seeded::new(37), len).into();
    let graph = |images: usize| {
        let (mut graph, shape) = (Graph::default(), [images, len]);
        let x = input(&mut graph, images * len);
        let times = View::dense(graph.constant(Arc::clone(&shared)), &[len]).broadcast(&shape).unwrap();
        let out = graph.computed(images * len);
        let map = Map::copy(View::dense(x, &shape), View::dense(out, &shape));
        graph.push(Op::Map(Map { times: Some(times), ..map }));
        graph.output(out);
        graph
    };
    let weights = Weights::default();
    let uploaded = |make: &mut dyn FnMut() -> GpuNet| {
        let before = gpu.usage().to_device_bytes;
        let net = make();
        ((gpu.usage().to_device_bytes - before) as usize, net)
    };
    let one = |images, precision| {
        uploaded(&mut || GpuNet::new(&gpu, &graph(images), precision, &weights).expect("the kernel runs"))
    };
    let (first, single) = one(1, Precision::F32);
    let (second, double) = one(2, Precision::F32);
    assert!(first > 4 * len && second < len, "{first} {second}");
    let (halves, as_halves) = one(1, Precision::F16);
    let is_half = as_halves.precision() == Precision::F16;
    assert!(if is_half { (2 * len..4 * len).contains(&halves) } else { halves < len }, "{halves}");
    let product = |net: &GpuNet, images: usize| outputs_of(net, &vec![0.5; images * len]);
    let expected: Vec<_> = shared.iter().map(|value| value * 0.5).collect();
    assert_eq!(product(&single, 1), expected);
    // What is let go of is soon another's.
    drop((single, as_halves));
    let other = GpuNet::new(&gpu, &graph(1), Precision::F32, &Weights::default()).expect("the kernel runs");
    assert_eq!(product(&double, 2), expected.repeat(2));
    drop((double, other));
    assert!(one(1, Precision::F32).0 > 4 * len, "they stayed without a reader");
}

/// A GPU that has none of the extras computes the same.
#[test]
fn a_plain_device_does_without_halves() {
    if gpu().is_none() {
        return;
    }
    let plain = Gpu::open(GpuOptions { plain: true, ..AdapterChoice::AllowSoftware.into() }).unwrap();
    assert!(!plain.has_halves());
    let mut graph = Graph::default();
    let x = input(&mut graph, 64);
    let out = copied(&mut graph, x);
    graph.output(out);
    let input: Vec<_> = (0..64).map(|at| 1.0 / (at + 1) as f32).collect();
    let (found, net) = outputs(&plain, &graph, &input, Precision::F16);
    assert_eq!((found, net.precision()), (input, Precision::F32));
}

#[test]
fn graphs_that_contradict_themselves_are_refused() {
    let mut graph = Graph::default();
    let x = input(&mut graph, 6);
    let out = graph.computed(5);
    graph.push(Op::Map(Map::copy(View::dense(x, &[6]), View::dense(out, &[6]))));
    assert!(graph.check().unwrap_err().to_string().contains("beyond its tensor"));
    let mut graph = Graph::default();
    let (a, b) = (graph.computed(4), graph.computed(4));
    graph.push(Op::Map(Map::copy(View::dense(a, &[4]), View::dense(b, &[4]))));
    assert!(graph.check().unwrap_err().to_string().contains("none before it writes"));
}
