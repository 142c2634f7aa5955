//! Sums and products of two operands.

use super::Lowering;
use super::shape::broadcast;
use crate::net::fault::{Fault, Lowered};
use crate::net::node::Node;
use crate::net::value::Value;
use tollgate_kernels::net::Op;
use tollgate_kernels::net::map::Map;

impl Lowering {
    pub(super) fn binary(&mut self, node: &Node) -> Lowered<Value> {
        let is_number = |index: usize| matches!(self.input(node, index), Ok(Value::Floats(f)) if f.scalar().is_some());
        // The operand that counts comes first; a single number beside it is a factor or a summand.
        let (first, second) = if is_number(0) && !is_number(1) && node.op != "Div" { (1, 0) } else { (0, 1) };
        let number = match self.input(node, second)? {
            Value::Floats(floats) => floats.scalar(),
            Value::Ints(_) | Value::Computed(_) => None,
        };
        let shape = broadcast(self.input(node, 0)?.shape(), self.input(node, 1)?.shape())?;
        let failed = || Fault::because(format!("its operands do not become {shape:?}"));
        let x = self.view(node, first)?.broadcast(&shape).ok_or_else(failed)?;
        if node.op == "Add" && number == Some(0.0) {
            return Ok(Value::Computed(x));
        }
        let out = self.fresh(&shape);
        let copy = Map::copy(x, out.clone());
        let map = match (node.op.as_str(), number) {
            ("Mul", Some(factor)) => Map { scale: factor, ..copy },
            ("Div", Some(divisor)) => Map { scale: 1.0 / divisor, ..copy },
            ("Div", None) => return Err(Fault::unknown("Div by anything but a number")),
            (op, _) => {
                let other = Some(self.view(node, second)?.broadcast(&shape).ok_or_else(failed)?);
                if op == "Add" { Map { plus: other, ..copy } } else { Map { times: other, ..copy } }
            }
        };
        self.graph.push(Op::Map(map));
        Ok(Value::Computed(out))
    }
}
