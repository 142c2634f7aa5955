//! The shapes that ONNX's layout operations ask for.

use super::{Lowering, axis};
use crate::net::fault::{Fault, Lowered};
use crate::net::node::Node;

impl Lowering {
    /// The axes of an operation: an attribute in older versions, an input in newer ones.
    pub(super) fn axes(&self, node: &Node, input: usize) -> Lowered<Option<Vec<i64>>> {
        if let Some(axes) = node.ints("axes") {
            return Ok(Some(axes.to_vec()));
        }
        if self.has(node, input) { Ok(Some(self.ints(node, input)?.values.clone())) } else { Ok(None) }
    }

    /// The shape that Reshape, Squeeze or Unsqueeze make of `from`.
    pub(super) fn new_shape(&self, node: &Node, from: &[usize]) -> Lowered<Vec<usize>> {
        match node.op.as_str() {
            "Reshape" => asked(&self.ints(node, 1)?.values, from),
            "Squeeze" => {
                let Some(axes) = self.axes(node, 1)? else {
                    return Ok(from.iter().copied().filter(|n| *n != 1).collect());
                };
                let gone = axes.iter().map(|one| axis(*one, from.len())).collect::<Lowered<Vec<_>>>()?;
                if gone.iter().any(|axis| from[*axis] != 1) {
                    return Err(Fault::because(format!("axes {axes:?} of {from:?} are not all of one element")));
                }
                Ok((0..from.len()).filter(|axis| !gone.contains(axis)).map(|axis| from[axis]).collect())
            }
            _ => {
                let axes = self.axes(node, 1)?.ok_or_else(|| Fault::because("it names no axes"))?;
                let rank = from.len() + axes.len();
                let new = axes.iter().map(|one| axis(*one, rank)).collect::<Lowered<Vec<_>>>()?;
                let mut old = from.iter().copied();
                let side = |axis| if new.contains(&axis) { Some(1) } else { old.next() };
                (0..rank).map(side).collect::<Option<_>>().ok_or_else(|| Fault::because("an axis is named twice"))
            }
        }
    }

    /// Axis, start and length of each cut of a Slice.
    pub(super) fn cuts(&self, node: &Node, from: &[usize]) -> Lowered<Vec<(usize, usize, usize)>> {
        let (starts, ends) = (&self.ints(node, 1)?.values, &self.ints(node, 2)?.values);
        let axes =
            if self.has(node, 3) { self.ints(node, 3)?.values.clone() } else { (0..).take(starts.len()).collect() };
        if self.has(node, 4) && self.ints(node, 4)?.values.iter().any(|step| *step != 1) {
            return Err(Fault::unknown("Slice with steps"));
        }
        let cut = |((start, end), one): ((&i64, &i64), &i64)| {
            let axis = axis(*one, from.len())?;
            let side = from[axis] as i64;
            let place = |at: i64| (if at < 0 { at.saturating_add(side) } else { at }).clamp(0, side) as usize;
            Ok((axis, place(*start), place(*end).saturating_sub(place(*start))))
        };
        starts.iter().zip(ends).zip(&axes).map(cut).collect()
    }

    /// The shape that Expand or Tile repeat to.
    pub(super) fn repeated_shape(&self, node: &Node, from: &[usize]) -> Lowered<Vec<usize>> {
        let asked = self.ints(node, 1)?.values.iter().map(|n| usize::try_from(*n));
        let asked = asked.collect::<Result<Vec<_>, _>>().map_err(|error| Fault::because(error.to_string()))?;
        if node.op == "Expand" {
            return broadcast(from, &asked);
        }
        let is_plain = asked.len() == from.len() && from.iter().zip(&asked).all(|(n, times)| *n == 1 || *times == 1);
        if !is_plain {
            return Err(Fault::unknown("Tile of an axis that has more than one element"));
        }
        Ok(from.iter().zip(&asked).map(|(n, times)| n * times).collect())
    }
}

/// The shape of two operands together, as numpy has it.
pub(super) fn broadcast(a: &[usize], b: &[usize]) -> Lowered<Vec<usize>> {
    let rank = a.len().max(b.len());
    let side = |shape: &[usize], axis: usize| (axis + shape.len()).checked_sub(rank).map_or(1, |axis| shape[axis]);
    let joined = |axis| match (side(a, axis), side(b, axis)) {
        (a, b) if a == b || b == 1 => Some(a),
        (1, b) => Some(b),
        _ => None,
    };
    let shape = (0..rank).map(joined).collect::<Option<_>>();
    shape.ok_or_else(|| Fault::because(format!("shapes {a:?} and {b:?} do not go together")))
}

/// Reshape's shape: 0 keeps a side, -1 is what is left.
fn asked(values: &[i64], from: &[usize]) -> Lowered<Vec<usize>> {
    let failed = || Fault::because(format!("{from:?} does not become {values:?}"));
    let mut shape = Vec::with_capacity(values.len());
    for (axis, value) in values.iter().enumerate() {
        shape.push(match value {
            -1 => 1,
            0 => *from.get(axis).ok_or_else(failed)?,
            side => usize::try_from(*side).map_err(|error| Fault::because(error.to_string()))?,
        });
    }
    if let Some(free) = values.iter().position(|value| *value == -1) {
        let known: usize = shape.iter().product();
        let len: usize = from.iter().product();
        shape[free] = len.checked_div(known).filter(|side| side * known == len).ok_or_else(failed)?;
    }
    Ok(shape)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_follow_onnx() {
        assert_eq!(asked(&[0, -1, 2], &[3, 20, 20, 4]).unwrap(), [3, 800, 2]);
        assert_eq!(asked(&[-1, 65, 2, 48], &[2, 65, 96]).unwrap(), [2, 65, 2, 48]);
        assert!(asked(&[-1, 7], &[3, 5]).is_err() && asked(&[0, 0], &[3]).is_err());
        assert_eq!(broadcast(&[2, 3], &[4, 1, 3]).unwrap(), [4, 2, 3]);
        assert!(broadcast(&[2], &[3]).is_err());
    }
}
