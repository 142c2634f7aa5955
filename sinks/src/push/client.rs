//! The HTTP client of a subscription: no redirects, no proxies, answers read up to a bound.

use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chrono::DateTime;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{Certificate, Method, redirect};
use url::Url;

use super::address::{Private, Resolver};
use super::config::WebhookConfig;
use super::outcome::Outcome;
use crate::error::{Error, Result};

/// Most bytes of an answer that are read. A longer one ends the connection; what it said stands.
const MAX_ANSWER_BYTES: usize = 64 << 10;
/// The longest wait a receiver may ask for.
const MAX_RETRY_AFTER_MS: i64 = 3_600_000;

/// An answer, whole.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

impl Answer {
    /// A header's text.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The time before which the receiver wants no more requests (milliseconds since the epoch).
    pub(super) fn retry_after(&self, now_ms: i64) -> Option<i64> {
        let text = self.headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
        let wait = match text.parse::<u32>() {
            Ok(seconds) => i64::from(seconds) * 1000,
            Err(_no_number) => DateTime::parse_from_rfc2822(text).ok()?.timestamp_millis() - now_ms,
        };
        Some(now_ms + wait.clamp(0, MAX_RETRY_AFTER_MS))
    }
}

/// The client.
pub(super) struct Client {
    http: reqwest::Client,
    url: Url,
}

impl Client {
    /// Makes a client that keeps as many connections as the subscription has requests on their way.
    pub(super) fn new(name: &str, config: &WebhookConfig) -> Result<Self> {
        // Another part of the program may have said it before; all say the same.
        drop(rustls::crypto::ring::default_provider().install_default());
        let url = config.target().map_err(|why| Error::BadSink { sink: name.into(), why })?;
        let failed = |source| Error::Client { sink: name.into(), source };
        let mut builder = reqwest::Client::builder()
            .redirect(redirect::Policy::none())
            .no_proxy()
            .http1_only()
            .timeout(Duration::from_millis(config.timeout_ms.get()))
            .pool_max_idle_per_host(config.concurrency.get())
            .dns_resolver(Arc::new(Resolver { allow_private: config.allow_private }))
            .user_agent(concat!("tollgate/", env!("CARGO_PKG_VERSION")));
        if url.scheme() == "http" {
            // Without TLS there need not be any certificates on this machine.
            builder = builder.tls_certs_only([]);
        }
        if let Some(path) = &config.ca_file {
            let pem = std::fs::read(path).map_err(Error::io("read", path))?;
            builder = builder.tls_certs_merge(Certificate::from_pem_bundle(&pem).map_err(failed)?);
        }
        Ok(Self { http: builder.build().map_err(failed)?, url })
    }

    /// Sends a request and reads the whole answer.
    pub(super) async fn send(&self, method: Method, headers: HeaderMap, body: Bytes) -> Result<Answer, Outcome> {
        let request = self.http.request(method, self.url.clone()).headers(headers).body(body);
        let mut response = request.send().await.map_err(|error| outcome(&error))?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let mut body = Vec::new();
        while body.len() < MAX_ANSWER_BYTES {
            let Some(chunk) = response.chunk().await.map_err(|error| outcome(&error))? else { break };
            let room = MAX_ANSWER_BYTES - body.len();
            body.extend_from_slice(chunk.get(..room).unwrap_or(&chunk));
        }
        Ok(Answer { status, headers, body })
    }
}

fn outcome(error: &reqwest::Error) -> Outcome {
    if error.is_timeout() {
        return Outcome::TimedOut;
    }
    let mut cause: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(error) = cause {
        // The connector's own error for a failed lookup can be told by its text alone.
        if error.is::<Private>() || error.to_string().contains("dns error") {
            return Outcome::ResolutionError;
        }
        cause = error.source();
    }
    Outcome::SocketError
}

#[cfg(test)]
mod tests {
    use super::*;

    fn retry_after(text: &str) -> Option<i64> {
        let headers = HeaderMap::from_iter([(RETRY_AFTER, text.parse().unwrap())]);
        // 2026-11-22T06:00:00Z
        Answer { status: 429, headers, body: Vec::new() }.retry_after(1_795_327_200_000)
    }

    #[test]
    fn retry_after_in_seconds_or_as_a_date() {
        let from_now = |seconds: i64| Some(1_795_327_200_000 + seconds * 1000);
        assert_eq!(retry_after("120"), from_now(120));
        assert_eq!(retry_after("Sun, 22 Nov 2026 06:00:30 GMT"), from_now(30));
        assert_eq!(retry_after("Sun, 22 Nov 2020 06:00:30 GMT"), from_now(0));
        assert_eq!(retry_after("4000000000"), from_now(3600));
        assert_eq!(retry_after("soon"), None);
    }
}
