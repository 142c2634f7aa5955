//! The protocol by hand: frames as bytes.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// Bytes that are put together.
#[derive(Default, Clone)]
pub(crate) struct Bytes(pub(crate) Vec<u8>);

impl Bytes {
    pub(crate) fn i8(mut self, value: i8) -> Self {
        self.0.extend(value.to_be_bytes());
        self
    }

    pub(crate) fn i16(mut self, value: i16) -> Self {
        self.0.extend(value.to_be_bytes());
        self
    }

    pub(crate) fn i32(mut self, value: i32) -> Self {
        self.0.extend(value.to_be_bytes());
        self
    }

    pub(crate) fn i64(mut self, value: i64) -> Self {
        self.0.extend(value.to_be_bytes());
        self
    }

    pub(crate) fn text(self, text: &str) -> Self {
        let mut bytes = self.i16(text.len() as i16);
        bytes.0.extend(text.as_bytes());
        bytes
    }

    pub(crate) fn blob(self, blob: &[u8]) -> Self {
        let mut bytes = self.i32(blob.len() as i32);
        bytes.0.extend(blob);
        bytes
    }

    /// The same with its length in front.
    pub(crate) fn framed(&self) -> Vec<u8> {
        [&(self.0.len() as i32).to_be_bytes(), self.0.as_slice()].concat()
    }
}

/// The head of a request in the older encoding.
pub(crate) fn head(key: i16, version: i16, correlation: i32) -> Bytes {
    Bytes::default().i16(key).i16(version).i32(correlation).text("by-hand")
}

/// A produce request (version 7) of one batch.
pub(crate) fn produce(correlation: i32, acks: i16, hub: &str, partition: i32, batch: &[u8]) -> Bytes {
    let head = head(0, 7, correlation).i16(-1).i16(acks).i32(1000);
    head.i32(1).text(hub).i32(1).i32(partition).blob(batch)
}

/// A fetch request (version 4) of one partition.
pub(crate) fn fetch(correlation: i32, wait_ms: i32, min_bytes: i32, hub: &str, offset: i64) -> Bytes {
    let head = head(1, 4, correlation).i32(-1).i32(wait_ms).i32(min_bytes).i32(1 << 20).i8(0);
    head.i32(1).text(hub).i32(1).i32(0).i64(offset).i32(1 << 20)
}

/// A connection.
pub(crate) struct Raw(pub(crate) TcpStream);

impl Raw {
    pub(crate) fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).expect("a listener");
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout");
        stream.set_nodelay(true).expect("no delay");
        Self(stream)
    }

    pub(crate) fn send(&mut self, request: &Bytes) {
        self.0.write_all(&request.framed()).expect("a request that is taken");
    }

    /// The next answer without its length; nothing when the connection was closed.
    pub(crate) fn answer(&mut self) -> Option<Vec<u8>> {
        let mut length = [0; 4];
        self.0.read_exact(&mut length).ok()?;
        let mut answer = vec![0; i32::from_be_bytes(length) as usize];
        self.0.read_exact(&mut answer).ok()?;
        Some(answer)
    }

    /// Sends a produce request, and gives the error code and the base offset.
    pub(crate) fn produce(&mut self, hub: &str, partition: i32, batch: &[u8]) -> (i16, i64) {
        self.send(&produce(7, -1, hub, partition, batch));
        let answer = self.answer().expect("an answer");
        produced(&answer, hub)
    }

    /// Whether the endpoint answers: to a request for its versions.
    pub(crate) fn is_served(&mut self) -> bool {
        if self.0.write_all(&head(18, 0, 99).framed()).is_err() {
            return false;
        }
        self.answer().is_some_and(|answer| answer[..4] == 99i32.to_be_bytes())
    }

    /// Whether the endpoint has closed the connection without a further answer.
    pub(crate) fn is_closed(&mut self) -> bool {
        !matches!(self.0.read(&mut [0; 1]), Ok(1))
    }
}

/// The error code and the base offset of an answer to [`produce`].
pub(crate) fn produced(answer: &[u8], hub: &str) -> (i16, i64) {
    let at = 4 + 4 + 2 + hub.len() + 4 + 4;
    let code = i16::from_be_bytes(answer[at..at + 2].try_into().expect("a code"));
    (code, i64::from_be_bytes(answer[at + 2..at + 10].try_into().expect("an offset")))
}
