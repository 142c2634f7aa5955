//! When an event is tried again.

use super::config::WebhookConfig;
use super::pending::Key;

/// The waits between attempts.
pub(super) struct Schedule {
    waits_ms: Vec<i64>,
    jitter_percent: u64,
    seed: u64,
}

impl Schedule {
    /// Subscriptions of different names draw differently.
    pub(super) fn new(config: &WebhookConfig, name: &str) -> Self {
        let waits_ms = config.retry_s.iter().map(|&seconds| i64::from(seconds) * 1000).collect();
        let seed = u64::from(crc32c::crc32c(name.as_bytes()));
        Self { waits_ms, jitter_percent: config.jitter_percent.into(), seed }
    }

    /// Milliseconds from the last of `attempts` attempts to the next: the same for the same event in every run, so that
    /// events that failed together do not come back together and a test still knows when.
    pub(super) fn wait_ms(&self, key: Key, attempts: u32) -> i64 {
        let last = self.waits_ms.len().saturating_sub(1);
        let at = usize::try_from(attempts.saturating_sub(1)).unwrap_or(last).min(last);
        let wait = self.waits_ms.get(at).copied().unwrap_or(10_000);
        let draw = mix(self.seed ^ mix(u64::from(key.0) ^ mix(key.1 ^ mix(attempts.into()))));
        let most = wait.unsigned_abs() * self.jitter_percent / 100;
        wait + i64::try_from(draw % (most + 1)).unwrap_or(0)
    }
}

/// SplitMix64's finaliser: spreads neighbouring numbers over all of them.
fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_originals_waits_with_a_little_more() {
        let schedule = Schedule::new(&WebhookConfig::default(), "billing");
        let seconds = [10, 30, 60, 300, 600, 1800, 3600, 3600, 3600];
        for (attempt, expected) in (1..).zip(seconds) {
            let waits: Vec<i64> = (0..100).map(|event| schedule.wait_ms((0, event), attempt)).collect();
            let (low, high) = (waits.iter().min().unwrap(), waits.iter().max().unwrap());
            assert!(*low >= expected * 1000 && *high <= expected * 1100, "attempt {attempt}: {low} to {high}");
            assert!(high - low > expected * 80, "attempt {attempt} is spread over {} ms", high - low);
        }
        assert_eq!(schedule.wait_ms((1, 2), 3), schedule.wait_ms((1, 2), 3));
        let day: i64 = (1..30).map(|attempt| schedule.wait_ms((0, 0), attempt)).sum();
        assert!(day > 23 * 3_600_000, "30 attempts take about a day: {day} ms");
    }

    #[test]
    fn without_jitter_it_is_exact() {
        let config = WebhookConfig { jitter_percent: 0, retry_s: vec![5], ..WebhookConfig::default() };
        assert_eq!(Schedule::new(&config, "a").wait_ms((3, 4), 29), 5000);
    }
}
