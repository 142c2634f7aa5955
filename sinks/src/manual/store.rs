//! The queue's tables.
//!
//! An item's place is its sequence number, given once. It is in exactly one of `WAITING`, `LOCKED` and `DONE`; each
//! operation touches a few keys, so that its cost does not grow with the queue.

use chrono::{DateTime, Utc};
use redb::{
    ReadOnlyTable, ReadTransaction, ReadableTable, ReadableTableMetadata, Table, TableDefinition, WriteTransaction,
};
use uuid::Uuid;

use super::item::{Answer, Completed, Counts, Item, Locked};
use crate::database::{Done, Failure, json_failure};
use crate::error::Error;

/// Id to the item as JSON.
const ITEMS: TableDefinition<'static, u128, &[u8]> = TableDefinition::new("items");
/// Id to the crop; apart, so that locking and counting do not drag pictures along.
const CROPS: TableDefinition<'static, u128, &[u8]> = TableDefinition::new("crops");
/// Id to sequence number, deliveries, end of the lock (µs since 1970; [`UNLOCKED`]).
const STATES: TableDefinition<'static, u128, (u64, u32, i64)> = TableDefinition::new("states");
/// Sequence number to id.
const WAITING: TableDefinition<'static, u64, u128> = TableDefinition::new("waiting");
/// End of the lock and sequence number to id.
const LOCKED: TableDefinition<'static, (i64, u64), u128> = TableDefinition::new("locked");
/// Id to [`Completed`] as JSON.
const DONE: TableDefinition<'static, u128, &[u8]> = TableDefinition::new("done");
/// The next sequence number.
const NEXT: TableDefinition<'static, (), u64> = TableDefinition::new("next");

const UNLOCKED: i64 = i64::MIN;
/// Most ended locks released by one receive. What is left is released by the next; one is enough to hand out.
const MAX_RELEASED: usize = 1024;

fn unknown(id: u128) -> Failure {
    Failure::Ours(Error::UnknownItem { id: Uuid::from_u128(id) })
}

/// Token of an item's nth delivery: another one each time, the same in every run.
fn token(id: u128, deliveries: u32) -> Uuid {
    Uuid::new_v5(&Uuid::from_u128(id), &deliveries.to_le_bytes())
}

fn parse(json: &[u8], crop: Option<&[u8]>) -> Done<Item> {
    let mut item: Item = serde_json::from_slice(json).map_err(json_failure("read an item of the queue"))?;
    item.crop = crop.unwrap_or_default().to_vec();
    Ok(item)
}

/// The tables in a write transaction.
pub(super) struct Tables<'t> {
    items: Table<'t, u128, &'static [u8]>,
    crops: Table<'t, u128, &'static [u8]>,
    states: Table<'t, u128, (u64, u32, i64)>,
    waiting: Table<'t, u64, u128>,
    locked: Table<'t, (i64, u64), u128>,
    done: Table<'t, u128, &'static [u8]>,
    next: Table<'t, (), u64>,
}

impl<'t> Tables<'t> {
    pub(super) fn open(transaction: &'t WriteTransaction) -> Done<Self> {
        Ok(Self {
            items: transaction.open_table(ITEMS)?,
            crops: transaction.open_table(CROPS)?,
            states: transaction.open_table(STATES)?,
            waiting: transaction.open_table(WAITING)?,
            locked: transaction.open_table(LOCKED)?,
            done: transaction.open_table(DONE)?,
            next: transaction.open_table(NEXT)?,
        })
    }

    /// True when the item is new.
    pub(super) fn put(&mut self, item: &Item) -> Done<bool> {
        let id = item.event_id.as_u128();
        if self.states.get(id)?.is_some() || self.done.get(id)?.is_some() {
            return Ok(false);
        }
        let sequence = self.next.get(())?.map_or(0, |next| next.value());
        let json = serde_json::to_vec(item).map_err(json_failure("write an item of the queue"))?;
        self.items.insert(id, json.as_slice())?;
        if !item.crop.is_empty() {
            self.crops.insert(id, item.crop.as_slice())?;
        }
        self.states.insert(id, (sequence, 0, UNLOCKED))?;
        self.waiting.insert(sequence, id)?;
        self.next.insert((), sequence + 1)?;
        Ok(true)
    }

    /// Lets items whose lock ended by `now` wait again.
    pub(super) fn release_ended(&mut self, now: DateTime<Utc>) -> Done<()> {
        let ended = ..=(now.timestamp_micros(), u64::MAX);
        let mut released = Vec::new();
        for entry in self.locked.range(ended)?.take(MAX_RELEASED) {
            released.push(entry?.1.value());
        }
        for id in released {
            self.unlock(id)?;
        }
        Ok(())
    }

    /// Locks the first waiting item.
    pub(super) fn lock_next(&mut self, until: DateTime<Utc>) -> Done<Option<Locked>> {
        let Some(id) = self.waiting.pop_first()?.map(|(_, id)| id.value()) else { return Ok(None) };
        let (sequence, deliveries, _) = self.state(id)?;
        let deliveries = deliveries.saturating_add(1);
        let micros = until.timestamp_micros();
        self.states.insert(id, (sequence, deliveries, micros))?;
        self.locked.insert((micros, sequence), id)?;
        let item = self.item(id)?;
        let locked_until = DateTime::from_timestamp_micros(micros).unwrap_or(until);
        Ok(Some(Locked { item, token: token(id, deliveries), locked_until, delivery_count: deliveries }))
    }

    pub(super) fn complete(&mut self, id: Uuid, given: Uuid, answer: &Answer, now: DateTime<Utc>) -> Done<()> {
        let (sequence, delivery_count, until) = self.owned(id, given)?;
        if until <= now.timestamp_micros() {
            return Err(Failure::Ours(Error::LockLost { id }));
        }
        let item = self.item(id.as_u128())?;
        self.locked.remove((until, sequence))?;
        self.finish(&Completed { item, answer: answer.clone(), completed_at: now, delivery_count })
    }

    /// Answers an item whose answer stands elsewhere; the first stands.
    pub(super) fn settle(&mut self, completed: &Completed) -> Done<()> {
        let id = completed.item.event_id.as_u128();
        if self.done.get(id)?.is_some() {
            return Ok(());
        }
        let state = self.states.get(id)?.map(|state| state.value());
        let Some((sequence, delivery_count, until)) = state else { return self.finish(completed) };
        self.waiting.remove(sequence)?;
        self.locked.remove((until, sequence))?;
        let item = self.item(id)?;
        self.finish(&Completed { item, delivery_count, ..completed.clone() })
    }

    fn finish(&mut self, completed: &Completed) -> Done<()> {
        let id = completed.item.event_id.as_u128();
        let item = Item { event: None, ..completed.item.clone() };
        let json = serde_json::to_vec(&Completed { item, ..completed.clone() });
        self.done.insert(id, json.map_err(json_failure("write an answer to the queue"))?.as_slice())?;
        self.states.remove(id)?;
        self.items.remove(id)?;
        self.crops.remove(id)?;
        Ok(())
    }

    pub(super) fn renew(&mut self, id: Uuid, given: Uuid, now: DateTime<Utc>, until: DateTime<Utc>) -> Done<Locked> {
        let (sequence, delivery_count, ends) = self.owned(id, given)?;
        if ends <= now.timestamp_micros() {
            return Err(Failure::Ours(Error::LockLost { id }));
        }
        // A lock is never made shorter by who holds it.
        let micros = until.timestamp_micros().max(ends);
        self.locked.remove((ends, sequence))?;
        self.locked.insert((micros, sequence), id.as_u128())?;
        self.states.insert(id.as_u128(), (sequence, delivery_count, micros))?;
        let locked_until = DateTime::from_timestamp_micros(micros).unwrap_or(until);
        Ok(Locked { item: self.item(id.as_u128())?, token: given, locked_until, delivery_count })
    }

    pub(super) fn abandon(&mut self, id: Uuid, given: Uuid) -> Done<()> {
        self.owned(id, given)?;
        self.unlock(id.as_u128())
    }

    /// State of an item that is locked with the token given.
    fn owned(&self, id: Uuid, given: Uuid) -> Done<(u64, u32, i64)> {
        let state = self.state(id.as_u128())?;
        let holds = state.2 != UNLOCKED && token(id.as_u128(), state.1) == given;
        if holds { Ok(state) } else { Err(Failure::Ours(Error::LockLost { id })) }
    }

    fn unlock(&mut self, id: u128) -> Done<()> {
        let (sequence, deliveries, until) = self.state(id)?;
        self.locked.remove((until, sequence))?;
        self.states.insert(id, (sequence, deliveries, UNLOCKED))?;
        self.waiting.insert(sequence, id)?;
        Ok(())
    }

    fn state(&self, id: u128) -> Done<(u64, u32, i64)> {
        Ok(self.states.get(id)?.ok_or_else(|| unknown(id))?.value())
    }

    fn item(&self, id: u128) -> Done<Item> {
        let json = self.items.get(id)?.ok_or_else(|| unknown(id))?;
        let crop = self.crops.get(id)?;
        parse(json.value(), crop.as_ref().map(|c| c.value()))
    }
}

/// The tables in a read transaction.
pub(super) struct View {
    items: ReadOnlyTable<u128, &'static [u8]>,
    crops: ReadOnlyTable<u128, &'static [u8]>,
    waiting: ReadOnlyTable<u64, u128>,
    locked: ReadOnlyTable<(i64, u64), u128>,
    done: ReadOnlyTable<u128, &'static [u8]>,
}

impl View {
    pub(super) fn open(transaction: &ReadTransaction) -> Done<Self> {
        Ok(Self {
            items: transaction.open_table(ITEMS)?,
            crops: transaction.open_table(CROPS)?,
            waiting: transaction.open_table(WAITING)?,
            locked: transaction.open_table(LOCKED)?,
            done: transaction.open_table(DONE)?,
        })
    }

    pub(super) fn peek(&self, n: usize) -> Done<Vec<Item>> {
        let mut items = Vec::new();
        for entry in self.waiting.iter()?.take(n) {
            let id = entry?.1.value();
            let json = self.items.get(id)?.ok_or_else(|| unknown(id))?;
            let crop = self.crops.get(id)?;
            items.push(parse(json.value(), crop.as_ref().map(|c| c.value()))?);
        }
        Ok(items)
    }

    pub(super) fn completed(&self, id: Uuid) -> Done<Option<Completed>> {
        let Some(json) = self.done.get(id.as_u128())? else { return Ok(None) };
        serde_json::from_slice(json.value()).map(Some).map_err(json_failure("read an answer of the queue"))
    }

    pub(super) fn counts(&self) -> Done<Counts> {
        Ok(Counts { waiting: self.waiting.len()?, locked: self.locked.len()?, completed: self.done.len()? })
    }
}
