//! The net's operations on the GPU against the plain reference: seeded values, odd sizes, every form an operation has.

use crate::device::gpu;
use crate::seeded::Seeded;
use tollgate_kernels::net::conv::Conv;
use tollgate_kernels::net::map::Map;
use tollgate_kernels::net::matmul::MatMul;
use tollgate_kernels::net::pool::{Pool, PoolKind};
use tollgate_kernels::net::rows::{Rows, RowsKind};
use tollgate_kernels::net::{Activation, Element, Epilogue, GpuNet, Graph, Kind, Op, Tensor, View, Window, fuse, run};

/// Of the largest value of an output.
const BOUND: f32 = 1e-4;

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

fn values(seeded: &mut Seeded, len: usize) -> Vec<f32> {
    (0..len).map(|_| seeded.unit() * 4.0 - 2.0).collect()
}

fn input(graph: &mut Graph, len: usize) -> Tensor {
    graph.tensor(len, Kind::Input(Element::F32))
}

/// Runs a graph on both and compares all outputs.
fn check(graph: &Graph, seeded: &mut Seeded) {
    let Some(gpu) = gpu() else { return };
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
    let net = GpuNet::new(&gpu, graph).expect("the kernel runs");
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
                (a - b).abs() <= BOUND * most,
                "value {at}: {a} on the GPU, {b} here, of {most}: {:?}",
                graph.ops()
            );
        }
    }
}

fn window(seeded: &mut Seeded, channels: usize, side: usize) -> Window {
    let kernel = [seeded.range(1, 3), seeded.range(1, 4)];
    let (stride, pad) = ([seeded.range(1, 2), seeded.range(1, 2)], [seeded.range(0, 1), seeded.range(0, 1)]);
    let dilation = [seeded.range(1, 2), 1];
    let input = [side + seeded.range(5, 9), side + seeded.range(6, 13)];
    // As much padding behind as before.
    let output =
        [0, 1].map(|axis| (input[axis] + 2 * pad[axis] - (kernel[axis] - 1) * dilation[axis] - 1) / stride[axis] + 1);
    Window { images: seeded.range(1, 3), channels, input, output, kernel, stride, pad, dilation }
}

#[test]
fn convolutions_are_twins() {
    let mut seeded = Seeded::new(31);
    // Around the edges of the three shapes of tiles.
    for (case, filters) in [1, 7, 16, 17, 32, 33, 65, 130].into_iter().enumerate() {
        let window = {
            let channels = seeded.range(1, 9);
            window(&mut seeded, channels, 8)
        };
        let mut graph = Graph::default();
        let x = input(&mut graph, window.input_len());
        let weights = values(&mut seeded, filters * window.channels * window.taps());
        let (weights, bias) = (graph.constant(weights), graph.constant(values(&mut seeded, filters)));
        let len = window.images * filters * window.area();
        let residual = (case % 3 == 1).then(|| input(&mut graph, len));
        let activation = ACTIVATIONS[case % ACTIVATIONS.len()];
        let epilogue = Epilogue { bias: (case % 2 == 0).then_some(bias), activation, residual };
        let out = graph.computed(len);
        graph.push(Op::Conv(Conv { x, weights, filters, window, epilogue, out }));
        graph.output(out);
        check(&graph, &mut seeded);
    }
}

#[test]
fn depthwise_convolutions_and_pools_are_twins() {
    let mut seeded = Seeded::new(32);
    for (case, activation) in ACTIVATIONS.into_iter().enumerate() {
        let channels = seeded.range(1, 13);
        let window = window(&mut seeded, channels, 9);
        let mut graph = Graph::default();
        let x = input(&mut graph, window.input_len());
        let weights = values(&mut seeded, channels * window.taps());
        let (weights, bias) = (graph.constant(weights), graph.constant(values(&mut seeded, channels)));
        let len = window.images * channels * window.area();
        let residual = (case % 2 == 0).then(|| input(&mut graph, len));
        let epilogue = Epilogue { bias: Some(bias), activation, residual };
        let outs = [(); 3].map(|()| graph.computed(len));
        graph.push(Op::Depthwise(Conv { x, weights, filters: channels, window, epilogue, out: outs[0] }));
        graph.push(Op::Pool(Pool { kind: PoolKind::Max, x, window, out: outs[1] }));
        graph.push(Op::Pool(Pool { kind: PoolKind::Mean, x, window, out: outs[2] }));
        outs.into_iter().for_each(|out| graph.output(out));
        check(&graph, &mut seeded);
    }
}

#[test]
fn matrix_products_are_twins() {
    let mut seeded = Seeded::new(33);
    for [heads, m, k, n] in [[1, 1, 1, 1], [2, 16, 48, 65], [1, 33, 17, 129], [3, 65, 70, 10], [1, 130, 96, 37]] {
        for by_row in [false, true] {
            let mut graph = Graph::default();
            let images = 2;
            // Heads lie side by side in a row, and the right side is transposed: as attention has it.
            let left = input(&mut graph, images * m * heads * k);
            let right = input(&mut graph, images * n * heads * k);
            let left = View::dense(left, &[images, m, heads, k]).permuted(&[0, 2, 1, 3]).unwrap();
            let right = View::dense(right, &[images, n, heads, k]).permuted(&[0, 2, 3, 1]).unwrap();
            let bias = values(&mut seeded, if by_row { m } else { n });
            let residual = input(&mut graph, images * heads * m * n);
            let epilogue = Epilogue {
                bias: Some(graph.constant(bias)),
                activation: Activation::Silu,
                residual: by_row.then_some(residual),
            };
            let out = graph.computed(images * heads * m * n);
            graph.push(Op::MatMul(MatMul { left, right, bias_by_row: by_row, epilogue, out }));
            graph.output(out);
            check(&graph, &mut seeded);
        }
    }
}

#[test]
fn rows_are_twins() {
    let mut seeded = Seeded::new(34);
    for [outer, len, inner] in [[300, 2, 1], [7, 63, 1], [5, 64, 1], [3, 777, 1], [2, 65, 70], [1, 1, 5], [2, 480, 1]] {
        let mut graph = Graph::default();
        let x = input(&mut graph, outer * len * inner);
        let (scale, shift) = (values(&mut seeded, len), values(&mut seeded, len));
        let (scale, shift) = (graph.constant(scale), graph.constant(shift));
        for kind in [RowsKind::Softmax, RowsKind::Mean, RowsKind::Norm { scale, shift, epsilon: 1e-5 }] {
            let out = graph.computed(if kind == RowsKind::Mean { outer * inner } else { outer * len * inner });
            graph.push(Op::Rows(Rows { kind, x, outer, len, inner, out }));
            graph.output(out);
        }
        check(&graph, &mut seeded);
    }
}

#[test]
fn maps_are_twins() {
    let mut seeded = Seeded::new(35);
    for (case, activation) in ACTIVATIONS.into_iter().enumerate() {
        let mut graph = Graph::default();
        let [n, c, h, w] = [seeded.range(1, 3), seeded.range(1, 9), seeded.range(2, 9), seeded.range(1, 9)];
        // Bytes with their channels last, floats twice as high and wide, and one value a channel.
        let bytes = graph.tensor(n * h * w * c, Kind::Input(Element::U8));
        let x = View::dense(bytes, &[n, h, w, c]).permuted(&[0, 3, 1, 2]).unwrap();
        let large = input(&mut graph, n * c * 4 * h * w);
        let gate = input(&mut graph, c);
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
        graph.output(out);
        check(&graph, &mut seeded);
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
    check(&fused, &mut seeded);
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
