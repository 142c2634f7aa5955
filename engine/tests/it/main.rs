//! Tests of the program and of the flow through their public faces. One test binary, since each links the whole program.

mod accuracy;
mod backend;
mod bad_input;
mod bench;
mod bridges;
mod bus;
mod cli;
mod cluster;
mod common;
mod flow;
mod fuzz_photos;
mod gpu;
mod inline;
mod memory;
mod plates;
mod push;
mod readback;
mod resume;
mod review;
mod serve;
mod sources;
mod tail;
mod taskqueue;
#[cfg(feature = "kafka-tls")]
mod tls;
