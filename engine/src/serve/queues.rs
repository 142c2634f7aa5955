//! The queues of a server: the store, and its faces.

use std::hash::{BuildHasher, RandomState};
use std::net::SocketAddr;
use std::sync::Arc;

use tollgate_sinks::queue::azure::TaskFace;
use tollgate_sinks::queue::{Queues, QueuesOptions};
use uuid::Uuid;

use super::endpoints::{FaceParts, Shared};
use crate::Result;
use crate::config::Config;

/// Opens the store in the data folder.
pub(super) fn open(config: &Config) -> Result<Queues> {
    let options = QueuesOptions { secret: secret(), ..QueuesOptions::default() };
    let (queues, opened) = Queues::open(&config.serve.data.join("queues"), options)?;
    if opened.torn_bytes > 0 {
        tracing::warn!(bytes = opened.torn_bytes, "a torn end of the queues was cut off: it was never acknowledged");
    }
    Ok(queues)
}

/// The face of the task queues.
pub(super) fn tasks(config: &Config, shared: &Shared, queues: &Queues) -> Result<FaceParts> {
    let address = config.queues.tasks;
    config.queues.account.check_exposure(address.ip())?;
    let clock = Arc::clone(&shared.clock);
    // Ids of requests need only differ from those of another run.
    let seed = (clock)().unsigned_abs();
    let face = TaskFace::new(queues.clone(), config.queues.task_options(), clock, seed);
    Ok(FaceParts { name: "tasks", address, routes: face.into_router(), line })
}

fn line(address: SocketAddr) -> String {
    format!("tasks  http://{address}   try: tollgate listen --queue q --exec cat; or any client of Azure Queue Storage")
}

/// What tokens of a new store are derived from. The standard library seeds its hashers with the system's randomness.
fn secret() -> Uuid {
    let hasher = RandomState::new();
    Uuid::from_u64_pair(hasher.hash_one(0), hasher.hash_one(1))
}
