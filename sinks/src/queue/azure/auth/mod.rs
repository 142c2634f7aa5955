//! Whether a request may: by the account's key, or by a signature that was made with it and handed on.

mod sas;
pub(super) mod shared_key;
mod time;

use std::net::{IpAddr, SocketAddr};

use axum::extract::ConnectInfo;
use axum::http::header::{AUTHORIZATION, DATE};
use axum::http::request::Parts;

use super::account::AccountConfig;
use super::fault::Fault;
use super::operation::Operation;
use super::policy::Policy;
use super::query::Query;
use super::target::Target;
use shared_key::{Scheme, Signed};

/// How far a sender's clock may be from ours.
const SKEW_MS: u64 = 15 * 60 * 1000;

/// A request to be let in or not.
pub(super) struct Asked<'a> {
    pub(super) parts: &'a Parts,
    pub(super) target: &'a Target<'a>,
    pub(super) query: &'a Query<'a>,
    pub(super) operation: Operation,
    pub(super) account: &'a AccountConfig,
    pub(super) now_ms: i64,
}

impl Asked<'_> {
    /// Lets the request in, or says why not. `policy` finds a stored access policy of the queue.
    pub(super) fn admit(&self, policy: impl FnOnce(&str) -> Option<Policy>) -> Result<(), Fault> {
        match self.parts.headers.get(AUTHORIZATION).map(|value| value.to_str()) {
            Some(Ok(authorization)) => self.by_key(authorization),
            Some(Err(_)) => Err(Fault::unauthenticated()),
            None if self.query.some("sig").is_none() => Err(Fault::unauthenticated()),
            None if self.query.some("srt").is_some() => sas::of_account(self),
            None => sas::of_queue(self, policy),
        }
    }

    fn by_key(&self, authorization: &str) -> Result<(), Fault> {
        let good = self.is_recent() && self.is_signed(authorization).unwrap_or(false);
        if good { Ok(()) } else { Err(Fault::unauthenticated()) }
    }

    /// Whether the request was made a moment ago: one that somebody else overheard is soon worth nothing.
    fn is_recent(&self) -> bool {
        let headers = &self.parts.headers;
        let date = headers.get("x-ms-date").or_else(|| headers.get(DATE));
        let made = date.and_then(|value| time::http(value.to_str().ok()?));
        made.is_some_and(|made| made.abs_diff(self.now_ms) <= SKEW_MS)
    }

    fn is_signed(&self, authorization: &str) -> Option<bool> {
        let (scheme, proof) = authorization.split_once(' ')?;
        let (name, signature) = proof.trim().split_once(':')?;
        let scheme = Scheme::named(scheme)?;
        if name != self.target.account {
            return None;
        }
        let Parts { method, uri, headers, .. } = self.parts;
        let key = &self.account.key;
        let verify = |path: &str, by_byte| {
            let signed = Signed { method, path, query: self.query, headers, account: name, by_byte };
            key.verify(&signed.text(scheme), signature)
        };
        // Clients sign the second place's path as they ask for it, or as the first's.
        let other = self.target.secondary.then(|| uri.path().replacen("-secondary", "", 1));
        let paths = || [Some(uri.path()), other.as_deref()].into_iter().flatten();
        let orders = if shared_key::orders_agree(headers) { &[false][..] } else { &[false, true][..] };
        Some(orders.iter().any(|by_byte| paths().any(|path| verify(path, *by_byte))))
    }

    /// Where the request comes from, where the listener says so.
    fn peer(&self) -> Option<IpAddr> {
        let peer = self.parts.extensions.get::<ConnectInfo<SocketAddr>>();
        peer.map(|ConnectInfo(address)| address.ip().to_canonical())
    }
}
