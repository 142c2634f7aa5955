//! Operations that exporters write as several: recognised and put back together.
//!
//! Only the last operation of a pattern is replaced; what nobody reads any more is left out afterwards, and what
//! somebody does stays.

use std::collections::{HashMap, HashSet};

use super::node::Node;
use super::value::{Floats, Value};

/// `x · sigmoid(x)`.
pub(super) const SILU: &str = "Silu";
/// `x · (1 + erf(x / √2)) / 2`.
pub(super) const GELU: &str = "Gelu";
/// Layer norm over the last axis: x, scale, shift; attribute `epsilon`.
pub(super) const NORM: &str = "LayerNorm";

/// Rewrites the nodes; constants that this makes go to `known`.
pub(super) fn rewrite(mut nodes: Vec<Node>, known: &mut HashMap<String, Value>, outputs: &[String]) -> Vec<Node> {
    skip_identities(&mut nodes);
    for at in 0..nodes.len() {
        let finder = Finder::new(&nodes, known);
        let node = &nodes[at];
        let found = match node.op.as_str() {
            "Mul" => finder.silu(node).or_else(|| finder.gelu(node)),
            "Add" => finder.norm(node),
            "BatchNormalization" => finder.folded(node),
            _ => None,
        };
        if let Some((node, constants)) = found {
            nodes[at] = node;
            known.extend(constants);
        }
    }
    live(nodes, outputs)
}

/// What only passes a value on is left out.
fn skip_identities(nodes: &mut Vec<Node>) {
    let mut means: HashMap<String, String> = HashMap::new();
    for node in nodes.iter_mut() {
        for input in &mut node.inputs {
            if let Some(meant) = means.get(input) {
                input.clone_from(meant);
            }
        }
        if matches!(node.op.as_str(), "Identity" | "Dropout") {
            means.insert(node.output().to_owned(), node.inputs.first().cloned().unwrap_or_default());
        }
    }
    nodes.retain(|node| !means.contains_key(node.output()));
}

/// The nodes that the outputs need.
fn live(nodes: Vec<Node>, outputs: &[String]) -> Vec<Node> {
    let mut needed: HashSet<String> = outputs.iter().cloned().collect();
    let mut kept = Vec::new();
    for node in nodes.into_iter().rev() {
        if node.outputs.iter().any(|output| needed.contains(output)) {
            needed.extend(node.inputs.iter().cloned());
            kept.push(node);
        }
    }
    kept.reverse();
    kept
}

type Found = Option<(Node, Vec<(String, Value)>)>;

struct Finder<'a> {
    makers: HashMap<&'a str, &'a Node>,
    known: &'a HashMap<String, Value>,
}

impl<'a> Finder<'a> {
    fn new(nodes: &'a [Node], known: &'a HashMap<String, Value>) -> Self {
        Self { makers: nodes.iter().map(|node| (node.output(), node)).collect(), known }
    }

    /// The node that makes `name`, if it is of that kind.
    fn maker(&self, name: &str, op: &str) -> Option<&'a Node> {
        self.makers.get(name).copied().filter(|node| node.op == op)
    }

    fn floats(&self, name: &str) -> Option<Floats> {
        match self.known.get(name) {
            Some(Value::Floats(floats)) => Some(floats.clone()),
            Some(_) => None,
            None => match Value::constant(self.maker(name, "Constant")?.attribute("value")?.t.as_ref()?).ok()? {
                Value::Floats(floats) => Some(floats),
                Value::Ints(_) | Value::Computed(_) => None,
            },
        }
    }

    /// The input that is the number `scalar` makes of the other.
    fn beside(&self, node: &Node, is_it: impl Fn(f32) -> bool) -> Option<String> {
        let [a, b] = node.inputs.as_slice() else { return None };
        let is_it = |name: &str| self.floats(name).and_then(|floats| floats.scalar()).is_some_and(&is_it);
        if is_it(b) { Some(a.clone()) } else { is_it(a).then(|| b.clone()) }
    }

    fn silu(&self, last: &Node) -> Found {
        let [a, b] = last.inputs.as_slice() else { return None };
        let is_gate = |x: &str, gate: &str| self.maker(gate, "Sigmoid").is_some_and(|node| node.inputs == [x]);
        let x = if is_gate(a, b) { a } else { is_gate(b, a).then_some(b)? };
        Some((Node::instead(SILU, vec![x.clone()], last), Vec::new()))
    }

    fn gelu(&self, last: &Node) -> Found {
        let product = self.maker(&self.beside(last, |half| half == 0.5)?, "Mul")?;
        let [a, b] = product.inputs.as_slice() else { return None };
        let is_gate = |x: &str, gate: &str| {
            let sum = self.maker(gate, "Add")?;
            let erf = self.maker(&self.beside(sum, |one| one == 1.0)?, "Erf")?;
            let ratio = self.maker(erf.inputs.first()?, "Div")?;
            (self.beside(ratio, |root| (root - std::f32::consts::SQRT_2).abs() < 1e-5)? == x).then_some(())
        };
        let x = if is_gate(a, b).is_some() { a } else { is_gate(b, a).map(|()| b)? };
        Some((Node::instead(GELU, vec![x.clone()], last), Vec::new()))
    }

    /// `(x - mean) / sqrt(mean((x - mean)²) + epsilon) · scale + shift`.
    fn norm(&self, last: &Node) -> Found {
        let [scaled, shift] = last.inputs.as_slice() else { return None };
        let [normed, scale] = self.maker(scaled, "Mul")?.inputs.as_slice() else { return None };
        let [away, root] = self.maker(normed, "Div")?.inputs.as_slice() else { return None };
        let [x, _] = self.maker(away, "Sub")?.inputs.as_slice() else { return None };
        let sum = self.maker(self.maker(root, "Sqrt")?.inputs.first()?, "Add")?;
        let variance = self.beside(sum, |epsilon| epsilon < 1e-2)?;
        let epsilon = sum.inputs.iter().find_map(|name| self.floats(name)?.scalar())?;
        let variance = self.maker(&variance, "ReduceMean")?;
        let square = self.maker(variance.inputs.first()?, "Pow")?;
        let is_last = |node: &Node| node.ints("axes") == Some(&[-1]);
        let mean = self.maker(self.maker(away, "Sub")?.inputs.get(1)?, "ReduceMean")?;
        let is_norm = is_last(variance)
            && is_last(mean)
            && mean.inputs.first() == Some(x)
            && self.beside(square, |two| two == 2.0).as_ref() == Some(away)
            && self.floats(scale).is_some_and(|floats| floats.shape.len() == 1)
            && self.floats(shift).is_some_and(|floats| floats.shape.len() == 1);
        let inputs = vec![x.clone(), scale.clone(), shift.clone()];
        is_norm.then(|| (Node::instead(NORM, inputs, last).set_float("epsilon", epsilon), Vec::new()))
    }

    /// A convolution and the batch norm behind it, as one convolution.
    fn folded(&self, last: &Node) -> Found {
        let [x, rest @ ..] = last.inputs.as_slice() else { return None };
        let rest = rest.iter().map(|name| self.floats(name)).collect::<Option<Vec<_>>>()?;
        let [scale, shift, mean, variance] = rest.as_slice() else { return None };
        let conv = self.maker(x, "Conv")?;
        let weights = self.floats(conv.inputs.get(1)?)?;
        let filters = *weights.shape.first()?;
        let bias = match conv.inputs.get(2) {
            Some(name) => self.floats(name)?.values.to_vec(),
            None => vec![0.0; filters],
        };
        let each = [&scale.values, &shift.values, &mean.values, &variance.values];
        if filters == 0 || bias.len() != filters || each.iter().any(|values| values.len() != filters) {
            return None;
        }
        let epsilon = last.float("epsilon", 1e-5);
        let factor = |filter: usize| scale.values[filter] / (variance.values[filter] + epsilon).sqrt();
        let size = weights.values.len() / filters;
        let scaled: Vec<f32> =
            weights.values.iter().enumerate().map(|(at, weight)| weight * factor(at / size)).collect();
        let moved: Vec<f32> = (0..filters)
            .map(|filter| (bias[filter] - mean.values[filter]) * factor(filter) + shift.values[filter])
            .collect();
        let names = ["weights", "bias"].map(|part| format!("{}/{part}", last.output()));
        let node = conv.with(vec![conv.inputs[0].clone(), names[0].clone(), names[1].clone()], last);
        let constants = [
            Floats { shape: weights.shape.clone(), values: scaled.into() },
            Floats { shape: vec![filters], values: moved.into() },
        ];
        Some((node, names.into_iter().zip(constants.map(Value::Floats)).collect()))
    }
}
