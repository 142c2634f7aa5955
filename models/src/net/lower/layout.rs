//! Reshapes, transposes, slices and repeats, which are views; joins and enlargements, which are copies.

use super::{Lowering, axis};
use crate::net::fault::{Fault, Lowered};
use crate::net::node::Node;
use crate::net::value::{Floats, Ints, Value};
use tollgate_kernels::net::map::Map;
use tollgate_kernels::net::{Op, View};

impl Lowering {
    pub(super) fn relaid(&mut self, node: &Node) -> Lowered<Value> {
        match self.input(node, 0)?.clone() {
            Value::Ints(ints) => self.relaid_ints(node, &ints),
            // Only its shape changes, so it stays a constant that others can fold.
            Value::Floats(floats) if matches!(node.op.as_str(), "Reshape" | "Squeeze" | "Unsqueeze") => {
                let shape = self.new_shape(node, &floats.shape)?;
                Ok(Value::Floats(Floats { shape, values: floats.values }))
            }
            Value::Floats(_) | Value::Computed(_) => {
                let view = self.view(node, 0)?;
                Ok(Value::Computed(self.relaid_view(node, view)?))
            }
        }
    }

    fn relaid_ints(&self, node: &Node, ints: &Ints) -> Lowered<Value> {
        match node.op.as_str() {
            "Slice" => {
                let cuts = self.cuts(node, &ints.shape)?;
                let [(0, start, len)] = cuts[..] else { return Err(Fault::unknown("Slice of whole numbers")) };
                Self::sliced_ints(ints, start, len)
            }
            "Reshape" | "Squeeze" | "Unsqueeze" => {
                let shape = self.new_shape(node, &ints.shape)?;
                Ok(Value::Ints(Ints { shape, values: ints.values.clone() }))
            }
            _ => Err(Fault::unknown(format!("{} of whole numbers", node.op))),
        }
    }

    fn relaid_view(&mut self, node: &Node, view: View) -> Lowered<View> {
        let failed = || Fault::because(format!("it does not fit a tensor of shape {:?}", view.shape));
        match node.op.as_str() {
            "Transpose" => {
                let reversed: Vec<i64> = (0..view.shape.len() as i64).rev().collect();
                let axes = node.ints("perm").unwrap_or(&reversed);
                let axes = axes.iter().map(|one| axis(*one, view.shape.len())).collect::<Lowered<Vec<_>>>()?;
                view.permuted(&axes).ok_or_else(failed)
            }
            "Slice" => {
                let cut = |view: View, (axis, start, len)| view.sliced(axis, start, len).ok_or_else(failed);
                self.cuts(node, &view.shape)?.into_iter().try_fold(view.clone(), cut)
            }
            "Expand" | "Tile" => view.broadcast(&self.repeated_shape(node, &view.shape)?).ok_or_else(failed),
            _ => {
                let shape = self.new_shape(node, &view.shape)?;
                self.reshaped(view, &shape)
            }
        }
    }

    /// Each part is copied to its place; whole numbers are put together now.
    pub(super) fn concat(&mut self, node: &Node) -> Lowered<Value> {
        let parts = (0..node.inputs.len()).map(|index| self.input(node, index)).collect::<Lowered<Vec<_>>>()?;
        let ints = parts.iter().map(|part| match part {
            Value::Ints(ints) => Some(ints.values.clone()),
            Value::Floats(_) | Value::Computed(_) => None,
        });
        if let Some(lists) = ints.collect::<Option<Vec<_>>>() {
            return Ok(Value::Ints(Ints::list(lists.concat())));
        }
        let mut shape = parts.first().map(|part| part.shape().to_vec()).unwrap_or_default();
        let along = axis(node.int("axis", 0), shape.len())?;
        shape[along] = parts.iter().map(|part| part.shape().get(along).copied().unwrap_or(0)).sum();
        let whole = self.fresh(&shape);
        let mut start = 0;
        for index in 0..node.inputs.len() {
            let part = self.view(node, index)?;
            let len = part.shape.get(along).copied().unwrap_or(0);
            let place = whole.sliced(along, start, len).filter(|place| place.shape == part.shape);
            let place = place.ok_or_else(|| Fault::because(format!("part {index} does not fit {shape:?}")))?;
            self.graph.push(Op::Map(Map::copy(part, place)));
            start += len;
        }
        Ok(Value::Computed(whole))
    }

    /// Nearest neighbour by whole factors.
    pub(super) fn resize(&mut self, node: &Node) -> Lowered<Value> {
        let view = self.view(node, 0)?;
        let is_nearest = node.text("mode").is_none_or(|mode| mode == b"nearest");
        let is_floor = node.text("nearest_mode") == Some(b"floor")
            && node.text("coordinate_transformation_mode") == Some(b"asymmetric");
        let sides: Vec<f32> = match self.has(node, 3) {
            true => self.ints(node, 3)?.values.iter().map(|n| *n as f32).collect(),
            false => {
                let scales = &self.floats(node, 2)?.values;
                scales.iter().zip(&view.shape).map(|(scale, n)| scale * *n as f32).collect()
            }
        };
        let factors: Vec<f32> = sides.iter().zip(&view.shape).map(|(side, n)| side / *n as f32).collect();
        let is_whole = factors.len() == view.shape.len() && factors.iter().all(|factor| factor.fract() == 0.0);
        if !is_nearest || !is_floor || !is_whole {
            return Err(Fault::unknown("Resize but nearest, asymmetric, floor, by whole factors"));
        }
        let shape: Vec<usize> = view.shape.iter().zip(&factors).map(|(n, factor)| n * *factor as usize).collect();
        let grown = factors.iter().enumerate().rev().filter(|(_, factor)| **factor > 1.0);
        let repeated = grown.fold(view, |view, (axis, factor)| view.repeated(axis, *factor as usize));
        let copy = self.copied(repeated);
        Ok(Value::Computed(self.reshaped(copy, &shape)?))
    }
}
