//! The dataflow engine and the tollgate program: the flow runtime, the pipeline assembled from it, config and commands.

pub mod bench;
pub mod cli;
pub mod config;
mod error;
pub mod flow;
pub mod listen;
pub mod pipeline;
pub mod replay;
mod scene;
pub mod serve;
pub mod setup;
#[cfg(test)]
mod skipped;

pub use error::{Error, Result};
