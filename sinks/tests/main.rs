//! Tests of the crate through its public interface.

mod bus_face;
mod common;
mod event;
mod files;
mod journal;
mod lake;
mod manual;
mod push;
mod queue;
mod readback;
mod report;
mod route;
mod schema;
mod store;
mod task_face;
