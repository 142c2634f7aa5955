//! What a connection has received and not yet worked off: frames of bounded size.

use bytes::{Buf, BytesMut};
use kafka_protocol::messages::ApiKey;
use tokio::io::{AsyncRead, AsyncReadExt};

use super::KafkaConfig;
use super::room::{Room, Taken};

/// Bytes set aside for a connection that has nothing to say.
const IDLE_BYTES: usize = 512;
/// Bytes set aside for one that has; larger frames take room first.
const BUSY_BYTES: usize = 64 << 10;
/// Bytes set aside at once while a large frame comes: no more than this ahead of what really came.
const STEP_BYTES: usize = 1 << 20;
/// Bytes of a request before login; a login needs some hundred.
const LOGIN_BYTES: usize = 16 << 10;

/// What is received.
pub(super) struct Input {
    buffer: BytesMut,
    /// The last read filled the buffer: there is more to come.
    busy: bool,
    room: Option<Taken>,
}

/// What is known of the first frame.
pub(super) enum Front {
    /// Less than what is needed to judge it.
    Unknown,
    /// It has this many bytes with its length in front, and they are not all here.
    Partly(usize),
    /// It is here, this many bytes with its length in front.
    Whole(usize),
}

impl Input {
    pub(super) fn new() -> Self {
        Self { buffer: BytesMut::new(), busy: false, room: None }
    }

    /// Looks at the first frame. The error is a length that no frame may have.
    pub(super) fn front(&self, config: &KafkaConfig, logged_in: bool) -> Result<Front, &'static str> {
        let Some(head) = self.buffer.first_chunk::<4>() else { return Ok(Front::Unknown) };
        let length = usize::try_from(i32::from_be_bytes(*head)).ok().ok_or("malformed")?;
        // A request has a key, a version and a number at least.
        if length < 8 {
            return Err("malformed");
        }
        let Some(key) = self.buffer.get(4..6) else { return Ok(Front::Unknown) };
        let most = if !logged_in {
            LOGIN_BYTES
        } else if key == (ApiKey::Produce as i16).to_be_bytes() {
            config.max_request_bytes
        } else {
            config.max_control_request_bytes
        };
        if length > most {
            return Err("frame-too-large");
        }
        let whole = 4 + length;
        Ok(if self.buffer.len() >= whole { Front::Whole(whole) } else { Front::Partly(whole) })
    }

    /// Takes room for the first frame, where it is a large one. May be dropped and called again.
    pub(super) async fn make_room(&mut self, front: &Front, room: &Room) {
        if let Front::Partly(bytes) = *front
            && bytes > BUSY_BYTES
            && self.room.is_none()
        {
            self.room = Some(room.take(bytes).await);
        }
    }

    /// Receives more; how much, 0 at the end. May be dropped and called again.
    pub(super) async fn receive(
        &mut self,
        front: &Front,
        from: &mut (impl AsyncRead + Unpin),
    ) -> std::io::Result<usize> {
        let wanted = match *front {
            Front::Partly(bytes) => (bytes - self.buffer.len()).clamp(IDLE_BYTES, STEP_BYTES),
            _ if self.busy => BUSY_BYTES,
            _ => IDLE_BYTES,
        };
        if self.buffer.capacity() - self.buffer.len() < wanted.min(BUSY_BYTES / 4) {
            self.buffer.reserve(wanted.max(if self.busy { BUSY_BYTES } else { 0 }));
        }
        let count = from.read_buf(&mut self.buffer).await?;
        self.busy = self.buffer.len() == self.buffer.capacity() || self.buffer.len() > IDLE_BYTES;
        Ok(count)
    }

    /// The first bytes, to be worked on where they lie.
    pub(super) fn bytes(&mut self, count: usize) -> &mut [u8] {
        &mut self.buffer[..count]
    }

    /// Drops the first bytes.
    pub(super) fn drop_front(&mut self, count: usize) {
        self.buffer.advance(count);
        self.room = None;
        // What a large frame needed is not kept for the small ones after it.
        if self.buffer.is_empty() && count > STEP_BYTES {
            self.buffer = BytesMut::new();
        }
    }

    /// Takes the first bytes out.
    pub(super) fn split(&mut self, count: usize) -> BytesMut {
        self.room = None;
        self.buffer.split_to(count)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.buffer.is_empty()
    }

    /// Gives memory back, where nothing is received.
    pub(super) fn rest(&mut self) {
        if self.buffer.is_empty() {
            *self = Self::new();
        }
    }
}
