//! The sink that feeds a subscription.

use std::sync::Arc;

use super::pending::Pending;
use super::store::Settlement;
use super::subscription::Subscription;
use crate::error::{Error, Result};
use crate::failpoint;
use crate::published::{Cursor, Place, Published};
use crate::sink::Sink;

/// Tries events at once when they are written; [`Sink::sync`] notes what became of them, with the cursor.
pub struct Webhook {
    subscription: Arc<Subscription>,
    open: Settlement,
}

impl Webhook {
    pub(super) fn new(subscription: Arc<Subscription>) -> Self {
        Self { subscription, open: Settlement::default() }
    }

    /// Every event may have to be kept: there must be room for all.
    fn make_sure_of_room(&self, items: &[Published]) -> Result<()> {
        let config = self.subscription.config();
        let (events, bytes) = self.subscription.store().kept();
        let more: usize = items.iter().map(|item| item.json.len()).sum();
        let over = events + items.len() as u64 > config.max_pending_events.get()
            || bytes + more as u64 > config.max_pending_mib.get() << 20;
        if over && events > 0 {
            return Err(Error::PushFull { subscription: self.subscription.name().into(), events });
        }
        Ok(())
    }
}

impl Sink<Published> for Webhook {
    fn name(&self) -> &str {
        self.subscription.name()
    }

    fn resume(&mut self, committed: Cursor) -> Result<Cursor> {
        self.subscription.store().resume(committed)
    }

    fn write(&mut self, items: &[Published]) -> Result<()> {
        self.make_sure_of_room(items)?;
        failpoint::reach("webhook.taken");
        let now_ms = self.subscription.now();
        for &Place { partition, offset } in items.iter().map(|item| &item.place) {
            let (from, next) = self.open.taken.entry(partition).or_insert((offset, offset + 1));
            (*from, *next) = ((*from).min(offset), (*next).max(offset + 1));
        }
        let events = items.iter().map(|item| Pending::new(item, now_ms)).collect();
        let tried = self.subscription.attempt(events);
        self.open.done.extend(tried.done);
        self.open.kept.extend(tried.kept);
        Ok(())
    }

    fn sync(&mut self) -> Result<()> {
        failpoint::reach("webhook.settling");
        self.subscription.store().settle(&self.open)?;
        failpoint::reach("webhook.settled");
        self.open = Settlement::default();
        self.subscription.show();
        Ok(())
    }
}
