//! One request: sent, its outcome judged, and what that means for each of its events.

use bytes::Bytes;
use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};

use super::body::body;
use super::client::{Answer, Client};
use super::config::{Schema, WebhookConfig};
use super::gate::Health;
use super::outcome::{Outcome, Reason};
use super::pending::Pending;
use super::schedule::Schedule;
use super::signature;
use crate::failpoint;

const EVENT_TYPE: HeaderName = HeaderName::from_static("aeg-event-type");
const SUBSCRIPTION: HeaderName = HeaderName::from_static("aeg-subscription-name");
const COUNT: HeaderName = HeaderName::from_static("aeg-delivery-count");
const SIGNATURE: HeaderName = HeaderName::from_static(signature::HEADER);

/// What a request came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The receiver has the events.
    Delivered,
    /// It has not, or nobody knows; perhaps it said when to try again.
    Failed { outcome: Outcome, not_before_ms: Option<i64> },
    /// It was not sent, and is to be at this time. No attempt.
    Unsent { until_ms: i64 },
}

impl Verdict {
    /// What it says of the receiver.
    pub(super) fn health(self, status: Option<u16>) -> Health {
        match self {
            Self::Unsent { .. } => Health::Unknown,
            Self::Delivered => Health::Well,
            Self::Failed { .. } if status.is_some_and(|status| status < 500) => Health::Well,
            Self::Failed { .. } => Health::Sick,
        }
    }
}

/// What a subscription sends with.
pub(super) struct Sender {
    pub(super) name: String,
    pub(super) config: WebhookConfig,
    pub(super) client: Client,
    pub(super) schedule: Schedule,
}

impl Sender {
    /// Sends events in one request. Returns the verdict and the status, where there was one.
    pub(super) async fn send(&self, events: &[Pending], now_ms: i64) -> (Verdict, Option<u16>) {
        let body = body(&self.config, events);
        let headers = self.headers(events, body.content_type, &body.bytes, now_ms);
        failpoint::reach("webhook.sending");
        let sent = self.client.send(Method::POST, headers, body.bytes).await;
        failpoint::reach("webhook.answered");
        match sent {
            Ok(answer) => (judged(&answer, now_ms), Some(answer.status)),
            Err(outcome) => (Verdict::Failed { outcome, not_before_ms: None }, None),
        }
    }

    fn headers(&self, events: &[Pending], content_type: &'static str, body: &Bytes, now_ms: i64) -> HeaderMap {
        let count = events.iter().map(|event| event.state.attempts).max().unwrap_or_default();
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        headers.insert(COUNT, count.into());
        // A subscription's name is plain, and so is a signature.
        headers.extend(HeaderValue::from_str(&self.name).ok().map(|name| (SUBSCRIPTION, name)));
        if self.config.schema == Schema::Native {
            headers.insert(EVENT_TYPE, HeaderValue::from_static("Notification"));
        }
        if let Some(secret) = &self.config.secret {
            let signed = signature::sign(secret.bytes(), now_ms.div_euclid(1000), body);
            headers.extend(HeaderValue::from_str(&signed).ok().map(|signed| (SIGNATURE, signed)));
        }
        headers
    }

    /// An event after a verdict: as it is to be kept, or `None` where it is delivered.
    pub(super) fn after(&self, mut event: Pending, verdict: Verdict, now_ms: i64) -> Option<Pending> {
        let state = &mut event.state;
        let expires_ms = state.taken_ms + i64::from(self.config.ttl_minutes.get()) * 60_000;
        let (outcome, not_before_ms) = match verdict {
            Verdict::Delivered => return None,
            Verdict::Unsent { until_ms } => {
                state.due_ms = until_ms.min(expires_ms);
                return Some(event);
            }
            Verdict::Failed { outcome, not_before_ms } => (outcome, not_before_ms),
        };
        state.attempts = state.attempts.saturating_add(1);
        state.last_ms = now_ms;
        state.outcome = outcome;
        if outcome.is_final() {
            return Some(event.dead(Reason::UndeliverableDueToClientError));
        }
        if state.attempts >= self.config.max_attempts.get() {
            return Some(event.dead(Reason::MaxDeliveryAttemptsExceeded));
        }
        let due_ms = now_ms + self.schedule.wait_ms(event.key, state.attempts);
        state.due_ms = due_ms.max(not_before_ms.unwrap_or(i64::MIN)).min(expires_ms);
        Some(event)
    }

    /// An event that cannot be sent any more, given up; any other as it is.
    pub(super) fn fit(&self, mut event: Pending, now_ms: i64) -> Result<Pending, Pending> {
        let ttl_ms = i64::from(self.config.ttl_minutes.get()) * 60_000;
        if event.json.len() > self.config.max_event_kib.get() << 10 {
            event.state.outcome = Outcome::PayloadTooLarge;
            return Err(event.dead(Reason::UndeliverableDueToClientError));
        }
        if now_ms - event.state.taken_ms >= ttl_ms {
            return Err(event.dead(Reason::TimeToLiveExceeded));
        }
        Ok(event)
    }
}

fn judged(answer: &Answer, now_ms: i64) -> Verdict {
    match Outcome::of_status(answer.status) {
        None => Verdict::Delivered,
        Some(outcome) => {
            let not_before_ms = (outcome == Outcome::Busy).then(|| answer.retry_after(now_ms)).flatten();
            Verdict::Failed { outcome, not_before_ms }
        }
    }
}
