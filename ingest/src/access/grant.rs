//! What a key is good for, and what a sender who showed it may do.

use std::fmt;
use std::sync::Arc;

use hmac::{Hmac, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use super::config::{KeyConfig, Right, Secret};
use super::signature::Shown;
use crate::{Error, Result};

/// Bytes of a key, at least.
const MIN_KEY_BYTES: usize = 16;

/// A key that was checked.
#[derive(Debug)]
pub(super) struct Key {
    secret: Secret,
    rights: Rights,
    hubs: Option<Vec<String>>,
}

impl Key {
    pub(super) fn new(config: &KeyConfig) -> Result<Self> {
        let refuse = |detail: String| Err(Error::BadAccess { detail });
        let name = &config.name;
        if name.is_empty() {
            return refuse("a key has no name; give it one".into());
        }
        if config.key.expose().len() < MIN_KEY_BYTES {
            return refuse(format!("the key {name:?} has fewer than {MIN_KEY_BYTES} bytes; make a longer one"));
        }
        if config.rights.is_empty() {
            return refuse(format!("the key {name:?} has no rights; give it some of send, listen, manage"));
        }
        if config.hubs.as_ref().is_some_and(Vec::is_empty) {
            return refuse(format!("the key {name:?} is for no hub; name some, or leave hubs out to mean all"));
        }
        Ok(Self { secret: config.key.clone(), rights: Rights::of(&config.rights), hubs: config.hubs.clone() })
    }

    /// Compares in a time that tells nothing of the key but its length.
    pub(super) fn is(&self, shown: &str) -> bool {
        self.secret.expose().ct_eq(shown.as_bytes()).into()
    }

    /// Whether the signature was made with this key; compares in constant time.
    pub(super) fn has_signed(&self, shown: &Shown<'_>) -> bool {
        self.mac(shown.resource, shown.expiry).is_some_and(|mac| mac.verify_slice(&shown.signature).is_ok())
    }

    /// The signature of a resource until an expiry, both in the form in which they are sent.
    pub(super) fn sign(&self, resource: &str, expiry: &str) -> Option<Vec<u8>> {
        Some(self.mac(resource, expiry)?.finalize().into_bytes().to_vec())
    }

    fn mac(&self, resource: &str, expiry: &str) -> Option<Hmac<Sha256>> {
        // HMAC takes keys of any length: this never fails.
        let mut mac = Hmac::<Sha256>::new_from_slice(self.secret.expose()).ok()?;
        mac.update(resource.as_bytes());
        mac.update(b"\n");
        mac.update(expiry.as_bytes());
        Some(mac)
    }

    fn allows(&self, hub: &str, right: Right) -> bool {
        self.rights.has(right) && self.hubs.as_ref().is_none_or(|hubs| hubs.iter().any(|name| name == hub))
    }
}

/// A set of rights; managing includes the others.
#[derive(Debug, Clone, Copy)]
struct Rights(u8);

impl Rights {
    fn of(rights: &[Right]) -> Self {
        Self(rights.iter().fold(0, |all, &right| all | Self::bits(right)))
    }

    fn bits(right: Right) -> u8 {
        match right {
            Right::Send => 0b001,
            Right::Listen => 0b010,
            Right::Manage => 0b111,
        }
    }

    fn has(self, right: Right) -> bool {
        self.0 & Self::bits(right) == Self::bits(right)
    }
}

/// What a sender may do.
#[derive(Clone)]
pub struct Grant {
    /// None where everything is open.
    key: Option<Arc<Key>>,
    /// The path that the sender is narrowed to, part by part: empty for all, or a hub and what lies below it.
    scope: Vec<String>,
}

impl Grant {
    pub(super) fn everything() -> Self {
        Self { key: None, scope: Vec::new() }
    }

    pub(super) fn of(key: &Arc<Key>, scope: Vec<String>) -> Self {
        Self { key: Some(Arc::clone(key)), scope }
    }

    /// Whether the sender may do this with a whole hub. Names are compared without regard to case in what the sender
    /// signed, since some clients sign it in lower case, and exactly in the configuration.
    #[must_use]
    pub fn allows(&self, hub: &str, right: Right) -> bool {
        self.key.as_ref().is_none_or(|key| key.allows(hub, right)) && self.covers(&[hub])
    }

    /// Whether the sender may do this with a hub over one path, such as `["HUB", "publishers", "NAME", "messages"]`:
    /// also those may who are narrowed to a part of the hub that the path lies in.
    #[must_use]
    pub fn allows_at(&self, path: &[&str], hub: &str, right: Right) -> bool {
        let key = self.key.as_ref().is_none_or(|key| key.allows(hub, right));
        key && (self.covers(&[hub]) || self.covers(path))
    }

    /// Whether a path lies below what the sender is narrowed to.
    fn covers(&self, path: &[&str]) -> bool {
        let same = |(mine, asked): (&String, &&str)| mine.eq_ignore_ascii_case(asked);
        self.scope.len() <= path.len() && self.scope.iter().zip(path).all(same)
    }
}

impl fmt::Debug for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Grant").field("open", &self.key.is_none()).field("scope", &self.scope).finish()
    }
}
