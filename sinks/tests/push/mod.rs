//! Pushed events, against real HTTP servers on loopback and in simulated time.

mod faults;
mod forms;
mod handshake;
mod python;
mod receiver;
mod retry;
mod stage;
