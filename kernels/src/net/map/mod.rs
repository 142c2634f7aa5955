//! Values, each by itself: `after(before(scale · x) · times + plus)`.
//!
//! All operands are views of the output's shape, repeated where that is needed; the output is a view as well, so that
//! parts of one tensor can be filled one after the other. So this also copies, changes the layout, repeats pixels and
//! turns bytes into numbers.

pub(crate) mod cpu;
pub(crate) mod gpu;

use super::{Activation, View};

/// An elementwise operation.
#[derive(Clone, Debug, PartialEq)]
pub struct Map {
    /// The first operand.
    pub x: View,
    /// Multiplied with it first.
    pub scale: f32,
    /// The function of that.
    pub before: Activation,
    /// Multiplied.
    pub times: Option<View>,
    /// Added.
    pub plus: Option<View>,
    /// The function of the result.
    pub after: Activation,
    /// Where it goes.
    pub out: View,
}

impl Map {
    /// A copy.
    pub fn copy(x: View, out: View) -> Self {
        let (before, after) = (Activation::Identity, Activation::Identity);
        Self { x, scale: 1.0, before, times: None, plus: None, after, out }
    }

    /// The operands that are there.
    pub(crate) fn views(&self) -> impl Iterator<Item = &View> {
        std::iter::once(&self.x).chain(&self.times).chain(&self.plus)
    }
}
