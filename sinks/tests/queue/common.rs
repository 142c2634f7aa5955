//! A store in a folder of its own.

use std::path::Path;

use tollgate_sinks::Error;
use tollgate_sinks::queue::{Delivery, Kind, Message, Queues, QueuesOptions, Receipt, Refusal, Settings};

/// When the tests begin, in milliseconds.
pub(super) const T0: i64 = 1_000_000;

pub(super) fn open(dir: &Path) -> Queues {
    // Small segments: what happens at their ends happens in every test.
    let options = QueuesOptions { segment_bytes: 4 << 10, ..QueuesOptions::default() };
    Queues::open(dir, options).expect("the store opens").0
}

pub(super) fn queue(dir: &Path, settings: Settings) -> Queues {
    let queues = open(dir);
    queues.create("q", Kind::Queue, settings, T0).expect("it is made").wait().expect("it is durable");
    queues
}

pub(super) fn text(body: &str) -> Message {
    Message { body: body.into(), ..Message::default() }
}

pub(super) fn strict(delivery: &Delivery) -> Receipt {
    Receipt::strict(delivery.sequence, delivery.token)
}

pub(super) fn bodies(deliveries: &[Delivery]) -> Vec<&str> {
    deliveries.iter().map(|one| std::str::from_utf8(&one.message.body).expect("UTF-8")).collect()
}

/// The refusal that a call came to.
pub(super) fn refused<T: std::fmt::Debug>(result: Result<T, Error>) -> Refusal {
    match result {
        Err(Error::Refused(refusal)) => refusal,
        other => panic!("not refused: {other:?}"),
    }
}
