//! Answers, and how the codec encodes them.

use kafka_protocol::messages::ResponseHeader;
use kafka_protocol::protocol::{Encodable, HeaderVersion, StrBytes};

use super::room::Taken;
use super::wire::seal;

/// A whole response frame.
pub(super) struct Reply {
    pub(super) frame: Vec<u8>,
    /// The room that it takes, until it is sent.
    pub(super) room: Option<Taken>,
}

/// A response frame. `None` where the codec cannot express the answer in this version: an error of ours.
pub(super) fn encode<T: Encodable + HeaderVersion>(correlation: i32, version: i16, body: &T) -> Option<Reply> {
    let mut frame = vec![0; 4];
    let header = ResponseHeader::default().with_correlation_id(correlation);
    let header = header.encode(&mut frame, T::header_version(version));
    if let Err(error) = header.and_then(|()| body.encode(&mut frame, version)) {
        tracing::error!(%error, version, answer = std::any::type_name::<T>(), "an answer cannot be encoded");
        return None;
    }
    seal(&mut frame);
    Some(Reply { frame, room: None })
}

/// A string of the codec.
pub(super) fn text(text: impl Into<String>) -> StrBytes {
    StrBytes::from_string(text.into())
}
