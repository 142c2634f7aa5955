//! What a connection is: where it came in, who logged in on it, and what they may do.

use std::net::SocketAddr;

use crate::access::{Grant, Right};

/// What the other side may do.
#[derive(Debug)]
pub(super) enum Login {
    /// Nobody needs to log in here.
    NotNeeded,
    /// Not yet; whether the mechanism was agreed on.
    Awaited { agreed: bool },
    /// Somebody, in vain, for this reason: the connection is closed when that is answered.
    Failed(&'static str),
    /// Somebody, with these rights.
    Granted(Grant),
}

/// A connection as the handlers see it.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) listener: &'static str,
    /// The address at which it came, which is what a client is told to connect to.
    pub(super) local: SocketAddr,
    pub(super) peer: SocketAddr,
    pub(super) login: Login,
}

impl Session {
    /// Whether a right is there for a hub.
    pub(super) fn may(&self, hub: &str, right: Right) -> bool {
        match &self.login {
            Login::NotNeeded => true,
            Login::Awaited { .. } | Login::Failed(_) => false,
            Login::Granted(grant) => grant.allows(hub, right),
        }
    }

    /// Whether everything is open.
    pub(super) fn may_all(&self) -> bool {
        matches!(self.login, Login::NotNeeded)
    }

    /// Whether more than logging in is possible.
    pub(super) fn is_open(&self) -> bool {
        !matches!(self.login, Login::Awaited { .. } | Login::Failed(_))
    }
}
