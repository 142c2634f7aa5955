//! What is sent and what is received.

use serde::Serialize;
use uuid::Uuid;

/// A message as a sender gives it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Message {
    /// The message id; empty: one is derived from its place in the queue. It is what a duplicate is recognised by.
    pub id: String,
    /// The content; opaque.
    pub body: Vec<u8>,
    /// What the broker itself understands.
    pub system: System,
    /// The sender's own properties, which filters look at.
    pub properties: Vec<(String, Value)>,
    /// How long it may wait, in milliseconds from when it is enqueued; the entity's limit where absent or larger.
    pub time_to_live_ms: Option<u64>,
    /// When it becomes visible, in milliseconds since the epoch; at once where absent or past.
    pub visible_ms: Option<i64>,
}

/// The broker's properties, by the original's names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct System {
    /// What the body is, as a MIME type.
    pub content_type: Option<String>,
    /// Which message this one answers.
    pub correlation_id: Option<String>,
    /// The session it belongs to.
    pub session_id: Option<String>,
    /// What it is about (also: subject).
    pub label: Option<String>,
    /// Whom it is for.
    pub to: Option<String>,
    /// Where an answer goes.
    pub reply_to: Option<String>,
    /// The session of an answer.
    pub reply_to_session_id: Option<String>,
    /// The partition key; kept, and otherwise without effect here.
    pub partition_key: Option<String>,
}

impl System {
    /// The properties with the original's names, in the order of their codes in the journal.
    pub(super) fn fields(&self) -> [(&'static str, &Option<String>); 8] {
        [
            ("ContentType", &self.content_type),
            ("CorrelationId", &self.correlation_id),
            ("SessionId", &self.session_id),
            ("Label", &self.label),
            ("To", &self.to),
            ("ReplyTo", &self.reply_to),
            ("ReplyToSessionId", &self.reply_to_session_id),
            ("PartitionKey", &self.partition_key),
        ]
    }

    /// The same to write to.
    pub(super) fn fields_mut(&mut self) -> [(&'static str, &mut Option<String>); 8] {
        [
            ("ContentType", &mut self.content_type),
            ("CorrelationId", &mut self.correlation_id),
            ("SessionId", &mut self.session_id),
            ("Label", &mut self.label),
            ("To", &mut self.to),
            ("ReplyTo", &mut self.reply_to),
            ("ReplyToSessionId", &mut self.reply_to_session_id),
            ("PartitionKey", &mut self.partition_key),
        ]
    }
}

/// The value of a property.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A text.
    Text(String),
    /// A whole number.
    Int(i64),
    /// A number.
    Float(f64),
    /// True or false.
    Bool(bool),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl Message {
    /// Bytes of everything but the body: what the limit on headers is about.
    pub(super) fn header_bytes(&self) -> usize {
        let system: usize = self.system.fields().iter().filter_map(|(_, value)| value.as_ref()).map(String::len).sum();
        let value = |value: &Value| if let Value::Text(text) = value { text.len() } else { 8 };
        let own: usize = self.properties.iter().map(|(name, of)| name.len() + value(of)).sum();
        self.id.len() + system + own
    }
}

/// What became of a message that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// Its id: the sender's, or the derived one.
    pub id: String,
    /// Its sequence number in the first queue or subscription that took it; `None` where it is a duplicate, or no
    /// subscription of the topic wanted it.
    pub sequence: Option<u64>,
    /// The receipt of the message as it lies there: [`Receipt::lenient`] accepts it until somebody receives it.
    pub token: Uuid,
    /// When it was enqueued, in milliseconds since the epoch.
    pub enqueued_ms: i64,
    /// When it becomes visible.
    pub visible_ms: i64,
    /// When it expires; `None`: never.
    pub expires_ms: Option<i64>,
}

/// How a message lies in its queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Phase {
    /// It can be received.
    #[default]
    Ready,
    /// It becomes visible later.
    Scheduled,
    /// Somebody has it.
    Locked,
    /// It waits to be asked for by its sequence number.
    Deferred,
}

/// Why a message is in a dead-letter queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    /// `MaxDeliveryCountExceeded`, `TTLExpiredException`, `HeaderSizeExceeded`, or what a receiver said.
    pub reason: String,
    /// More about it.
    pub description: String,
}

/// A message as it is received or looked at.
#[derive(Clone, Debug, PartialEq)]
pub struct Delivery {
    /// What was sent.
    pub message: Message,
    /// Its sequence number: unique in its queue or subscription with its dead-letter queue, ascending.
    pub sequence: u64,
    /// When it was enqueued, in milliseconds since the epoch.
    pub enqueued_ms: i64,
    /// When it expires; `None`: never.
    pub expires_ms: Option<i64>,
    /// How often it was given out, this time included.
    pub deliveries: u32,
    /// How it lies there.
    pub phase: Phase,
    /// The end of its lock, or when it becomes visible; 0 where neither is the case.
    pub until_ms: i64,
    /// The token of its lock, or of its last one.
    pub token: Uuid,
    /// Why it is in the dead-letter queue, if it is.
    pub dead: Option<DeadLetter>,
}

/// Shows that a message was received, to settle it or to hold it longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    pub(super) sequence: u64,
    pub(super) token: Uuid,
    pub(super) lenient: bool,
}

impl Receipt {
    /// Good while the lock holds (the enterprise queue's rule).
    #[must_use]
    pub fn strict(sequence: u64, token: Uuid) -> Self {
        Self { sequence, token, lenient: false }
    }

    /// Good until the message is received again, also after the lock has ended (the task queue's rule).
    #[must_use]
    pub fn lenient(sequence: u64, token: Uuid) -> Self {
        Self { sequence, token, lenient: true }
    }
}

/// What is received: whose messages, how many, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ask {
    /// Messages at most.
    pub max: usize,
    /// How long they are locked, in milliseconds; the entity's own time where absent.
    pub lock_ms: Option<u32>,
}

impl Ask {
    /// One message, for as long as the entity says.
    pub const ONE: Self = Self { max: 1, lock_ms: None };

    /// Up to `max` messages, for as long as the entity says.
    #[must_use]
    pub fn up_to(max: usize) -> Self {
        Self { max, lock_ms: None }
    }
}

/// Messages of an entity by how they lie there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Can be received.
    pub ready: u64,
    /// Become visible later.
    pub scheduled: u64,
    /// Somebody has them.
    pub locked: u64,
    /// Wait to be asked for.
    pub deferred: u64,
    /// In the dead-letter queue, in whatever phase.
    pub dead: u64,
}

impl Counts {
    /// All but the dead letters.
    #[must_use]
    pub fn active(&self) -> u64 {
        self.ready + self.scheduled + self.locked + self.deferred
    }
}
