//! The end of waiting: when the program stops, no broker holds it up.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

/// Tells bridges that the program stops. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Halt(watch::Sender<Option<Instant>>);

impl Default for Halt {
    fn default() -> Self {
        Self(watch::Sender::new(None))
    }
}

impl Halt {
    /// From now on a broker has this long to say that it has what it was sent; what it has not taken then is sent again
    /// after the next start.
    pub fn stop(&self, grace: Duration) {
        self.0.send_replace(Some(Instant::now() + grace));
    }

    /// Returns when the time is up, if it ever is.
    pub(super) async fn over(&self) {
        let mut told = self.0.subscribe();
        // The sender lives as long as `self`.
        let end = told.wait_for(Option::is_some).await.map(|end| *end);
        match end {
            Ok(Some(end)) => sleep_until(end).await,
            _ => std::future::pending().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_ends_with_the_grace() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let halt = Halt::default();
            let early = tokio::time::timeout(Duration::from_millis(20), halt.over()).await;
            assert!(early.is_err(), "nobody has stopped it");
            halt.clone().stop(Duration::from_millis(1));
            halt.over().await;
        });
    }
}
