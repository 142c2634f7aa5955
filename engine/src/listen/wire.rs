//! Requests to the queue, and what became of them.

use std::time::Duration;

use tollgate_ingest::Clock;
use tollgate_sinks::queue::azure::client::{BadClient, Client, Got, read_got};
use ureq::http::{Method, Request, Response, StatusCode};
use ureq::{Agent, Body};

use crate::Error;

/// How long a request may take.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Bytes of an answer, at most.
const MAX_ANSWER: u64 = 8 << 20;

/// A queue that is spoken to.
pub(super) struct Wire<'a> {
    agent: Agent,
    client: Client,
    clock: &'a Clock,
}

/// Why a request did not do what it should, and what that means.
#[derive(Debug)]
pub(super) struct Trouble {
    pub(super) meaning: Meaning,
    pub(super) error: Error,
}

/// What a failure means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// The lease has ended: the message is somebody else's, or gone.
    Lost,
    /// There is no such queue.
    NoQueue,
    /// There is such a queue, with metadata of its own.
    IsThere,
    /// No answer, or one that asks to come back: it may go better later.
    Away,
    /// It will not go better.
    Broken,
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self { meaning: Meaning::Broken, error }
    }
}

impl From<BadClient> for Trouble {
    fn from(bad: BadClient) -> Self {
        Error::from(bad).into()
    }
}

impl<'a> Wire<'a> {
    pub(super) fn new(client: Client, clock: &'a Clock) -> Self {
        let config = Agent::config_builder().timeout_global(Some(TIMEOUT)).http_status_as_error(false).build();
        Self { agent: config.into(), client, clock }
    }

    /// The same to another queue.
    pub(super) fn sibling(&self, client: Client) -> Self {
        Self { agent: self.agent.clone(), client, clock: self.clock }
    }

    pub(super) fn queue(&self) -> &str {
        self.client.queue()
    }

    /// Creates the queue unless it is there.
    pub(super) fn create(&self) -> Result<(), Trouble> {
        match self.send("create", self.client.create((self.clock)())?) {
            Err(Trouble { meaning: Meaning::IsThere, .. }) => Ok(()),
            other => other.map(drop),
        }
    }

    /// Gets a message for so long, if there is one.
    pub(super) fn get(&self, hidden_s: u32) -> Result<Option<Got>, Trouble> {
        let mut response = self.send("get a message from", self.client.get(hidden_s, (self.clock)())?)?;
        let body = response.body_mut().with_config().limit(MAX_ANSWER).read_to_vec();
        let body = body.map_err(|source| self.away("read the answer of", source))?;
        let got =
            read_got(&body).ok_or_else(|| self.refused("read the answer of", StatusCode::OK, "no messages in it"))?;
        Ok(got.into_iter().next())
    }

    /// Hides a message for so long from now on; the new receipt.
    pub(super) fn hide(&self, id: &str, receipt: &str, hidden_s: u32) -> Result<String, Trouble> {
        let what = "renew a lease on";
        let response = self.send(what, self.client.hide(id, receipt, hidden_s, (self.clock)())?)?;
        let receipt = response.headers().get("x-ms-popreceipt").and_then(|value| value.to_str().ok());
        receipt.map(str::to_owned).ok_or_else(|| self.refused(what, response.status(), "no receipt in the answer"))
    }

    /// Deletes a message.
    pub(super) fn delete(&self, id: &str, receipt: &str) -> Result<(), Trouble> {
        self.send("delete a message of", self.client.delete(id, receipt, (self.clock)())?).map(drop)
    }

    /// Puts a message; creates the queue first if need be.
    pub(super) fn put_creating(&self, text: &str) -> Result<(), Trouble> {
        let put = || self.send("put a message into", self.client.put(text, (self.clock)())?);
        match put() {
            Err(Trouble { meaning: Meaning::NoQueue, .. }) => self.create().and_then(|()| put()).map(drop),
            other => other.map(drop),
        }
    }

    fn send(&self, what: &'static str, request: Request<String>) -> Result<Response<Body>, Trouble> {
        let bodiless = matches!(*request.method(), Method::GET | Method::DELETE);
        let answer = if bodiless { self.agent.run(request.map(drop)) } else { self.agent.run(request) };
        let response = answer.map_err(|source| self.away(what, source))?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let code = response.headers().get("x-ms-error-code").and_then(|code| code.to_str().ok()).unwrap_or_default();
        Err(self.refused(what, status, code))
    }

    fn away(&self, what: &'static str, source: ureq::Error) -> Trouble {
        let error = Error::QueueAway { what, queue: self.queue().to_owned(), source: Box::new(source) };
        Trouble { meaning: Meaning::Away, error }
    }

    fn refused(&self, what: &'static str, status: StatusCode, code: &str) -> Trouble {
        let meaning = match code {
            "PopReceiptMismatch" | "MessageNotFound" => Meaning::Lost,
            "QueueNotFound" => Meaning::NoQueue,
            "QueueAlreadyExists" => Meaning::IsThere,
            _ if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => Meaning::Away,
            _ => Meaning::Broken,
        };
        let (queue, code) = (self.queue().to_owned(), code.to_owned());
        Trouble { meaning, error: Error::QueueRefused { what, queue, status: status.as_u16(), code } }
    }
}
