//! The embedded queues.

mod common;
mod filters;
mod kill;
mod model;
mod semantics;
