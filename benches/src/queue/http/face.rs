//! The two faces as a sender and a receiver see them.

use anyhow::{Context, Result, ensure};
use std::net::SocketAddr;
use std::time::{SystemTime, UNIX_EPOCH};
use tollgate_sinks::queue::azure::client::{Client, read_got};
use tollgate_sinks::queue::azure::{DEVELOPMENT_ACCOUNT, DEVELOPMENT_KEY, Key};

use super::wire::{Answer, Connection};
use super::{BATCH, GOT};
use crate::queue::BODY_BYTES;

/// A connection to a face.
pub(super) trait Face: Send {
    /// Messages that a request sends at most.
    fn batch(&self) -> usize;
    /// Messages that a request receives at most.
    fn most(&self) -> usize;
    /// Sends up to [`Face::batch`] messages.
    fn send(&mut self, count: usize) -> Result<()>;
    /// Receives up to so many messages; each is a key to complete it with.
    fn receive(&mut self, most: usize) -> Result<Vec<(String, String)>>;
    /// Completes a message.
    fn complete(&mut self, key: &(String, String)) -> Result<()>;
}

/// Service Bus.
pub(super) struct Bus {
    connection: Connection,
    batch: Vec<u8>,
}

impl Bus {
    pub(super) fn open(address: SocketAddr) -> Result<Self> {
        Ok(Self { connection: Connection::open(address)?, batch: Vec::new() })
    }

    fn fill(&mut self, count: usize) {
        let message = format!("{{\"Body\":\"{}\"}}", "Z".repeat(BODY_BYTES));
        self.batch = format!("[{}]", vec![message; count].join(",")).into_bytes();
    }

    fn ask(&mut self, head: &str) -> Result<Answer> {
        self.connection.ask(&format!("{head} HTTP/1.1\r\nhost: bench"), b"")
    }
}

impl Face for Bus {
    fn batch(&self) -> usize {
        BATCH
    }

    fn most(&self) -> usize {
        1
    }

    fn send(&mut self, count: usize) -> Result<()> {
        if self.batch.len() != count * (BODY_BYTES + 12) + 1 {
            self.fill(count);
        }
        let head =
            "POST /bus/messages HTTP/1.1\r\nhost: bench\r\ncontent-type: application/vnd.microsoft.servicebus.json";
        let answer = self.connection.ask(head, &self.batch)?;
        ensure!(answer.status == 201, "a batch was refused: {}", answer.status);
        Ok(())
    }

    fn receive(&mut self, _most: usize) -> Result<Vec<(String, String)>> {
        let answer = self.ask("POST /bus/messages/head?timeout=0")?;
        if answer.status == 204 {
            return Ok(Vec::new());
        }
        ensure!(answer.status == 201, "a receive was refused: {}", answer.status);
        let location = answer.header("location").context("no Location")?.trim_start_matches("http://bench").to_owned();
        Ok(vec![(location, String::new())])
    }

    fn complete(&mut self, (location, _): &(String, String)) -> Result<()> {
        let answer = self.ask(&format!("DELETE {location}"))?;
        ensure!(answer.status == 200, "a message could not be completed: {}", answer.status);
        Ok(())
    }
}

/// Queue Storage.
pub(super) struct Tasks {
    connection: Connection,
    client: Client,
    text: String,
}

impl Tasks {
    pub(super) fn open(address: SocketAddr) -> Result<Self> {
        let url = format!("http://{address}/{DEVELOPMENT_ACCOUNT}");
        let client = Client::new(&url, Key::parse(DEVELOPMENT_KEY)?, "tasks")?;
        Ok(Self { connection: Connection::open(address)?, client, text: "Z".repeat(BODY_BYTES) })
    }

    fn ask(&mut self, request: &axum::http::Request<String>) -> Result<Answer> {
        let path = request.uri().path_and_query().context("a path")?;
        let mut head = format!("{} {path} HTTP/1.1\r\nhost: bench", request.method());
        for (name, value) in request.headers().iter().filter(|(name, _)| *name != "content-length") {
            head.push_str(&format!("\r\n{name}: {}", value.to_str()?));
        }
        self.connection.ask(&head, request.body().as_bytes())
    }
}

impl Face for Tasks {
    fn batch(&self) -> usize {
        1
    }

    fn most(&self) -> usize {
        GOT
    }

    fn send(&mut self, _count: usize) -> Result<()> {
        let request = self.client.put(&self.text, now_ms()?)?;
        let answer = self.ask(&request)?;
        ensure!(answer.status == 201, "a message was refused: {}", answer.status);
        Ok(())
    }

    fn receive(&mut self, most: usize) -> Result<Vec<(String, String)>> {
        let request = self.client.get_up_to(most as u32, 3600, now_ms()?)?;
        let answer = self.ask(&request)?;
        ensure!(answer.status == 200, "a get was refused: {}", answer.status);
        let got = read_got(&answer.body).context("no messages in the answer")?;
        Ok(got.into_iter().map(|one| (one.id, one.pop_receipt)).collect())
    }

    fn complete(&mut self, (id, receipt): &(String, String)) -> Result<()> {
        let request = self.client.delete(id, receipt, now_ms()?)?;
        let answer = self.ask(&request)?;
        ensure!(answer.status == 204, "a message could not be deleted: {}", answer.status);
        Ok(())
    }
}

fn now_ms() -> Result<i64> {
    Ok(i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis())?)
}
