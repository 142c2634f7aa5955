//! The thread of a subscription that tries again what is due.

use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use super::subscription::Subscription;

/// How often it looks for dead letters that are to be tried again, and at most how late it notices what is due.
const LOOK: Duration = Duration::from_millis(250);
/// How long it waits after a failure of the disk.
const MEND: Duration = Duration::from_secs(5);

/// The running thread.
pub struct Retries {
    subscription: Arc<Subscription>,
    thread: JoinHandle<()>,
}

impl Retries {
    /// Starts it.
    ///
    /// # Errors
    /// The system has no more threads.
    pub fn start(subscription: Arc<Subscription>) -> io::Result<Self> {
        let ours = Arc::clone(&subscription);
        let thread = std::thread::Builder::new().name(format!("push-{}", ours.name())).spawn(move || run(&ours))?;
        Ok(Self { subscription, thread })
    }

    /// See [`Subscription::interrupt`].
    pub fn interrupt(&self) {
        self.subscription.interrupt();
        self.thread.thread().unpark();
    }

    /// Interrupts the subscription and waits for the thread.
    pub fn stop(self) {
        self.interrupt();
        let name = self.subscription.name();
        if self.thread.join().is_err() {
            tracing::error!(subscription = name, "the thread of retries had panicked: nothing was tried again since");
        }
    }
}

fn run(subscription: &Arc<Subscription>) {
    while !subscription.is_interrupted() {
        let wait = match subscription.pass() {
            Ok(next) => {
                let ms = next.map_or(i64::MAX, |next| next - subscription.now());
                LOOK.min(Duration::from_millis(u64::try_from(ms).unwrap_or(0)))
            }
            Err(error) => {
                let causes = std::iter::successors(Some(&error as &dyn std::error::Error), |error| error.source());
                let error = causes.map(ToString::to_string).collect::<Vec<_>>().join(": ");
                tracing::error!(subscription = subscription.name(), error, "what is due could not be tried");
                MEND
            }
        };
        std::thread::park_timeout(wait);
    }
}
