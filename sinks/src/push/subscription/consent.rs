//! Whether the receiver has consented.

use std::sync::PoisonError;

use super::super::delivery::Sender;
use super::super::handshake;
use super::Subscription;
use crate::error::{Error, Result};

/// The receiver's consent, as far as this process knows.
#[derive(Clone, Copy, Default)]
pub(super) struct Consent {
    given: bool,
    refusals: u32,
    not_before_ms: i64,
}

impl Subscription {
    /// Makes sure that the receiver has consented; else says when to ask again.
    pub(super) fn consented(&self) -> Result<(), i64> {
        let config = &self.sender.config;
        let mut consent = self.consent.lock().unwrap_or_else(PoisonError::into_inner);
        let now_ms = self.now();
        if !config.handshake || consent.given {
            return Ok(());
        }
        if self.is_interrupted() || now_ms < consent.not_before_ms {
            return Err(consent.not_before_ms.max(now_ms));
        }
        match self.consult(now_ms) {
            Ok(rate) => {
                consent.given = true;
                self.gate.limit(rate);
                Ok(())
            }
            Err(why) => {
                consent.refusals = consent.refusals.saturating_add(1);
                consent.not_before_ms = now_ms + self.sender.schedule.wait_ms((0, 0), consent.refusals);
                let (name, again_ms) = (self.name(), consent.not_before_ms - now_ms);
                tracing::warn!(
                    subscription = name,
                    again_ms,
                    why,
                    "the receiver has not consented; handshake = false skips that"
                );
                Err(consent.not_before_ms)
            }
        }
    }

    /// The rate of a consent that was noted, or that is given now.
    fn consult(&self, now_ms: i64) -> Result<handshake::Rate, String> {
        let Sender { name, config, client, .. } = &self.sender;
        let to = format!("{:?} {}", config.schema, config.url);
        let chain = |error: Error| error.to_string();
        if let Some(rate) = self.store.consent(&to).map_err(chain)? {
            return Ok(Some(rate).filter(|rate| *rate > 0));
        }
        let mut stopping = self.stopping.subscribe();
        let rate = self.parts.runtime.block_on(async {
            tokio::select! {
                asked = handshake::ask(client, config, name, now_ms) => asked,
                _ = stopping.wait_for(|stop| *stop) => Err("the server is stopping".into()),
            }
        })?;
        self.store.set_consent(&to, rate.unwrap_or(0)).map_err(chain)?;
        Ok(rate)
    }
}
