//! Who may do what: named keys with rights, as the original has them, and what a sender shows of one.
//!
//! A key is shown in one of two ways. Kafka clients send it whole, in a connection string as their password
//! ([`Access::by_connection_string`]); HTTP clients sign the resource and an expiry with it and send the signature
//! ([`Access::by_signature`]). Either gives a [`Grant`], which is asked for each hub. Without any keys everything is
//! open, which is meant for loopback: [`Access::may_serve`] refuses the rest.

mod config;
mod connection;
mod grant;
mod session;
mod signature;

use std::collections::HashMap;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

pub use config::{AccessConfig, KeyConfig, Right, Secret};
pub use grant::Grant;

use crate::{Error, Result};
use grant::Key;
use signature::SCHEME;

/// Why a sender is not let in. Says nothing of the key itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Denied {
    /// Nothing was shown where a key is needed.
    Missing,
    /// What was shown is no connection string or signature.
    Malformed,
    /// No key has that name.
    UnknownKey,
    /// The key of that name is another, or the signature was made with another.
    WrongKey,
    /// The signature was good once.
    Expired,
    /// The key or signature is good, and not for this hub, this path or this right.
    Forbidden,
}

impl Denied {
    /// The stable name, as metrics show it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Missing => "missing-key",
            Self::Malformed => "malformed-key",
            Self::UnknownKey => "unknown-key",
            Self::WrongKey => "wrong-key",
            Self::Expired => "expired-signature",
            Self::Forbidden => "forbidden",
        }
    }
}

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => {
                "a key is needed: send Authorization: SharedAccessSignature …, or with Kafka a connection string"
            }
            Self::Malformed => {
                "cannot understand the key: send SharedAccessSignature sr=…&sig=…&se=…&skn=…, \
                 or with Kafka Endpoint=sb://…;SharedAccessKeyName=…;SharedAccessKey=…"
            }
            Self::UnknownKey => "there is no key of that name: check SharedAccessKeyName or skn",
            Self::WrongKey => "the key does not fit its name: check SharedAccessKey, or what was signed",
            Self::Expired => "the signature has expired: sign anew, and check the sender's clock",
            Self::Forbidden => "the key has no right to this: use a key with that right for that hub",
        })
    }
}

/// The keys, or none.
#[derive(Debug)]
pub struct Access {
    keys: HashMap<String, Arc<Key>>,
    allow_open: bool,
}

impl Access {
    /// Checks the keys of a configuration. No keys at all: everything is open.
    ///
    /// # Errors
    /// [`Error::BadAccess`] for two keys of one name, and for keys without a name, rights or enough bytes.
    pub fn new(config: &AccessConfig) -> Result<Self> {
        let mut keys = HashMap::with_capacity(config.keys.len());
        for one in &config.keys {
            if keys.insert(one.name.clone(), Arc::new(Key::new(one)?)).is_some() {
                let detail = format!("two keys are named {:?}; give each a name of its own", one.name);
                return Err(Error::BadAccess { detail });
            }
        }
        Ok(Self { keys, allow_open: config.allow_open })
    }

    /// Whether there are no keys and everybody may do everything.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.keys.is_empty()
    }

    /// What a sender may do who shows nothing.
    ///
    /// # Errors
    /// [`Denied::Missing`] where there are keys.
    pub fn anonymous(&self) -> Result<Grant, Denied> {
        if self.is_open() { Ok(Grant::everything()) } else { Err(Denied::Missing) }
    }

    /// What a sender may do who shows a connection string,
    /// `Endpoint=sb://…;SharedAccessKeyName=…;SharedAccessKey=…[;EntityPath=HUB]`. Where everything is open it is not
    /// looked at.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn by_connection_string(&self, text: &str) -> Result<Grant, Denied> {
        if self.is_open() {
            return Ok(Grant::everything());
        }
        let shown = connection::parse(text).ok_or(Denied::Malformed)?;
        let key = self.keys.get(shown.name).ok_or(Denied::UnknownKey)?;
        if !key.is(shown.key) {
            return Err(Denied::WrongKey);
        }
        Ok(Grant::of(key, shown.hub.map(str::to_owned).into_iter().collect()))
    }

    /// What a sender may do who shows the value of an `Authorization` header,
    /// `SharedAccessSignature sr=…&sig=…&se=…&skn=…`. Where everything is open it is not looked at.
    ///
    /// `sr` is the URL-encoded address of what the sender may reach, and all that lies below it: the namespace, a hub,
    /// or a path in a hub such as `HUB/publishers/NAME`. Its host is not compared: the same key may be reached under
    /// many names. `se` is when it expires, in seconds since the epoch. `sig` is the URL-encoded base64 of the
    /// HMAC-SHA256 of `sr`, a line feed and `se`, `sr` in the form that is sent, keyed with the key's UTF-8 bytes.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn by_signature(&self, header: &str, now_ms: i64) -> Result<Grant, Denied> {
        if self.is_open() {
            return Ok(Grant::everything());
        }
        let shown = signature::parse(header).ok_or(Denied::Malformed)?;
        let key = self.keys.get(shown.name.as_ref()).ok_or(Denied::UnknownKey)?;
        if !key.has_signed(&shown) {
            return Err(Denied::WrongKey);
        }
        if shown.expiry_s.saturating_mul(1000) <= now_ms {
            return Err(Denied::Expired);
        }
        Ok(Grant::of(key, shown.scope))
    }

    /// Whether an endpoint may listen on an address: without keys, only on loopback.
    ///
    /// # Errors
    /// [`Error::OpenListener`].
    pub fn may_serve(&self, address: SocketAddr) -> Result<()> {
        if self.is_open() && !self.allow_open && !address.ip().to_canonical().is_loopback() {
            return Err(Error::OpenListener { address });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
