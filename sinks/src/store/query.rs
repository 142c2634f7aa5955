//! Queries: by plate, lane, capture time and band, page by page.
//!
//! A query walks one index: the plate's where a plate is asked for, else the lane's, else the time's. What the index row
//! tells is looked at first; documents are opened for hits alone. A page is bounded by its hits and by the rows looked
//! at, so that a query that finds little takes no longer than one that finds much; then it has a token and few hits.

use std::ops::Bound;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use redb::{ReadOnlyTable, ReadTransaction};

use super::Store;
use super::document::{Band, Document};
use super::plate::{around, folded, is_near, normal};
use super::tables::{self, BY_LANE, BY_PLATE, BY_TIME, Row, View, in_key, key, micros};
use crate::database::Done;
use crate::error::{Error, Result};

/// Index rows looked at for a page, at most.
const MAX_ROWS: usize = 10_000;

/// What is asked for; all that is given must fit.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Query {
    /// The plate.
    pub plate: Option<PlateFilter>,
    /// Whether O counts as 0 and I as 1 there.
    pub fold: bool,
    /// The lane.
    pub lane: Option<String>,
    /// Captured at this time or later.
    pub since: Option<DateTime<Utc>>,
    /// Captured before this time.
    pub until: Option<DateTime<Utc>>,
    /// How the text was found.
    pub band: Option<Band>,
    /// Hits on a page, at most.
    pub limit: usize,
    /// Where the page before ended.
    pub token: Option<String>,
}

/// What a plate must be like. Letters count in any case; what is no letter or digit does not count.
#[derive(Debug, Clone, PartialEq)]
pub enum PlateFilter {
    /// This plate.
    Exact(String),
    /// Plates that begin so.
    Prefix(String),
    /// This plate, and those with one character that is another, too many or missing.
    Near(String),
}

/// A page of hits: by plate and then capture time where a plate was asked for, else by capture time.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The hits.
    pub documents: Vec<Document>,
    /// Where the next page begins; none: that was all.
    pub token: Option<String>,
}

/// An index, with the character that begins its tokens.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Index {
    Plate = b'p' as isize,
    Lane = b'l' as isize,
    Time = b't' as isize,
}

/// A range of an index: from a key on, up to another.
type Span = (Vec<u8>, Vec<u8>);

/// A query made ready for its index.
struct Plan<'q> {
    query: &'q Query,
    /// The plate as it is compared.
    text: String,
    index: Index,
    /// What is walked, in order.
    spans: Vec<Span>,
}

impl Store {
    /// One page of what fits a query.
    ///
    /// # Errors
    /// [`Error::BadToken`], [`Error::Store`].
    pub fn query(&self, query: &Query) -> Result<Found> {
        let plan = Plan::new(query);
        let after = query.token.as_deref().map(|token| plan.place(token)).transpose()?;
        self.look("query", |transaction| plan.run(transaction, after.as_deref()))
    }
}

impl<'q> Plan<'q> {
    fn new(query: &'q Query) -> Self {
        let times = (query.since.map_or(i64::MIN, micros), query.until.map_or(i64::MAX, micros));
        let within = |text: Option<&str>| (key(text, times.0, 0), key(text, times.1, 0));
        let (index, text, spans) = match (&query.plate, &query.lane) {
            (Some(PlateFilter::Exact(plate)), _) => {
                let text = normal(plate);
                let spans = vec![within(Some(&folded(&text)))];
                (Index::Plate, text, spans)
            }
            (Some(PlateFilter::Near(plate)), _) => {
                let text = normal(plate);
                let spans = around(&folded(&text)).iter().map(|other| within(Some(other))).collect();
                (Index::Plate, text, spans)
            }
            (Some(PlateFilter::Prefix(plate)), _) => {
                let text = normal(plate);
                let from = folded(&text).into_bytes();
                // 0xff lies behind all characters of a plate.
                let to = [from.as_slice(), &[0xff]].concat();
                (Index::Plate, text, vec![(from, to)])
            }
            (None, Some(lane)) => (Index::Lane, String::new(), vec![within(Some(lane))]),
            (None, None) => (Index::Time, String::new(), vec![within(None)]),
        };
        Self { query, text, index, spans }
    }

    fn run(&self, transaction: &ReadTransaction, after: Option<&[u8]>) -> Done<Found> {
        let index = match self.index {
            Index::Plate => transaction.open_table(BY_PLATE)?,
            Index::Lane => transaction.open_table(BY_LANE)?,
            Index::Time => transaction.open_table(BY_TIME)?,
        };
        let view = View::open(transaction)?;
        let mut page = Found { documents: Vec::new(), token: None };
        let mut rows = 0;
        for span in &self.spans {
            if let Some(last) = self.walk(&index, span, after, &mut rows, &mut page, &view)? {
                page.token = Some(self.token(&last));
                break;
            }
        }
        Ok(page)
    }

    /// Takes what fits from a span; gives the last key where the page is full.
    fn walk(
        &self,
        index: &ReadOnlyTable<&'static [u8], Row>,
        (from, to): &Span,
        after: Option<&[u8]>,
        rows: &mut usize,
        page: &mut Found,
        view: &View,
    ) -> Done<Option<Vec<u8>>> {
        let begin = match after {
            Some(after) if after >= to.as_slice() => return Ok(None),
            Some(after) if after >= from.as_slice() => Bound::Excluded(after),
            _ => Bound::Included(from.as_slice()),
        };
        if from > to {
            return Ok(None);
        }
        for entry in index.range::<&[u8]>((begin, Bound::Excluded(to.as_slice())))? {
            let (place, row) = entry?;
            *rows += 1;
            if let Some(number) = self.fits(place.value(), row.value()) {
                page.documents.push(tables::document(&view.documents, number)?);
            }
            if page.documents.len() >= self.query.limit || *rows >= MAX_ROWS {
                return Ok(Some(place.value().to_vec()));
            }
        }
        Ok(None)
    }

    /// The number of the document of a row that fits.
    fn fits(&self, place: &[u8], (band, lane, plate): (u8, &str, &str)) -> Option<u64> {
        let Query { fold, band: wanted, since, until, .. } = *self.query;
        let (time_us, number) = in_key(place)?;
        let in_time =
            since.is_none_or(|since| time_us >= micros(since)) && until.is_none_or(|until| time_us < micros(until));
        let in_lane = self.query.lane.as_ref().is_none_or(|wanted| wanted == lane);
        let in_band = wanted.is_none_or(|wanted| wanted.code() == band);
        let alike = fold
            || match self.query.plate {
                None => true,
                Some(PlateFilter::Exact(_)) => plate == self.text,
                Some(PlateFilter::Prefix(_)) => plate.starts_with(&self.text),
                Some(PlateFilter::Near(_)) => is_near(plate, &self.text),
            };
        (in_time && in_lane && in_band && alike).then_some(number)
    }

    fn token(&self, last: &[u8]) -> String {
        URL_SAFE_NO_PAD.encode([&[self.index as u8], last].concat())
    }

    /// The key in a token.
    fn place(&self, token: &str) -> Result<Vec<u8>> {
        let bytes = URL_SAFE_NO_PAD.decode(token).unwrap_or_default();
        match bytes.split_first() {
            Some((&index, place)) if index == self.index as u8 && place.len() >= 16 => Ok(place.to_vec()),
            _ => Err(Error::BadToken { of: "query", token: token.chars().take(64).collect() }),
        }
    }
}
