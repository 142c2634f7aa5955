//! Operations on messages.

use std::borrow::Cow;

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::answer::{Answer, expiry, http_time};
use super::body::MAX_TEXT;
use super::fault::Fault;
use super::receipt::{Ids, pop_receipt, token};
use super::route::Call;
use super::target::Resource;
use super::xml::{Writer, is_text, read};
use crate::queue::{Ask, Delivery, Message, Receipt};

const POP_RECEIPT: HeaderName = HeaderName::from_static("x-ms-popreceipt");
const NEXT_VISIBLE: HeaderName = HeaderName::from_static("x-ms-time-next-visible");
/// Seven days: how long a message may be hidden, and how long it lives unless it says otherwise.
const WEEK_S: i64 = 7 * 24 * 3600;
/// How long a message that was got is hidden, unless the request says otherwise.
const HIDDEN_S: i64 = 30;
/// Messages of one request, at most.
const MAX_MESSAGES: i64 = 32;
/// Bytes of XML around a message's text.
const FRAME: usize = 512;
/// The list that answers are.
const LIST: &str = "QueueMessagesList";
const ITEM: &str = "QueueMessage";

pub(super) async fn put(call: &Call<'_>, body: Body) -> Result<Answer, Fault> {
    let hidden_s = call.query.within("visibilitytimeout", 0, WEEK_S)?;
    let lives_s = lives_s(call, hidden_s)?;
    let body = text(&call.body(body).await?.bytes)?.ok_or_else(Fault::bad_xml)?.into_bytes();
    let visible_ms = hidden_s.map(|seconds| call.now_ms + seconds * 1000);
    let time_to_live_ms = lives_s.map(|seconds| seconds.unsigned_abs().saturating_mul(1000));
    let message = Message { body, visible_ms, time_to_live_ms, ..Message::default() };
    let sent = call.face.queues.send(call.entity, &[message], call.now_ms)?.durable().await?;
    let sent = sent.first().ok_or_else(Fault::internal)?;
    let id = Ids::of(call.entity).id(sent.sequence.unwrap_or_default());
    let mut xml = Writer::with_room(FRAME);
    xml.open(LIST).open(ITEM).plain("MessageId", id).plain("InsertionTime", http_time(sent.enqueued_ms));
    xml.plain("ExpirationTime", expiry(sent.expires_ms)).plain("PopReceipt", pop_receipt(sent.token));
    xml.plain("TimeNextVisible", http_time(sent.visible_ms)).close(ITEM).close(LIST);
    Ok(Answer::xml(StatusCode::CREATED, xml.finish()))
}

/// How long a message lives; `None`: for ever.
fn lives_s(call: &Call<'_>, hidden_s: Option<i64>) -> Result<Option<i64>, Fault> {
    match call.query.number("messagettl")? {
        None => Ok(Some(WEEK_S)),
        Some(-1) => Ok(None),
        Some(seconds) if seconds < 1 => {
            let reason = "Value must be greater than or equal to 1, or -1 to indicate an infinite TTL.";
            Err(Fault::bad_query("messagettl", &seconds.to_string(), reason))
        }
        Some(seconds) => match hidden_s {
            Some(hidden) if hidden >= seconds => {
                let reason = "messagettl must be greater than visibilitytimeout.";
                Err(Fault::bad_query("visibilitytimeout", &hidden.to_string(), reason))
            }
            _ => Ok(Some(seconds)),
        },
    }
}

pub(super) async fn get(call: &Call<'_>) -> Result<Answer, Fault> {
    let hidden_s = call.query.within("visibilitytimeout", 1, WEEK_S)?.unwrap_or(HIDDEN_S);
    let ask = Ask { max: how_many(call)?, lock_ms: Some(milliseconds(hidden_s)) };
    let got = call.face.queues.receive(call.entity, ask, call.now_ms)?.durable().await?;
    Ok(list(call, &got, true))
}

pub(super) async fn peek(call: &Call<'_>) -> Result<Answer, Fault> {
    let seen = call.face.queues.peek_ready(call.entity, how_many(call)?, call.now_ms)?.durable().await?;
    Ok(list(call, &seen, false))
}

fn how_many(call: &Call<'_>) -> Result<usize, Fault> {
    let count = call.query.within("numofmessages", 1, MAX_MESSAGES)?.unwrap_or(1);
    Ok(usize::try_from(count).unwrap_or(1))
}

/// Messages as a body; `got`: with what is known of them only to who got them.
fn list(call: &Call<'_>, messages: &[Delivery], got: bool) -> Answer {
    let ids = Ids::of(call.entity);
    let room = messages.iter().map(|delivery| delivery.message.body.len() + FRAME).sum();
    let mut xml = Writer::with_room(room);
    xml.open(LIST);
    for delivery in messages {
        xml.open(ITEM).plain("MessageId", ids.id(delivery.sequence));
        xml.plain("InsertionTime", http_time(delivery.enqueued_ms))
            .plain("ExpirationTime", expiry(delivery.expires_ms));
        if got {
            xml.plain("PopReceipt", pop_receipt(delivery.token)).plain("TimeNextVisible", http_time(delivery.until_ms));
        }
        xml.plain("DequeueCount", delivery.deliveries)
            .leaf("MessageText", &carried(&delivery.message.body))
            .close(ITEM);
    }
    xml.close(LIST);
    Answer::xml(StatusCode::OK, xml.finish())
}

/// A body as XML carries it: other faces take bytes that it cannot.
fn carried(body: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(body) {
        Ok(text) if is_text(text) => Cow::Borrowed(text),
        _ => Cow::Owned(STANDARD.encode(body)),
    }
}

pub(super) async fn clear(call: &Call<'_>) -> Result<Answer, Fault> {
    call.face.queues.clear(call.entity)?.durable().await?;
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}

pub(super) async fn update(call: &Call<'_>, body: Body) -> Result<Answer, Fault> {
    let receipt = call.query.required("popreceipt")?;
    call.query.required("visibilitytimeout")?;
    let hidden_s = call.query.within("visibilitytimeout", 0, WEEK_S)?.unwrap_or(HIDDEN_S);
    let held = call.body(body).await?;
    let text = if held.bytes.is_empty() { None } else { text(&held.bytes)? };
    let receipt = receipt_of(call, receipt)?;
    let (body, hidden_ms) = (text.map(String::into_bytes), milliseconds(hidden_s));
    let updated = call.face.queues.update(call.entity, receipt, body, hidden_ms, call.now_ms)?.durable().await?;
    let (token, visible) = (pop_receipt(updated.token), http_time(updated.visible_ms).to_string());
    let mut answer = Answer::empty(StatusCode::NO_CONTENT);
    for (name, value) in [(POP_RECEIPT, token), (NEXT_VISIBLE, visible)] {
        answer.headers.insert(name, HeaderValue::try_from(value).map_err(Fault::failed)?);
    }
    Ok(answer)
}

pub(super) async fn delete(call: &Call<'_>) -> Result<Answer, Fault> {
    let receipt = receipt_of(call, call.query.required("popreceipt")?)?;
    call.face.queues.complete(call.entity, receipt, call.now_ms)?.durable().await?;
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}

/// What the request shows. A receipt that cannot be read is a wrong one, if there is such a message.
fn receipt_of(call: &Call<'_>, receipt: &str) -> Result<Receipt, Fault> {
    let Resource::Message(_, id) = &call.target.resource else { return Err(Fault::bad_uri()) };
    let Some(sequence) = Ids::of(call.entity).sequence(id) else {
        // Where there is no queue, that is said first.
        call.face.queues.next_due(call.entity)?;
        return Err(Fault::no_message());
    };
    Ok(Receipt::lenient(sequence, token(receipt).unwrap_or_default()))
}

fn milliseconds(seconds: i64) -> u32 {
    u32::try_from(seconds * 1000).unwrap_or(u32::MAX)
}

/// The text of a message that is sent; `None` where the document has none.
fn text(body: &[u8]) -> Result<Option<String>, Fault> {
    let mut root = read(body).filter(|root| root.name == ITEM).ok_or_else(Fault::bad_xml)?;
    let text = root.take_text("MessageText");
    match &text {
        Some(text) if text.len() > MAX_TEXT => Err(Fault::body_too_large(MAX_TEXT)),
        Some(text) if !is_text(text) => Err(Fault::bad_xml()),
        _ => Ok(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_read_and_bounded() {
        let whole = |text: &str| format!("<QueueMessage><MessageText>{text}</MessageText></QueueMessage>");
        let read = |body: &str| text(body.as_bytes()).map_err(|fault| fault.code());
        assert_eq!(read(&whole("a&amp;b")), Ok(Some("a&b".into())));
        assert_eq!(read(&whole("")), Ok(Some(String::new())));
        assert_eq!(read("<QueueMessage/>"), Ok(None));
        assert_eq!(read(&whole(&"&lt;".repeat(MAX_TEXT))).map(|text| text.map(|text| text.len())), Ok(Some(MAX_TEXT)));
        assert_eq!(read(&whole(&"ü".repeat(MAX_TEXT / 2 + 1))), Err("RequestBodyTooLarge"));
        for bad in ["", "<Other/>", "<QueueMessage>", &whole("&#1;"), &whole("\u{1}")] {
            assert_eq!(read(bad), Err("InvalidXmlDocument"), "{bad}");
        }
    }

    #[test]
    fn bytes_that_are_no_text_go_out_in_base64() {
        assert_eq!(carried("ü\t\r\n".as_bytes()), "ü\t\r\n");
        assert_eq!((carried(b"\xff"), carried(b"\0")), (Cow::Borrowed("/w=="), Cow::Borrowed("AA==")));
    }
}
