//! Named steps at which a test has the process die, as `kill -9` would have it: no destructor runs, nothing is flushed.
//!
//! `TOLLGATE_FAILPOINT=webhook.sent` dies when that step is reached first, `webhook.sent:3` when it is the third time. The
//! variable is read once; where it is not set, a step costs one load.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// The environment variable that names the step.
pub const VARIABLE: &str = "TOLLGATE_FAILPOINT";

/// A step, and how often it is still passed before the process dies there.
struct Failpoint {
    step: String,
    passes: AtomicU64,
}

impl Failpoint {
    fn parse(text: &str) -> Self {
        let counted = text.rsplit_once(':').and_then(|(step, time)| Some((step, time.parse::<u64>().ok()?)));
        let (step, time) = counted.unwrap_or((text, 1));
        Self { step: step.to_owned(), passes: AtomicU64::new(time.saturating_sub(1)) }
    }

    /// Whether the process is to die now.
    fn is_hit(&self, step: &str) -> bool {
        let one_less = |passes: u64| passes.checked_sub(1);
        self.step == step && self.passes.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less).is_err()
    }
}

/// Says that a step is reached: the process dies there if the environment names it. The name is `part.step`.
pub fn reach(step: &str) {
    static NAMED: OnceLock<Option<Failpoint>> = OnceLock::new();
    let named = NAMED.get_or_init(|| std::env::var(VARIABLE).ok().map(|text| Failpoint::parse(&text)));
    if named.as_ref().is_some_and(|failpoint| failpoint.is_hit(step)) {
        std::process::abort();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_step_named_is_hit_at_the_time_named() {
        let first = Failpoint::parse("push.sent");
        assert!(!first.is_hit("push.taken") && first.is_hit("push.sent"));
        let third = Failpoint::parse("push.sent:3");
        assert_eq!([0; 4].map(|_| third.is_hit("push.sent")), [false, false, true, true]);
    }
}
