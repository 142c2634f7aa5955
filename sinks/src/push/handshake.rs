//! The receiver's consent, asked for before the first delivery and noted for good.
//!
//! CloudEvents: `OPTIONS` with `WebHook-Request-Origin`, answered with `WebHook-Allowed-Origin` (that origin or `*`) and
//! perhaps `WebHook-Allowed-Rate` (requests a minute, or `*`). Native: a `SubscriptionValidation` event whose code comes
//! back as `validationResponse` with status 200. Answering later, by a callback or by opening a link, is not offered.

use bytes::Bytes;
use chrono::DateTime;
use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use serde_json::{Value, json};
use uuid::Uuid;

use super::body::NATIVE;
use super::client::Client;
use super::config::{Schema, WebhookConfig};
use crate::event::EVENT_NAMESPACE;

/// Header names that are not registered.
const REQUEST_ORIGIN: HeaderName = HeaderName::from_static("webhook-request-origin");
const EVENT_TYPE: HeaderName = HeaderName::from_static("aeg-event-type");

/// Requests a minute that the receiver allows; none: any number.
pub(super) type Rate = Option<u32>;

/// Asks. `Err` says why there is no consent.
pub(super) async fn ask(client: &Client, config: &WebhookConfig, name: &str, now_ms: i64) -> Result<Rate, String> {
    match config.schema {
        Schema::Cloudevents => ask_origin(client, config).await,
        Schema::Native => ask_code(client, name, now_ms).await,
    }
}

async fn ask_origin(client: &Client, config: &WebhookConfig) -> Result<Rate, String> {
    let origin = HeaderValue::from_str(&config.origin).map_err(|error| error.to_string())?;
    let headers = HeaderMap::from_iter([(REQUEST_ORIGIN, origin)]);
    let answer = client.send(Method::OPTIONS, headers, Bytes::new()).await;
    let answer = answer.map_err(|outcome| format!("OPTIONS came to {outcome}"))?;
    let allowed = answer.header("webhook-allowed-origin");
    match allowed {
        _ if !(200..=204).contains(&answer.status) => Err(format!("OPTIONS was answered with {}", answer.status)),
        Some(allowed) if allowed == "*" || allowed.eq_ignore_ascii_case(&config.origin) => {
            Ok(answer.header("webhook-allowed-rate").and_then(|rate| rate.trim().parse().ok()))
        }
        Some(allowed) => Err(format!("WebHook-Allowed-Origin is {allowed:?}, and {:?} asked", config.origin)),
        None => Err("OPTIONS was answered without WebHook-Allowed-Origin".into()),
    }
}

async fn ask_code(client: &Client, name: &str, now_ms: i64) -> Result<Rate, String> {
    let code = Uuid::new_v5(&EVENT_NAMESPACE, format!("validation of {name} at {now_ms}").as_bytes()).to_string();
    let event = json!([{
        "id": Uuid::new_v5(&EVENT_NAMESPACE, code.as_bytes()),
        "topic": format!("/subscriptions/{name}"),
        "subject": "",
        "eventType": "Microsoft.EventGrid.SubscriptionValidationEvent",
        "eventTime": DateTime::from_timestamp_millis(now_ms).unwrap_or_default(),
        "data": { "validationCode": code },
        "dataVersion": "2",
        "metadataVersion": "1",
    }]);
    let kind = HeaderValue::from_static("SubscriptionValidation");
    let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(NATIVE)), (EVENT_TYPE, kind)]);
    let answer = client.send(Method::POST, headers, event.to_string().into()).await;
    let answer = answer.map_err(|outcome| format!("the validation event came to {outcome}"))?;
    let said: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    match said["validationResponse"].as_str() {
        _ if answer.status != 200 => Err(format!("the validation event was answered with {}", answer.status)),
        Some(response) if response == code => Ok(None),
        Some(_) => Err("the validation event was answered with another code".into()),
        None => Err("the validation event was answered without its code as `validationResponse`".into()),
    }
}
