//! What callers ask for, decided under the store's lock.

mod admin;
mod due;
mod receive;
mod route;
mod send;
mod sessions;
mod settle;

pub(super) use receive::Picked;
