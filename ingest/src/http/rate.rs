//! How many requests a second are served.

use std::sync::atomic::{AtomicI64, Ordering};

/// A token bucket that holds a second's worth, kept as the time at which it is full again (the generic cell rate
/// algorithm, ITU-T I.371): one number, no lock.
#[derive(Debug)]
pub(super) struct Rate {
    /// Microseconds that a request costs; 0: nothing is bounded.
    cost_us: i64,
    full_us: AtomicI64,
}

/// What the bucket holds: a second.
const BURST_US: i64 = 1_000_000;

impl Rate {
    pub(super) fn new(per_s: u32) -> Self {
        let cost_us = if per_s == 0 { 0 } else { (BURST_US / i64::from(per_s)).max(1) };
        Self { cost_us, full_us: AtomicI64::new(i64::MIN) }
    }

    /// Takes a token; `Err` says after how many seconds there is one again.
    pub(super) fn take(&self, now_ms: i64) -> Result<(), u64> {
        if self.cost_us == 0 {
            return Ok(());
        }
        let now_us = now_ms.saturating_mul(1000);
        let next = |full: i64| {
            let full = full.max(now_us) + self.cost_us;
            (full - now_us <= BURST_US).then_some(full)
        };
        match self.full_us.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next) {
            Ok(_) => Ok(()),
            Err(full) => {
                let wait_us = full + self.cost_us - now_us - BURST_US;
                Err(u64::try_from(wait_us).unwrap_or(0).div_ceil(1_000_000).max(1))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_holds_so_many() {
        let rate = Rate::new(10);
        let taken = |now_ms, tries| (0..tries).filter(|_| rate.take(now_ms).is_ok()).count();
        assert_eq!(taken(5_000, 20), 10);
        assert_eq!(rate.take(5_000), Err(1));
        assert_eq!((taken(5_099, 5), taken(5_100, 5), taken(5_300, 5)), (0, 1, 2));
        assert_eq!(taken(99_000, 20), 10);
        // A clock that is set back makes them wait, and no more.
        assert_eq!(rate.take(98_000), Err(2));
        let slow = Rate::new(1);
        assert_eq!((slow.take(0), slow.take(0), slow.take(1000)), (Ok(()), Err(1), Ok(())));
        assert!((0..1000).all(|_| Rate::new(0).take(0).is_ok()));
    }
}
