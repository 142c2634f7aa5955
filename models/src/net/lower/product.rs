//! Matrix products.

use super::Lowering;
use super::shape::broadcast;
use crate::net::fault::{Fault, Lowered};
use crate::net::node::Node;
use crate::net::value::Value;
use tollgate_kernels::net::matmul::MatMul;
use tollgate_kernels::net::{Epilogue, Op, View};

impl Lowering {
    pub(super) fn product(&mut self, node: &Node) -> Lowered<Value> {
        let (left, right) = (self.view(node, 0)?, self.view(node, 1)?);
        let failed = || Fault::because(format!("{:?} and {:?} have no product", left.shape, right.shape));
        let ([front_left @ .., rows, depth], [front_right @ .., deep, columns]) = (&left.shape[..], &right.shape[..])
        else {
            return Err(Fault::unknown("MatMul of vectors"));
        };
        if depth != deep {
            return Err(failed());
        }
        let front = broadcast(front_left, front_right)?;
        let shape = [&front[..], &[*rows, *columns]].concat();
        let out = self.fresh(&shape);
        let all_rows = front.iter().product::<usize>() * rows;
        // With one matrix on the right the whole batch is one tall product.
        let tall = left.reshaped(&[1, 1, all_rows, *depth]).filter(|_| front_right.is_empty());
        let (left, right) = match tall {
            Some(left) => (left, right.broadcast(&[1, 1, *depth, *columns]).ok_or_else(failed)?),
            None => (batched(&left, &front, failed)?, batched(&right, &front, failed)?),
        };
        let (epilogue, out_tensor) = (Epilogue::default(), out.tensor);
        self.graph.push(Op::MatMul(MatMul { left, right, bias_by_row: false, epilogue, out: out_tensor }));
        Ok(Value::Computed(out))
    }
}

/// A side with two axes of batch in front of its matrix.
fn batched(side: &View, front: &[usize], failed: impl Fn() -> Fault) -> Lowered<View> {
    let matrix = &side.shape[side.shape.len() - 2..];
    let full = side.broadcast(&[front, matrix].concat()).ok_or_else(&failed)?;
    let pair = match front {
        [] => [1, 1],
        [one] => [*one, 1],
        [one, two] => [*one, *two],
        _ => return Err(Fault::unknown("MatMul of more than four axes")),
    };
    full.reshaped(&[&pair[..], matrix].concat()).ok_or_else(failed)
}
