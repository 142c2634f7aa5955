//! HTTP/1.1 as lean as it can be: one kept connection, one request at a time.

use anyhow::{Context, Result, ensure};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};

/// A connection that is kept.
pub(super) struct Connection {
    reader: BufReader<TcpStream>,
    request: Vec<u8>,
}

/// What a request came to.
pub(super) struct Answer {
    pub(super) status: u16,
    head: String,
    pub(super) body: Vec<u8>,
}

impl Answer {
    /// A header by its name in lower case.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let fields = self.head.lines().filter_map(|line| line.split_once(':'));
        fields.into_iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }
}

impl Connection {
    pub(super) fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).with_context(|| format!("cannot connect to {address}"))?;
        stream.set_nodelay(true)?;
        Ok(Self { reader: BufReader::new(stream), request: Vec::new() })
    }

    /// Sends a request, whose head ends without its last line break, and waits for the answer.
    pub(super) fn ask(&mut self, head: &str, body: &[u8]) -> Result<Answer> {
        self.request.clear();
        write!(self.request, "{head}\r\ncontent-length: {}\r\n\r\n", body.len())?;
        self.request.extend_from_slice(body);
        self.reader.get_mut().write_all(&self.request)?;
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            ensure!(self.reader.read_line(&mut head)? > 0, "the server closed the connection");
        }
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).context("no HTTP")?;
        let mut answer = Answer { status, head, body: Vec::new() };
        let length = answer.header("content-length").map_or(Ok(0), str::parse)?;
        answer.body.resize(length, 0);
        self.reader.read_exact(&mut answer.body)?;
        Ok(answer)
    }
}
