//! The stream log: hubs of partitions of segments of record batches, durable and replayable, in this process.
//!
//! Read it as an onion. A `batch` is Kafka's, kept as it came; a `segment` is a file of batches with a sparse index;
//! a `partition` is a row of segments with offsets, times, retention and what recognises repeats; a `hub` is a
//! named set of partitions; the `store` is the data folder with all hubs and the consumer groups' checkpoints.
//! `commit` makes writes durable for all of them together. Endpoints stand outside and speak to [`Store`],
//! [`Partition::append`] and [`Partition::read`].
//!
//! ```text
//! data/lock  groups/GROUP.toml  hubs/HUB/hub.toml  hubs/HUB/0/00000000000000000000.log (.index)  hubs/HUB/0/spare
//! ```
//!
//! Nothing here reads a clock: times are passed in.

mod batch;
mod build;
mod codec;
mod commit;
pub(crate) mod disk;
mod groups;
mod hub;
mod index;
mod lane;
mod notes;
mod partition;
mod producers;
mod record;
mod repair;
mod scan;
mod segment;
mod spread;
mod store;
mod varint;

pub use batch::{BatchFault, BatchHeader, HEADER_BYTES, ProducerMark, ValidBatch};
pub use build::{BatchBuilder, NewRecord, Saved};
pub use codec::Decompressor;
pub use event_listener::EventListener;
pub use groups::Checkpoint;
pub use hub::{Durability, Hub, HubConfig, MAX_PARTITIONS};
pub use lane::Ack;
pub use partition::{Appended, Partition, Retained, Slice, TornTail};
pub use record::{Header, LogRecord, Records};
pub use repair::Lost;
pub use spread::partition_of_key;
pub use store::{Store, StoreOptions};
