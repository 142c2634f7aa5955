//! The HTTP endpoint, spoken to by real clients (curl, Python) and by bad ones.

mod access;
mod common;
mod hostile;
mod hubs;
mod images;
mod interop;
mod limits;
mod memory;
mod peers;
mod read;
mod send;
mod stop;
