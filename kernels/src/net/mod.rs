//! Net: a neural net as a graph of few operations, run on the CPU by the plain reference or on a GPU.
//!
//! A [`Graph`] is made for one size of input, the number of images included: every shape is known, so that memory is
//! planned once ([`Plan`]) and nothing is decided while it runs. Tensors are dense `f32`, rows last; what reads them
//! may do so through a [`View`] (permuted, sliced, repeated) without a copy. What can be done in one pass is: bias,
//! activation and residual belong to the product before them ([`fuse`]).
//!
//! Operations: [`conv`] (dense), [`depthwise`], [`matmul`] (linear layers, pointwise convolutions, attention),
//! [`pool`], [`map`] (elementwise, copies, changes of layout), [`rows`] (softmax, mean, layer norm). Where a net comes
//! from is not known here.
//!
//! Tolerance between twins: 10⁻⁴ of the largest value of an output for one operation; sums are taken in another order.
//! With [`Precision::F16`] each value that one operation makes for another is off by 2⁻¹⁰ of itself at most beside that;
//! below 2⁻¹⁴ a GPU may make it 0.

mod activation;
mod count;
mod cpu;
mod fuse;
mod gpu;
mod graph;
mod op;
mod pass;
mod plan;
mod precision;
mod view;
mod weights;

pub mod conv;
pub mod depthwise;
pub mod map;
pub mod matmul;
pub mod pool;
pub mod rows;

pub use activation::Activation;
pub use count::Cost;
pub use cpu::{Values, run};
pub use fuse::fuse;
pub use gpu::GpuNet;
pub use graph::{Element, Graph, Kind, Tensor};
pub use op::{Epilogue, Op, Window};
pub use plan::Plan;
pub use precision::Precision;
pub use view::View;
pub use weights::Weights;

pub(crate) use pass::SHADERS;
