//! What a caller is refused: bad input, which changes nothing.

use std::fmt;

/// Why a call on the queues was refused. A face turns each into its protocol's own code.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// There is no such queue, topic or subscription.
    NoEntity {
        /// The name as it was given.
        name: String,
    },
    /// Something of that name is there already, with other settings.
    EntityExists {
        /// The name as it was given.
        name: String,
    },
    /// The name breaks the rules.
    BadName {
        /// The name as it was given, cut short.
        name: String,
        /// The rule.
        rule: &'static str,
    },
    /// A setting is out of its bounds.
    BadSettings {
        /// Which one, and what it may be.
        detail: String,
    },
    /// A filter cannot be understood.
    BadFilter {
        /// Why.
        detail: String,
    },
    /// The operation is not one for this kind of entity.
    WrongKind {
        /// The entity.
        name: String,
        /// What is wrong.
        detail: &'static str,
    },
    /// A message, a property or a batch is larger than allowed.
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// Its size.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// There is no message of that sequence number, or not where it would have to be for this.
    NoMessage {
        /// The sequence number.
        sequence: u64,
    },
    /// The lock has ended, or the message was given to somebody else.
    LockLost {
        /// The sequence number.
        sequence: u64,
    },
    /// The session is held by somebody else, or its lock has ended.
    SessionLost {
        /// The session id; empty where none was free.
        session: String,
    },
    /// The queue has sessions and the message or the receiver none, or the other way round.
    SessionMismatch {
        /// The entity.
        name: String,
    },
    /// The entity, or the store, is as full as it may be.
    Full {
        /// What is full, and what the bound is.
        detail: String,
    },
    /// More is on its way to the disk than may be; the sender should come back.
    Busy,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoEntity { name } => write!(f, "there is no queue, topic or subscription {name:?}; create it first"),
            Self::EntityExists { name } => write!(f, "{name:?} exists already with other settings"),
            Self::BadName { name, rule } => write!(f, "{name:?} is no name: {rule}"),
            Self::BadSettings { detail } => write!(f, "a setting is out of its bounds: {detail}"),
            Self::BadFilter { detail } => write!(f, "cannot understand the filter: {detail}"),
            Self::WrongKind { name, detail } => write!(f, "not possible with {name:?}: {detail}"),
            Self::TooLarge { what, bytes, limit } => {
                write!(f, "{what} has {bytes} bytes, over the limit of {limit}; send less")
            }
            Self::NoMessage { sequence } => write!(f, "there is no message {sequence} to do this with"),
            Self::LockLost { sequence } => {
                write!(f, "the lock on message {sequence} has ended or is somebody else's; receive it again")
            }
            Self::SessionLost { session } if session.is_empty() => f.write_str("no session is free; come back later"),
            Self::SessionLost { session } => {
                write!(f, "session {session:?} is held by somebody else, or its lock has ended; accept it again")
            }
            Self::SessionMismatch { name } => {
                write!(f, "{name:?} has sessions where the request has none, or the other way round")
            }
            Self::Full { detail } => write!(f, "full: {detail}"),
            Self::Busy => f.write_str("too much is on its way to the disk; come back in a moment"),
        }
    }
}

impl std::error::Error for Refusal {}
