//! Tests of the crate through its public interface.

mod common;
mod event;
mod journal;
