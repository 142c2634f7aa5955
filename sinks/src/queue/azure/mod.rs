//! The task-queue face: Azure Queue Storage's REST over the queues, as the official clients speak it.
//!
//! A request goes one way: [`target`] (the path), [`operation`] (what is asked), [`auth`] (whether it may), then the
//! handler of its operation in [`service`], [`entity`] or [`message`], and [`answer`] writes what came of it. Everything
//! that is refused is a [`fault`], with the original's status, code and XML.
//!
//! Differences from the original, all on purpose: names of metadata are kept in lower case; a signature that is bound to
//! source addresses is refused where the listener does not say who asks; a message that another face put in and XML
//! cannot carry is given out in base64; cross-origin rules, logging and metrics are kept and given back without effect.

mod account;
mod answer;
mod auth;
mod body;
pub mod client;
mod entity;
mod fault;
mod message;
mod metadata;
mod name;
mod operation;
mod policy;
mod properties;
mod query;
mod receipt;
mod route;
mod service;
mod target;
pub(super) mod xml;

pub use account::{AccountConfig, Accounts, BadAccount, DEVELOPMENT_ACCOUNT, DEVELOPMENT_KEY, Key};
pub use route::{Clock, TaskFace, TaskOptions};
