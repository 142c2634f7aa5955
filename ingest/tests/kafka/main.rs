//! The Kafka endpoint, spoken to by stock clients and by hand.

mod bad_input;
mod clients;
mod demo;
mod fuzz;
mod groups;
mod idle;
mod java;
mod peers;
mod raw;
mod semantics;
mod server;
