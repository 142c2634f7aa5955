//! Puts messages, a bounded number at a time.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::{Client as Http, redirect};

use super::account;
use super::queue_config::AzureQueueConfig;
use crate::bridge::link::{Cause, Link, Sent};
use crate::bridge::parts::BridgeParts;
use crate::bridge::sender::{Bounds, Bridge, Place};
use crate::error::Result;
use crate::published::Published;
use crate::queue::azure::Key;
use crate::queue::azure::client::Client;
use crate::sink::Sink;

/// The largest message, as the service documents it.
const MAX_TEXT_BYTES: usize = 64 << 10;
/// What is repeated of a refusal.
const MAX_SAID_CHARS: usize = 200;

pub(in crate::bridge) fn open(
    name: &str,
    config: &AzureQueueConfig,
    parts: &BridgeParts,
) -> Result<Box<dyn Sink<Published> + Send>> {
    let place = Place { kind: "azure-queue", sink: name.into(), broker: format!("{}/{}", config.url, config.queue) };
    let bounds = Bounds::new(config.timeout_ms, config.max_in_flight);
    Ok(Box::new(Bridge::open(place, bounds, parts, connect(config, bounds, parts))?))
}

async fn connect(config: &AzureQueueConfig, bounds: Bounds, parts: &BridgeParts) -> Result<AzureQueue, Cause> {
    let account = account::name(&config.url)?;
    let key = Key::parse(account::key(&account, config.key.as_ref())?)?;
    let queue = Client::new(&config.url, key, &config.queue)?;
    let http = http(config.url.starts_with("http:"), bounds)?;
    let created = queue.create((parts.clock)())?;
    send(&http, created).await?;
    Ok(AzureQueue { http, queue, base64: config.base64, clock: Arc::clone(&parts.clock) })
}

fn http(plain: bool, bounds: Bounds) -> Result<Http, Cause> {
    // Another part of the program may have said it before; all say the same.
    drop(rustls::crypto::ring::default_provider().install_default());
    let builder = Http::builder()
        .redirect(redirect::Policy::none())
        .no_proxy()
        .http1_only()
        .timeout(bounds.timeout)
        .pool_idle_timeout(Duration::from_secs(30))
        .pool_max_idle_per_host(bounds.in_flight.get());
    // Without TLS there need not be any certificates on this machine.
    Ok(if plain { builder.tls_certs_only([]) } else { builder }.build()?)
}

struct AzureQueue {
    http: Http,
    queue: Client,
    base64: bool,
    clock: Arc<dyn Fn() -> i64 + Send + Sync>,
}

impl Link for AzureQueue {
    async fn send(&mut self, item: &Published) -> Result<Sent, Cause> {
        let text = if self.base64 { STANDARD.encode(&item.json) } else { String::from_utf8(item.json.to_vec())? };
        if text.len() > MAX_TEXT_BYTES {
            let bytes = text.len();
            return Ok(Sent::Unfit(format!(
                "its message would have {bytes} bytes, over the limit of {MAX_TEXT_BYTES}"
            )));
        }
        if text.contains(['\u{fffe}', '\u{ffff}']) {
            return Ok(Sent::Unfit("it has a character that XML cannot carry; base64 = true can".into()));
        }
        let request = self.queue.put(&text, (self.clock)())?;
        let http = self.http.clone();
        // On its way at once, whenever somebody waits for it.
        let sending = tokio::spawn(async move { send(&http, request).await });
        Ok(Sent::waiting(async move { sending.await? }))
    }
}

async fn send(http: &Http, request: axum::http::Request<String>) -> Result<(), Cause> {
    let answer = http.execute(request.try_into()?).await?;
    let status = answer.status();
    let body = answer.bytes().await?;
    if status.is_success() {
        return Ok(());
    }
    let said: String = String::from_utf8_lossy(&body).chars().take(MAX_SAID_CHARS).collect();
    Err(format!("it answered {status}: {said}").into())
}
