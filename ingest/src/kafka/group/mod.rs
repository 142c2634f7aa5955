//! Consumer groups: members that share the partitions of topics among themselves, and how far they have come.
//!
//! `state` is the protocol as a state machine, `coordinator` the waiting in it, `membership`, `progress` and `admin`
//! what the requests say. How far a group has come is kept in the log's [`Store`](crate::log::Store); who its members
//! are is kept in memory alone, as it is everywhere: they join again after a restart.

mod admin;
mod coordinator;
mod member;
mod membership;
mod progress;
mod state;

pub(super) use admin::{delete, describe, list};
pub(super) use coordinator::Groups;
pub(super) use membership::{heartbeat, join, leave, sync};
pub(super) use progress::{commit, fetch};

use super::session::Session;
use super::shared::Shared;
use crate::access::Right;

/// Whether one may be in groups at all: who may listen to any hub. What they read is asked for each hub.
fn may_group(shared: &Shared, session: &Session) -> bool {
    session.may_all() || shared.store.hubs().iter().any(|hub| session.may(hub.name(), Right::Listen))
}
