//! The change feed: every document at its latest change, in the order of the changes, without a limit of time.
//!
//! Of a document that changed several times the feed shows the latest state alone, as the original does in its usual
//! mode; so it is never longer than the store. Changes of one document come in their order. A reader goes on from the
//! [`Token`] it was given; a [`Processor`] is a token that the store keeps for it.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use redb::{ReadTransaction, ReadableTable, ReadableTableMetadata};
use serde::Serialize;

use super::document::Document;
use super::tables::{self, DOCUMENTS, FEED, PROCESSORS, last_version};
use super::{Store, check_name};
use crate::database::{Done, Failure};
use crate::error::{Error, Result};

/// Processors, at most.
const MAX_PROCESSORS: usize = 1024;

/// A place in the feed: behind the change of this version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Token(u64);

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v{}", self.0)
    }
}

impl FromStr for Token {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let bad = || Error::BadToken { of: "change feed", token: text.chars().take(64).collect() };
        let digits = text.strip_prefix('v').filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()));
        digits.and_then(|digits| digits.parse().ok()).map(Self).ok_or_else(bad)
    }
}

/// Where to begin with the feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// With the first change.
    Beginning,
    /// Behind the last: with what comes.
    Now,
    /// With the first change at this time or later.
    Time(DateTime<Utc>),
    /// Behind a change.
    Token(Token),
}

/// A change: a document was inserted or updated.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// The token behind it.
    #[serde(serialize_with = "shown")]
    pub token: Token,
    /// When it came; milliseconds since the epoch, never falling.
    pub changed_ms: i64,
    /// The document as it is now.
    pub document: Document,
}

/// Some changes.
#[derive(Debug, Clone, PartialEq)]
pub struct Changes {
    /// In their order.
    pub items: Vec<Change>,
    /// Where to go on.
    pub token: Token,
}

/// A reader whose place the store keeps.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Processor {
    /// Its name.
    pub name: String,
    /// What it said it is done with.
    #[serde(serialize_with = "shown")]
    pub token: Token,
    /// When it said so; milliseconds since the epoch.
    pub saved_ms: i64,
    /// How many documents have changed since.
    pub behind: u64,
}

fn shown<S: serde::Serializer>(token: &Token, out: S) -> Result<S::Ok, S::Error> {
    out.collect_str(token)
}

impl Store {
    /// The token of a place in the feed.
    ///
    /// # Errors
    /// [`Error::BadToken`] for one that lies beyond the last change, [`Error::Store`].
    pub fn token(&self, from: Start) -> Result<Token> {
        self.look("find a place in the change feed of", |transaction| {
            let last = last_version(transaction)?;
            Ok(match from {
                Start::Beginning => Token(0),
                Start::Now => Token(last),
                Start::Time(time) => Token(before(transaction, time.timestamp_millis(), last)?),
                Start::Token(Token(version)) if version <= last => Token(version),
                Start::Token(token) => {
                    return Err(Failure::Ours(Error::BadToken { of: "change feed", token: token.to_string() }));
                }
            })
        })
    }

    /// The changes behind a token: at most `limit`.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub fn changes(&self, after: Token, limit: usize) -> Result<Changes> {
        self.look("read the change feed of", |transaction| {
            let (feed, documents) = (transaction.open_table(FEED)?, transaction.open_table(DOCUMENTS)?);
            let mut changes = Changes { items: Vec::new(), token: after };
            for entry in feed.range(after.0.saturating_add(1)..)?.take(limit) {
                let (version, change) = entry?;
                let (number, changed_ms) = change.value();
                changes.token = Token(version.value());
                let document = tables::document(&documents, number)?;
                changes.items.push(Change { token: changes.token, changed_ms, document });
            }
            Ok(changes)
        })
    }

    /// Keeps a processor's place.
    ///
    /// # Errors
    /// [`Error::BadName`], [`Error::TooManyProcessors`], [`Error::BadToken`], [`Error::Store`].
    pub fn save_processor(&self, name: &str, token: Token, now: DateTime<Utc>) -> Result<()> {
        check_name("a processor", name)?;
        let token = self.token(Start::Token(token))?;
        self.processors_table(|table| {
            if table.get(name)?.is_none() && table.len()? >= MAX_PROCESSORS as u64 {
                return Err(Failure::Ours(Error::TooManyProcessors { limit: MAX_PROCESSORS }));
            }
            table.insert(name, (token.0, now.timestamp_millis()))?;
            Ok(())
        })
    }

    /// Forgets a processor; false where there is none of that name.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub fn delete_processor(&self, name: &str) -> Result<bool> {
        self.processors_table(|table| Ok(table.remove(name)?.is_some()))
    }

    /// All processors, by name.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub fn processors(&self) -> Result<Vec<Processor>> {
        self.look("list the processors of", |transaction| {
            let feed = transaction.open_table(FEED)?;
            let mut all = Vec::new();
            for entry in transaction.open_table(PROCESSORS)?.iter()? {
                let (name, place) = entry?;
                let (version, saved_ms) = place.value();
                let behind = feed.range(version.saturating_add(1)..)?.count() as u64;
                all.push(Processor { name: name.value().into(), token: Token(version), saved_ms, behind });
            }
            Ok(all)
        })
    }

    /// The place of a processor; none where there is none of that name.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub fn processor(&self, name: &str) -> Result<Option<Token>> {
        self.look("look for a processor in", |transaction| {
            let table = transaction.open_table(PROCESSORS)?;
            Ok(table.get(name)?.map(|place| Token(place.value().0)))
        })
    }

    /// Changes the processors alone, which is no change of the feed.
    fn processors_table<T>(
        &self,
        run: impl FnOnce(&mut redb::Table<'_, &'static str, (u64, i64)>) -> Done<T>,
    ) -> Result<T> {
        let attempt = || {
            let transaction = self.database.begin_write()?;
            let done = run(&mut transaction.open_table(PROCESSORS)?)?;
            transaction.commit()?;
            Ok(done)
        };
        attempt().map_err(|failure| super::error("keep a processor in", &self.path, failure))
    }
}

/// The last version before a time: a search by halves, since times never fall.
fn before(transaction: &ReadTransaction, time_ms: i64, last: u64) -> Done<u64> {
    let feed = transaction.open_table(FEED)?;
    let (mut low, mut high) = (0, last);
    while low < high {
        let middle = low + (high - low) / 2;
        // The first change behind the middle: versions of documents that changed since are gone.
        let next = feed.range(middle + 1..)?.next().transpose()?;
        match next.map(|(version, change)| (version.value(), change.value().1)) {
            Some((version, changed_ms)) if changed_ms < time_ms => low = version,
            _ => high = middle,
        }
    }
    Ok(low)
}
