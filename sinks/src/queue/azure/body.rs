//! Bounds of bodies, and this protocol's words for those that are beyond them.

use super::fault::Fault;
use crate::queue::room::NoBody;

/// Bytes of a message's text, at most.
pub(super) const MAX_TEXT: usize = 64 << 10;
/// Bytes of a body, at most: each character of a text may be written as an escape of six, and there is a frame.
pub(super) const MAX_BODY: usize = 6 * MAX_TEXT + (4 << 10);

impl From<NoBody> for Fault {
    fn from(reason: NoBody) -> Self {
        match reason {
            NoBody::TooLarge => Self::body_too_large(MAX_TEXT),
            NoBody::Closing => Self::busy(),
            NoBody::TimedOut => Self::timed_out(),
        }
    }
}
