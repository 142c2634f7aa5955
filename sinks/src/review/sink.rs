//! Feeds the manual queue from the results hub.

use std::sync::Arc;

use chrono::DateTime;

use crate::error::Result;
use crate::event::{Event, EventKind, Review};
use crate::manual::{Answer, Completed, Item, ManualQueue, Step};
use crate::published::Published;
use crate::sink::Sink;

/// Puts manual checks into the queue, and completes those whose review is in the hub. Buffered until [`Sink::sync`],
/// then one transaction; writing the same again changes nothing.
#[derive(Debug)]
pub struct ReviewSink {
    queue: Arc<ManualQueue>,
    steps: Vec<Step>,
}

impl ReviewSink {
    /// A sink into `queue`.
    #[must_use]
    pub fn new(queue: Arc<ManualQueue>) -> Self {
        Self { queue, steps: Vec::new() }
    }
}

impl Sink<Published> for ReviewSink {
    fn name(&self) -> &'static str {
        "review"
    }

    fn write(&mut self, items: &[Published]) -> Result<()> {
        self.steps.extend(items.iter().filter_map(step));
        Ok(())
    }

    fn sync(&mut self) -> Result<()> {
        if !self.steps.is_empty() {
            self.queue.follow(&self.steps)?;
            self.steps.clear();
        }
        Ok(())
    }
}

/// What an event means to the queue; nothing where it is another, or not in our form.
fn step(item: &Published) -> Option<Step> {
    let ours = [EventKind::ManualCheck, EventKind::Reviewed];
    if !ours.iter().any(|kind| kind.as_str() == item.event.kind) {
        return None;
    }
    let event = item.event.as_ours().ok()?;
    match (event.kind, &event.data.review) {
        (EventKind::ManualCheck, _) => Some(Step::Put(Item::new(&event, &item.crop))),
        (EventKind::Reviewed, Some(review)) => Some(Step::Settle(settled(&event, review, item.appended_ms))),
        _ => None,
    }
}

fn settled(event: &Event, review: &Review, appended_ms: i64) -> Completed {
    let answer = match review.unreadable {
        true => Answer::Unreadable,
        false => Answer::Text(event.data.license_plate_text.clone()),
    };
    let asked = Item {
        event_id: review.event_id,
        partial_text: review.partial_text.clone(),
        confidence: review.confidence,
        event: None,
        ..Item::new(event, &[])
    };
    let completed_at = DateTime::from_timestamp_millis(appended_ms).unwrap_or(review.reviewed_at);
    Completed { item: asked, answer, completed_at, delivery_count: 0 }
}
