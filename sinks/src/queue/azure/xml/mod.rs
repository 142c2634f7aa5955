//! The little XML that the protocol needs: bounded reading, and writing straight into the body.

mod read;
mod write;

pub(super) use read::{Node, read};
pub(super) use write::{Writer, is_text};
