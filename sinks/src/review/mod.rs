//! People's answers to manual checks: a page, the calls behind it, and the event that an answer becomes.
//!
//! The queue is [`ManualQueue`](crate::ManualQueue), fed from the results hub by [`ReviewSink`]. An answer is first appended to the results
//! hub as a `LicensePlate.Reviewed` event, durably, and then the item is completed. A crash between the two leaves a
//! locked item; the sink meets the event after the restart and completes it, so that nobody is asked twice. The event's
//! id derives from that of the manual check, so that a repeat is recognised by all who follow the results.
//!
//! | request | body | answer |
//! |---|---|---|
//! | `GET /review` | | the page |
//! | `POST /review/next` | | `{"item": {…, "token", "lockedUntil"} or null, "remaining"}`: locked for who asked |
//! | `POST /review/{id}/answer` | `{"token", "reviewer", "text"}` or `{…, "unreadable": true}` | `{"eventId"}` |
//! | `POST /review/{id}/renew` | `{"token"}` | `{"lockedUntil"}` |
//! | `POST /review/{id}/abandon` | `{"token"}` | 204 |
//!
//! Refusals: 404 `no-item` (answered already), 409 `lock-lost` (somebody else may have it now), 400 `bad-text`, 503
//! `not-durable`. Bodies are JSON and must say so.

mod answer;
mod config;
mod event;
mod http;
mod sink;

pub use answer::{Publish, Reviews, TextRules};
pub use config::ReviewConfig;
pub use http::{page, routes};
pub use sink::ReviewSink;
