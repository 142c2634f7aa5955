//! Routes: which events go to which sinks.

use serde::Deserialize;

use crate::published::CloudEvent;

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
    /// Names of the sinks that get the events.
    pub to: Vec<toml::Spanned<String>>,
}

/// A route that was checked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Route {
    types: Vec<String>,
    begins_with: String,
    ends_with: String,
}

impl Route {
    /// Checks a route.
    #[must_use]
    pub fn new(config: &RouteConfig) -> Self {
        let lower = |text: &String| text.to_lowercase();
        let types = config.types.iter().map(lower).collect();
        Self { types, begins_with: lower(&config.subject_begins_with), ends_with: lower(&config.subject_ends_with) }
    }

    /// Whether an event takes this route.
    #[must_use]
    pub fn takes(&self, event: &CloudEvent) -> bool {
        let subject = || event.subject.as_deref().unwrap_or_default().to_lowercase();
        let kind = || self.types.contains(&event.kind.to_lowercase());
        (self.types.is_empty() || kind())
            && (self.begins_with.is_empty() || subject().starts_with(&self.begins_with))
            && (self.ends_with.is_empty() || subject().ends_with(&self.ends_with))
    }
}
