//! The tables of a subscription's state.
//!
//! An event that is kept has one row each in `STATES`, `EVENTS` and `DUE`; its JSON is written once, however often it is
//! tried.

use redb::{ReadableTable, Table, TableDefinition, WriteTransaction};

use super::super::outcome::{Outcome, Reason};
use super::super::pending::{Key, Pending, State};

/// Attempts, taken, published, due, last attempt, outcome, reason.
pub(super) type Row = (u32, i64, i64, i64, i64, u8, u8);

pub(super) const STATES: TableDefinition<'static, Key, Row> = TableDefinition::new("states");
/// The event's JSON.
pub(super) const EVENTS: TableDefinition<'static, Key, &[u8]> = TableDefinition::new("events");
/// By when they are due.
pub(super) const DUE: TableDefinition<'static, (i64, u32, u64), ()> = TableDefinition::new("due");
/// Partition to: where the cursor was before the last settlement, the first offset that was settled by it, and the next
/// offset to take.
pub(super) const CURSOR: TableDefinition<'static, u32, (u64, u64, u64)> = TableDefinition::new("cursor");
/// Bytes of JSON that are kept, and the next number of an event that came back from the dead letters.
pub(super) const TOTALS: TableDefinition<'static, (), (u64, u64)> = TableDefinition::new("totals");
/// What the receiver consented to (schema and URL), and the requests a minute that it allows (0: any number).
pub(super) const CONSENT: TableDefinition<'static, (), (&str, u32)> = TableDefinition::new("consent");

pub(super) fn row(state: &State) -> Row {
    let State { attempts, taken_ms, published_ms, due_ms, last_ms, outcome, dead } = *state;
    (attempts, taken_ms, published_ms, due_ms, last_ms, outcome.code(), Reason::code(dead))
}

pub(super) fn state(row: Row) -> State {
    let (attempts, taken_ms, published_ms, due_ms, last_ms, outcome, dead) = row;
    let (outcome, dead) = (Outcome::from_code(outcome), Reason::from_code(dead));
    State { attempts, taken_ms, published_ms, due_ms, last_ms, outcome, dead }
}

pub(super) type Done<T> = std::result::Result<T, redb::Error>;

/// The tables in a write transaction.
pub(super) struct Tables<'t> {
    states: Table<'t, Key, Row>,
    events: Table<'t, Key, &'static [u8]>,
    due: Table<'t, (i64, u32, u64), ()>,
    cursor: Table<'t, u32, (u64, u64, u64)>,
    totals: Table<'t, (), (u64, u64)>,
}

impl<'t> Tables<'t> {
    pub(super) fn open(transaction: &'t WriteTransaction) -> Done<Self> {
        Ok(Self {
            states: transaction.open_table(STATES)?,
            events: transaction.open_table(EVENTS)?,
            due: transaction.open_table(DUE)?,
            cursor: transaction.open_table(CURSOR)?,
            totals: transaction.open_table(TOTALS)?,
        })
    }

    /// Keeps an event, or the new state of one that is kept.
    pub(super) fn keep(&mut self, pending: &Pending) -> Done<()> {
        let (key, state) = (pending.key, &pending.state);
        let before = self.states.insert(key, row(state))?.map(|before| before.value());
        match before {
            Some(before) => _ = self.due.remove((before.3, key.0, key.1))?,
            None => {
                self.events.insert(key, &*pending.json)?;
                self.add_bytes(pending.json.len() as u64)?;
            }
        }
        self.due.insert((state.due_ms, key.0, key.1), ())?;
        Ok(())
    }

    /// Forgets an event, if it is kept.
    pub(super) fn forget(&mut self, key: Key) -> Done<()> {
        let Some(row) = self.states.remove(key)?.map(|row| row.value()) else { return Ok(()) };
        self.due.remove((row.3, key.0, key.1))?;
        let bytes = self.events.remove(key)?.map_or(0, |json| json.value().len());
        let (all, next) = self.totals()?;
        self.totals.insert((), (all.saturating_sub(bytes as u64), next))?;
        Ok(())
    }

    /// Moves the cursor of a partition: events from `from` to `next` are settled.
    pub(super) fn advance(&mut self, partition: u32, from: u64, next: u64) -> Done<()> {
        // Where it was moved back, there is nothing before what was settled now.
        let before = self.cursor.get(partition)?.map_or(from, |row| row.value().2.min(from));
        self.cursor.insert(partition, (before, from, next))?;
        Ok(())
    }

    /// A number for an event that came back from the dead letters.
    pub(super) fn number(&mut self) -> Done<u64> {
        let (bytes, next) = self.totals()?;
        self.totals.insert((), (bytes, next + 1))?;
        Ok(next)
    }

    pub(super) fn totals(&self) -> Done<(u64, u64)> {
        Ok(self.totals.get(())?.map_or((0, 0), |totals| totals.value()))
    }

    fn add_bytes(&mut self, bytes: u64) -> Done<()> {
        let (all, next) = self.totals()?;
        self.totals.insert((), (all + bytes, next))?;
        Ok(())
    }
}
