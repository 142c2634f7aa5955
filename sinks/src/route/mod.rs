//! Routes: which events go to which sinks.
//!
//! A route takes events by type, by how the subject begins and ends, and by up to [`MAX_FILTERS`] advanced filters, all of
//! which must hold. It is checked while the config is read, so that a mistake is told with its line.

mod filter;
mod folded;
mod operator;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

pub use filter::Filter;
pub use operator::Operator;

use crate::published::CloudEvent;
use folded::Folded;

/// Most advanced filters a route may have.
pub const MAX_FILTERS: usize = 25;

/// A route as it is written in a config.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RouteConfig {
    /// Event types, compared without regard to case; none: all.
    pub types: Vec<String>,
    /// How the subject begins, without regard to case.
    pub subject_begins_with: String,
    /// How the subject ends, without regard to case.
    pub subject_ends_with: String,
    /// Advanced filters, all of which must hold.
    #[serde(deserialize_with = "few_filters")]
    pub filters: Vec<Filter>,
    /// Names of the sinks that get the events.
    pub to: Vec<toml::Spanned<String>>,
}

fn few_filters<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Filter>, D::Error> {
    let filters = Vec::<Filter>::deserialize(deserializer)?;
    if filters.len() > MAX_FILTERS {
        let found = filters.len();
        return Err(D::Error::custom(format!("the route has {found} filters of at most {MAX_FILTERS}; make it two")));
    }
    Ok(filters)
}

/// A route that was checked. Asking whether it takes an event takes no memory.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Route {
    types: Vec<Folded>,
    begins_with: Folded,
    ends_with: Folded,
    filters: Vec<Filter>,
}

impl Route {
    /// Makes a route ready.
    #[must_use]
    pub fn new(config: &RouteConfig) -> Self {
        Self {
            types: config.types.iter().map(|kind| Folded::new(kind)).collect(),
            begins_with: Folded::new(&config.subject_begins_with),
            ends_with: Folded::new(&config.subject_ends_with),
            filters: config.filters.clone(),
        }
    }

    /// Whether an event takes this route.
    #[must_use]
    pub fn takes(&self, event: &CloudEvent) -> bool {
        let subject = event.subject.as_deref().unwrap_or_default();
        (self.types.is_empty() || self.types.iter().any(|kind| kind.equals(&event.kind)))
            && (self.begins_with.is_empty() || self.begins_with.begins(subject))
            && (self.ends_with.is_empty() || self.ends_with.ends(subject))
            && self.filters.iter().all(|filter| filter.takes(event))
    }
}
