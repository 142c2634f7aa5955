//! One connection: requests are begun in the order in which they come and answered in the same order.
//!
//! Produce requests are pipelined: each is appended as soon as it is here and answered when it is durable, while the
//! next ones are being received and appended. Any other request waits until those before it are answered, and is
//! answered before the next is begun, as Apache Kafka does it for all requests.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use kafka_protocol::error::ResponseError;
use kafka_protocol::messages::ApiKey;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

use super::api::{BadHead, Head};
use super::dispatch::{Closed, MALFORMED, dispatch};
use super::input::{Front, Input};
use super::metadata::versions;
use super::produce::{Layout, Produced, produce};
use super::reply::encode;
use super::session::{Login, Session};
use super::shared::Shared;

/// After this long without a request a connection gives its buffers back.
const REST_AFTER: Duration = Duration::from_secs(1);

/// How a connection ended.
pub(super) type End = Result<(), Closed>;

/// A connection.
pub(super) struct Connection<S> {
    stream: S,
    shared: Arc<Shared>,
    session: Session,
    input: Input,
    begun: Instant,
    /// Produce requests that are written and not yet answered.
    pending: VecDeque<Produced>,
    /// Answers that are ready to be sent.
    output: Vec<u8>,
}

/// What a connection waited for.
enum Event {
    Settled,
    Received(usize),
    Stopping,
    Quiet,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    pub(super) fn new(stream: S, shared: Arc<Shared>, session: Session) -> Self {
        Self {
            stream,
            shared,
            session,
            input: Input::new(),
            begun: Instant::now(),
            pending: VecDeque::new(),
            output: Vec::new(),
        }
    }

    /// Serves the connection to its end.
    pub(super) async fn run(mut self) -> End {
        let outcome = self.serve().await;
        // What was appended is answered, whatever came behind it.
        let answered = self.settle_all().await;
        self.stream.shutdown().await.ok();
        outcome.and(answered)
    }

    async fn serve(&mut self) -> End {
        let mut stop = self.shared.stopping.subscribe();
        let mut quiet = Duration::ZERO;
        loop {
            let front = self.work_off().await?;
            match self.event(&front, &mut stop, quiet).await? {
                Event::Settled => self.answer_settled().await?,
                Event::Received(0) => {
                    return if self.input.is_empty() { Ok(()) } else { Err(Closed("half-a-request")) };
                }
                Event::Received(_) => quiet = Duration::ZERO,
                Event::Stopping => return Ok(()),
                Event::Quiet => {
                    quiet = if quiet.is_zero() { REST_AFTER } else { self.idle_limit() };
                    self.too_quiet(quiet)?;
                }
            }
        }
    }

    fn idle_limit(&self) -> Duration {
        Duration::from_millis(self.shared.config.idle_timeout_ms).max(2 * REST_AFTER)
    }

    fn io_limit(&self) -> Duration {
        Duration::from_millis(self.shared.config.io_timeout_ms)
    }

    /// Nothing came for some time: after a short one buffers are given back, after a long one the connection goes.
    fn too_quiet(&mut self, quiet: Duration) -> End {
        if quiet == REST_AFTER {
            self.input.rest();
            self.output = Vec::new();
            self.pending.shrink_to_fit();
            return Ok(());
        }
        Err(Closed("idle"))
    }

    /// Waits until there is something to do.
    async fn event(
        &mut self,
        front: &Front,
        stop: &mut tokio::sync::watch::Receiver<bool>,
        quiet: Duration,
    ) -> Result<Event, Closed> {
        let readable = self.pending.len() < self.shared.config.max_pipelined_requests;
        let limit = match front {
            Front::Partly(_) => self.io_limit(),
            _ if !self.session.is_open() => self.io_limit().saturating_sub(self.begun.elapsed()),
            _ if quiet.is_zero() => REST_AFTER,
            _ => self.idle_limit() - REST_AFTER,
        };
        let Self { input, pending, stream, shared, .. } = self;
        let waiting = !pending.is_empty();
        let settled = async {
            match pending.front_mut() {
                Some(first) => first.settled(shared).await,
                None => std::future::pending().await,
            }
        };
        let receive = async {
            input.make_room(front, &shared.request_room).await;
            timeout(limit, input.receive(front, stream)).await
        };
        tokio::select! {
            biased;
            () = settled, if waiting => Ok(Event::Settled),
            _ = stop.wait_for(|stopping| *stopping) => Ok(Event::Stopping),
            received = receive, if readable => match received {
                Ok(Ok(count)) => Ok(Event::Received(count)),
                Ok(Err(_reset)) => Ok(Event::Received(0)),
                Err(_) if matches!(front, Front::Partly(_)) => Err(Closed("slow-request")),
                Err(_) if !self.session.is_open() => Err(Closed("slow-login")),
                Err(_) => Ok(Event::Quiet),
            },
        }
    }

    /// Begins all requests that are here, as many as may be on their way; says what is known of the next.
    async fn work_off(&mut self) -> Result<Front, Closed> {
        while self.pending.len() < self.shared.config.max_pipelined_requests {
            let front = self.input.front(&self.shared.config, self.session.is_open()).map_err(Closed)?;
            let Front::Whole(count) = front else { return Ok(front) };
            let head = match Head::parse(&self.input.bytes(count)[4..]) {
                Ok(head) => head,
                Err(bad) => {
                    self.input.drop_front(count);
                    self.refuse(bad).await?;
                    continue;
                }
            };
            if !self.session.is_open() && !is_login(head.api.key) {
                return Err(Closed("not-logged-in"));
            }
            if head.api.key == ApiKey::Produce {
                self.begin_produce(&head, count).await?;
            } else {
                self.answer_other(&head, count).await?;
            }
        }
        Ok(Front::Unknown)
    }

    async fn begin_produce(&mut self, head: &Head, count: usize) -> End {
        // When the disk is far behind, this connection waits, and its sender with it. A broken disk is told by append.
        self.shared.store.admitted().await.ok();
        let frame = &mut self.input.bytes(count)[4..];
        let layout = Layout::parse(head, frame).ok_or(MALFORMED)?;
        let produced = produce(&self.shared, &self.session, head, frame, layout);
        self.input.drop_front(count);
        if produced.is_lost() {
            return Err(Closed("unacknowledged-failure"));
        }
        self.pending.push_back(produced);
        Ok(())
    }

    async fn answer_other(&mut self, head: &Head, count: usize) -> End {
        self.settle_all().await?;
        let frame = self.input.split(count).freeze().slice(4..);
        if !head.api.fits(head, &frame) {
            return Err(MALFORMED);
        }
        // Boxed: handlers keep much more than an idle connection should.
        let reply = Box::pin(dispatch(&self.shared, &mut self.session, head, frame)).await?;
        self.send(&reply.frame).await?;
        drop(reply.room);
        self.shared.answered(head.api.name, "ok");
        match self.session.login {
            Login::Failed(reason) => Err(Closed(reason)),
            _ => Ok(()),
        }
    }

    /// A request that is not understood. Versions of `ApiVersions` are: the client then asks with an older one.
    async fn refuse(&mut self, bad: BadHead) -> End {
        match bad {
            BadHead::Version(ApiKey::ApiVersions, correlation) => {
                self.settle_all().await?;
                let answer = versions(ResponseError::UnsupportedVersion.code());
                let reply = encode(correlation, 0, &answer).ok_or(MALFORMED)?;
                self.send(&reply.frame).await
            }
            BadHead::Version(..) => Err(Closed("unknown-version")),
            BadHead::UnknownApi => Err(Closed("unknown-api")),
            BadHead::Malformed => Err(MALFORMED),
        }
    }

    /// The first pending request is settled: sends its answer, and those behind it that are settled too, at once.
    async fn answer_settled(&mut self) -> End {
        while let Some(first) = self.pending.front_mut() {
            if !is_ready(first.settled(&self.shared)).await {
                break;
            }
            let Some(settled) = self.pending.pop_front() else { break };
            self.shared.answered("Produce", if settled.refused { "refused" } else { "ok" });
            self.output.extend_from_slice(&settled.into_frame().unwrap_or_default());
        }
        let output = std::mem::take(&mut self.output);
        self.send(&output).await?;
        self.output = output;
        self.output.clear();
        Ok(())
    }

    /// Answers all that is pending.
    async fn settle_all(&mut self) -> End {
        while let Some(first) = self.pending.front_mut() {
            first.settled(&self.shared).await;
            self.answer_settled().await?;
        }
        Ok(())
    }

    async fn send(&mut self, bytes: &[u8]) -> End {
        let limit = self.io_limit();
        let write = async {
            self.stream.write_all(bytes).await?;
            self.stream.flush().await
        };
        match timeout(limit, write).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_gone)) => Err(Closed("gone")),
            Err(_) => Err(Closed("slow-reader")),
        }
    }
}

/// What may be asked before somebody has logged in.
fn is_login(key: ApiKey) -> bool {
    matches!(key, ApiKey::ApiVersions | ApiKey::SaslHandshake | ApiKey::SaslAuthenticate)
}

/// Whether a future is ready without waiting.
async fn is_ready(future: impl Future<Output = ()>) -> bool {
    let mut future = pin!(future);
    poll_fn(|context| Poll::Ready(future.as_mut().poll(context).is_ready())).await
}
