//! Tests of the crate through its public interface.

mod common;
mod event;
mod files;
mod journal;
mod manual;
mod queue;
mod readback;
mod report;
mod schema;
mod task_face;
