//! Azure Storage: a queue of its task-queue service, and a container of blobs.

mod account;
mod blob_config;
#[cfg(feature = "azure")]
mod blob_link;
mod queue_config;
#[cfg(feature = "azure")]
mod queue_link;

pub use blob_config::AzureBlobConfig;
#[cfg(feature = "azure")]
pub(super) use blob_link::open as open_blob;
pub use queue_config::AzureQueueConfig;
#[cfg(feature = "azure")]
pub(super) use queue_link::open as open_queue;
