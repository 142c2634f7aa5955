//! Lists: queues, topics, and the subscriptions of a topic.

use axum::http::header::CONTENT_TYPE;
use axum::http::{Method, Uri};
use axum::response::{IntoResponse, Response};

use super::super::super::{Description, Kind, subscription};
use super::super::atom::{self, Feed};
use super::super::fault::Fault;
use super::super::handle::Asked;
use super::base;

/// Entries of a page, at most and where the request does not say.
const PAGE: usize = 100;

/// What is listed.
pub(super) enum List<'a> {
    Entities(Kind),
    Subscriptions(&'a str),
}

/// The part of a list that is asked for.
#[derive(Clone, Copy)]
pub(super) struct Page {
    skip: usize,
    top: usize,
}

impl<'a> List<'a> {
    /// The list that a path names, if it is one.
    pub(super) fn of(name: &'a str) -> Option<Self> {
        let (before, last) = name.rsplit_once('/')?;
        match (before, last.to_ascii_lowercase().as_str()) {
            (before, "queues") if before.eq_ignore_ascii_case("$resources") => Some(Self::Entities(Kind::Queue)),
            (before, "topics") if before.eq_ignore_ascii_case("$resources") => Some(Self::Entities(Kind::Topic)),
            (topic, "subscriptions") => Some(Self::Subscriptions(topic)),
            _ => None,
        }
    }

    /// The list as a feed.
    pub(super) fn answer(&self, asked: Asked<'_>) -> Result<Response, Fault> {
        let Asked { face, request } = asked;
        if request.method != Method::GET {
            return Err(Fault::not_allowed(&request.method));
        }
        let page = Page::of(&request.uri)?;
        let (title, all) = match self {
            Self::Entities(kind) => {
                let all = face.parts.queues.list("", "", usize::MAX);
                ("Queues or topics", all.into_iter().filter(|one| one.kind == *kind).collect())
            }
            Self::Subscriptions(topic) => {
                face.parts.queues.describe(topic)?;
                ("Subscriptions", face.parts.queues.list(&subscription(topic, ""), "", usize::MAX))
            }
        };
        let (mut feed, all): (_, Vec<Description>) = (Feed::new(title), all);
        for description in page.cut(&all) {
            let counts = face.parts.queues.counts(&description.name, face.now())?;
            feed.entity(&base(&request.headers), description, &counts);
        }
        Ok(([(CONTENT_TYPE, atom::FEED)], feed.finish()).into_response())
    }
}

impl Page {
    /// `$skip` and `$top` of a query.
    pub(super) fn of(uri: &Uri) -> Result<Self, Fault> {
        let mut page = Self { skip: 0, top: PAGE };
        let fields = uri.query().unwrap_or_default().split('&').filter_map(|field| field.split_once('='));
        for (name, value) in fields {
            let number = || value.parse().map_err(|error| Fault::bad(format!("{name} must be a number: {error}")));
            match name.trim_start_matches("%24").trim_start_matches('$') {
                "skip" => page.skip = number()?,
                "top" => page.top = number()?.min(PAGE),
                _ => {}
            }
        }
        Ok(page)
    }

    pub(super) fn cut<'t, T>(&self, all: &'t [T]) -> impl Iterator<Item = &'t T> {
        all.iter().skip(self.skip).take(self.top)
    }
}
