//! Joins operations: what is done to each value by itself goes into the product that makes it, or into one pass.

use super::conv::Conv;
use super::map::Map;
use super::matmul::MatMul;
use super::view::{dense_strides, merge};
use super::{Activation, Epilogue, Graph, Op, View};

/// The same net in fewer passes. Sums keep their order; what is multiplied or added later still is.
pub fn fuse(mut graph: Graph) -> Graph {
    graph.prune();
    let mut fuser = Fuser { uses: uses(&graph), makers: vec![None; graph.tensors.len()], done: Vec::new(), graph };
    for op in std::mem::take(&mut fuser.graph.ops) {
        fuser.add(op);
    }
    let mut graph = fuser.graph;
    graph.ops = fuser.done.into_iter().flatten().collect();
    graph.prune();
    graph
}

/// How often each tensor is read, as an output as well.
fn uses(graph: &Graph) -> Vec<usize> {
    let mut uses = vec![0; graph.tensors.len()];
    let reads = graph.ops.iter().flat_map(Op::reads).map(|(tensor, _)| tensor);
    reads.chain(graph.outputs.iter().copied()).for_each(|tensor| uses[tensor.0] += 1);
    uses
}

struct Fuser {
    graph: Graph,
    uses: Vec<usize>,
    /// The operation in `done` that makes all of a tensor.
    makers: Vec<Option<usize>>,
    done: Vec<Option<Op>>,
}

impl Fuser {
    fn add(&mut self, mut op: Op) {
        while let Op::Map(map) = &op {
            match self.joined(map) {
                Some((maker, joined)) => {
                    self.done[maker] = None;
                    op = joined;
                }
                None => break,
            }
        }
        let (out, end) = op.writes();
        let is_whole = match &op {
            Op::Map(map) => self.is_whole(&map.out),
            _ => end == self.graph.len_of(out),
        };
        self.makers[out.0] = is_whole.then_some(self.done.len());
        self.done.push(Some(op));
    }

    /// An operation that does what `map` and the one before it do, and which one that is.
    fn joined(&self, map: &Map) -> Option<(usize, Op)> {
        let into_x = || {
            let (maker, op) = self.maker(&map.x)?;
            let joined = match op {
                Op::Conv(conv) => Op::Conv(self.after_conv(conv, map)?),
                Op::Depthwise(conv) => Op::Depthwise(self.after_conv(conv, map)?),
                Op::MatMul(product) => Op::MatMul(self.after_matmul(product, map)?),
                Op::Map(first) => Op::Map(after_map(first, map)?),
                Op::Pool(_) | Op::Rows(_) => return None,
            };
            Some((maker, joined))
        };
        into_x().or_else(|| self.with_operand(map))
    }

    /// Who makes all of what `view` reads densely, if nobody else reads it.
    fn maker(&self, view: &View) -> Option<(usize, &Op)> {
        let maker = self.makers[view.tensor.0]?;
        (self.uses[view.tensor.0] == 1 && self.is_whole(view)).then_some(())?;
        Some((maker, self.done[maker].as_ref()?))
    }

    fn is_whole(&self, view: &View) -> bool {
        view.is_dense() && view.len() == self.graph.len_of(view.tensor)
    }

    fn after_conv(&self, conv: &Conv, map: &Map) -> Option<Conv> {
        let shape = [conv.window.images, conv.filters, conv.window.area()];
        let by_filter = |plus: &View| repeats(plus, &map.out.shape, &shape, &[0, 1, 0]);
        let epilogue = self.epilogue(&conv.epilogue, map, by_filter)?;
        Some(Conv { epilogue, out: map.out.tensor, ..*conv })
    }

    fn after_matmul(&self, product: &MatMul, map: &Map) -> Option<MatMul> {
        let shape = &product.sizes()[..4];
        let by_row = map.plus.as_ref().is_some_and(|plus| repeats(plus, &map.out.shape, shape, &[0, 0, 1, 0]));
        let fits = |plus: &View| by_row || repeats(plus, &map.out.shape, shape, &[0, 0, 0, 1]);
        let epilogue = self.epilogue(&product.epilogue, map, fits)?;
        let had_bias = product.epilogue.bias.is_some();
        let bias_by_row = if had_bias { product.bias_by_row } else { by_row };
        Some(MatMul { epilogue, bias_by_row, out: map.out.tensor, ..product.clone() })
    }

    /// The epilogue that does `map` as well.
    fn epilogue(&self, first: &Epilogue, map: &Map, is_bias: impl Fn(&View) -> bool) -> Option<Epilogue> {
        if map.times.is_some() || !self.is_whole(&map.out) || first.residual.is_some() {
            return None;
        }
        let is_linear = first.activation == Activation::Identity;
        let Some(plus) = &map.plus else {
            return is_linear.then_some(Epilogue { activation: unary(map)?, ..*first });
        };
        if map.scale != 1.0 || map.before != Activation::Identity || self.graph.is_bytes(plus.tensor) {
            return None;
        }
        if is_linear && first.bias.is_none() && is_bias(plus) {
            return Some(Epilogue { bias: Some(plus.tensor), activation: map.after, residual: None });
        }
        let is_residual = map.after == Activation::Identity && plus.is_dense();
        is_residual.then_some(Epilogue { residual: Some(plus.tensor), ..*first })
    }

    /// A map whose second or third operand is a copy of something: it may as well read that.
    fn with_operand(&self, map: &Map) -> Option<(usize, Op)> {
        let copied = |operand: &Option<View>| {
            let (maker, op) = self.maker(operand.as_ref()?)?;
            let Op::Map(copy) = op else { return None };
            (is_copy(copy) && !self.graph.is_bytes(copy.x.tensor)).then_some((maker, copy))
        };
        if let Some((maker, copy)) = copied(&map.plus) {
            let joined = Map { plus: Some(copy.x.clone()), ..reshaped(map, &copy.out.shape)? };
            return Some((maker, Op::Map(joined)));
        }
        let (maker, copy) = copied(&map.times)?;
        Some((maker, Op::Map(Map { times: Some(copy.x.clone()), ..reshaped(map, &copy.out.shape)? })))
    }
}

/// Whether `plus`, over `over`, is the first elements of its tensor, repeated as `strides` over `shape` say.
fn repeats(plus: &View, over: &[usize], shape: &[usize], strides: &[usize]) -> bool {
    let found = merge(over, [&dense_strides(over), &plus.strides]);
    plus.offset == 0 && found == merge(shape, [&dense_strides(shape), strides])
}

/// The one function that a map of one operand is.
fn unary(map: &Map) -> Option<Activation> {
    match (map.scale, map.before, map.after) {
        (1.0, one, Activation::Identity) | (1.0, Activation::Identity, one) => Some(one),
        (scale, Activation::Identity, Activation::Identity) => Some(Activation::Scale(scale)),
        _ => None,
    }
}

fn is_copy(map: &Map) -> bool {
    map.times.is_none() && map.plus.is_none() && unary(map) == Some(Activation::Identity)
}

/// The same map over another shape of as many elements; `None` where an operand needs a copy for that.
fn reshaped(map: &Map, shape: &[usize]) -> Option<Map> {
    if map.out.shape == shape {
        return Some(map.clone());
    }
    let operand = |view: &Option<View>| match view {
        Some(view) => view.reshaped(shape).map(Some),
        None => Some(None),
    };
    Some(Map {
        x: map.x.reshaped(shape)?,
        times: operand(&map.times)?,
        plus: operand(&map.plus)?,
        out: map.out.reshaped(shape)?,
        ..*map
    })
}

/// One map that does `first` and then `second`, where their steps can follow each other.
fn after_map(first: &Map, second: &Map) -> Option<Map> {
    let first = &reshaped(first, &second.out.shape)?;
    let out = second.out.clone();
    if is_copy(first) {
        return Some(Map { x: first.x.clone(), ..second.clone() });
    }
    if first.after != Activation::Identity {
        return is_copy(second).then(|| Map { out, ..first.clone() });
    }
    if second.times.is_none() && second.plus.is_none() {
        let one = unary(second)?;
        let is_scaled = first.times.is_none() && first.plus.is_none() && first.before == Activation::Identity;
        let keeps = if is_scaled { Map { before: one, ..first.clone() } } else { Map { after: one, ..first.clone() } };
        return Some(Map { out, ..keeps });
    }
    let starts_plain = second.scale == 1.0 && second.before == Activation::Identity;
    if !starts_plain || first.plus.is_some() || (first.times.is_some() && second.times.is_some()) {
        return None;
    }
    let times = first.times.clone().or_else(|| second.times.clone());
    Some(Map { times, plus: second.plus.clone(), after: second.after, out, ..first.clone() })
}
