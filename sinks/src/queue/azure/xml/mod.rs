//! The little XML that the protocol needs: bounded reading, and writing straight into the body.

mod read;
mod write;

pub(in crate::queue) use read::{Node, read};
pub(in crate::queue) use write::{Writer, is_text};
