//! What a bridge needs of the program.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::runtime::Handle;

use super::halt::Halt;

/// What a bridge needs of the program that drives it. Cheap to clone.
#[derive(Clone)]
pub struct BridgeParts {
    /// Where to wait for the network.
    pub runtime: Handle,
    /// Ends the waiting.
    pub halt: Halt,
    /// The time; milliseconds since the epoch.
    pub clock: Arc<dyn Fn() -> i64 + Send + Sync>,
    /// The folder of the dead letters: events that the broker can never take, such as one over its limit.
    pub dead_letters: PathBuf,
    /// Told how many there are.
    pub unfit: Arc<dyn Fn(u64) + Send + Sync>,
}

impl fmt::Debug for BridgeParts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BridgeParts").field("halt", &self.halt).finish_non_exhaustive()
    }
}
