//! Which tensors share memory: a buffer is used again as soon as its last reader has run.

use super::{Graph, Kind};

/// Where each tensor lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The slot of each computed tensor.
    pub(crate) slots: Vec<Option<usize>>,
    /// Elements of each slot.
    pub(crate) sizes: Vec<usize>,
}

impl Plan {
    /// Plans the memory of a graph. Inputs, outputs and constants have memory of their own and no slot.
    pub fn new(graph: &Graph) -> Self {
        let last = last_uses(graph);
        let mut plan = Self { slots: vec![None; graph.tensors.len()], sizes: Vec::new() };
        let mut free: Vec<usize> = Vec::new();
        for (at, op) in graph.ops.iter().enumerate() {
            let (out, _) = op.writes();
            let is_output = graph.outputs.contains(&out);
            if !is_output && plan.slots[out.0].is_none() {
                plan.slots[out.0] = Some(plan.take(graph.len_of(out), &mut free));
            }
            let mut ended: Vec<_> = op.reads().into_iter().map(|(tensor, _)| tensor.0).collect();
            ended.push(out.0);
            ended.sort_unstable();
            ended.dedup();
            free.extend(ended.into_iter().filter(|tensor| last[*tensor] == at).filter_map(|tensor| plan.slots[tensor]));
        }
        plan
    }

    /// Bytes of all slots.
    pub fn bytes(&self) -> usize {
        self.sizes.iter().sum::<usize>() * size_of::<f32>()
    }

    /// The free slot that fits best: the smallest that is large enough, else the largest, which grows.
    fn take(&mut self, len: usize, free: &mut Vec<usize>) -> usize {
        let fits = (0..free.len()).filter(|index| self.sizes[free[*index]] >= len);
        let best = fits.min_by_key(|index| self.sizes[free[*index]]);
        match best.or_else(|| (0..free.len()).max_by_key(|index| self.sizes[free[*index]])) {
            Some(index) => {
                let slot = free.swap_remove(index);
                self.sizes[slot] = self.sizes[slot].max(len);
                slot
            }
            None => {
                self.sizes.push(len);
                self.sizes.len() - 1
            }
        }
    }
}

/// The last operation that touches each tensor.
fn last_uses(graph: &Graph) -> Vec<usize> {
    let mut last = vec![0; graph.tensors.len()];
    for (at, op) in graph.ops.iter().enumerate() {
        for (tensor, _) in op.reads() {
            last[tensor.0] = at;
        }
        last[op.writes().0.0] = at;
    }
    last
}

impl Graph {
    /// Drops operations whose results nobody reads.
    pub(crate) fn prune(&mut self) {
        let mut needed = vec![false; self.tensors.len()];
        self.outputs.iter().for_each(|tensor| needed[tensor.0] = true);
        let mut kept = Vec::with_capacity(self.ops.len());
        for op in std::mem::take(&mut self.ops).into_iter().rev() {
            if needed[op.writes().0.0] {
                op.reads().iter().for_each(|(tensor, _)| needed[tensor.0] = true);
                kept.push(op);
            }
        }
        kept.reverse();
        self.ops = kept;
        for (info, needed) in self.tensors.iter_mut().zip(needed) {
            if !needed && !matches!(info.kind, Kind::Input(_)) {
                // Its place stays, so that numbers stay; its memory is not.
                (info.len, info.kind) = (0, Kind::Computed);
            }
        }
    }
}
