//! Manual checks, always on: the queue follows the results hub, the page and its calls answer into it.

use std::sync::Arc;

use tollgate_sinks::ManualQueue;
use tollgate_sinks::event::Event;
use tollgate_sinks::manual;
use tollgate_sinks::review::{self, Publish, ReviewSink, Reviews, TextRules};

use super::endpoints::Shared;
use super::follow::{LiveSink, Outlet};
use super::results::append_event;
use super::sinks::Assembly;
use crate::Result;
use crate::config::Config;

/// The outlet's name: its cursor is the consumer group `sink.review`.
pub(crate) const NAME: &str = "review";

/// Opens the queue and adds what follows and serves it.
pub(super) fn assemble(config: &Config, shared: &Shared, assembly: &mut Assembly) -> Result<()> {
    let queue = Arc::new(ManualQueue::open(&config.serve.data.join(manual::FILE))?);
    let fed = Arc::clone(&queue);
    let open = move || Ok(Box::new(ReviewSink::new(Arc::clone(&fed))) as LiveSink);
    assembly.outlets.push(Outlet::of_all(NAME, open));
    let (hub, clock) = (shared.store.hub(&config.source.results)?, Arc::clone(&shared.clock));
    let publish: Publish = Arc::new(move |event: &Event| Ok(append_event(&hub, event, (clock)())?));
    let rules = TextRules { min_chars: config.judge.min_chars, max_chars: config.judge.max_chars };
    let reviews = Arc::new(Reviews::new(queue, publish, config.review.clone(), rules));
    let routes = review::routes(reviews, Arc::clone(&shared.clock));
    assembly.served.add_writable(routes);
    assembly.served.add_open(review::page());
    Ok(())
}
