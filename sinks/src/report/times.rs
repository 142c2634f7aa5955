//! Median, 95th percentile and sum of a stage's times in constant memory.

/// Ratio from one bucket to the next; a quantile is off by at most half of this.
const STEP: f64 = 1.02;
/// Lower edge of the first bucket in ms.
const FLOOR_MS: f64 = 1e-4;
/// Enough buckets to reach over an hour.
const BUCKETS: usize = 1250;

/// Times of one stage, counted in buckets that grow by 2 %.
#[derive(Debug)]
pub(super) struct StageTimes {
    buckets: Vec<u32>,
    count: u64,
    pub(super) sum_ms: f64,
}

impl Default for StageTimes {
    fn default() -> Self {
        Self { buckets: vec![0; BUCKETS], count: 0, sum_ms: 0.0 }
    }
}

impl StageTimes {
    pub(super) fn add(&mut self, ms: f32) {
        let ms = f64::from(ms);
        if !ms.is_finite() || ms < 0.0 {
            return;
        }
        // A float cast saturates: below the floor is bucket 0.
        let bucket = ((ms / FLOOR_MS).ln() / STEP.ln()) as usize;
        let bucket = &mut self.buckets[bucket.min(BUCKETS - 1)];
        *bucket = bucket.saturating_add(1);
        self.count += 1;
        self.sum_ms += ms;
    }

    /// The time below which a share `q` (0 to 1) of the samples lies; 0 without samples.
    pub(super) fn quantile(&self, q: f64) -> f64 {
        let rank = (q * self.count as f64).ceil().max(1.0) as u64;
        let mut seen = 0;
        for (i, n) in self.buckets.iter().enumerate() {
            seen += u64::from(*n);
            if seen >= rank {
                return if i == 0 { 0.0 } else { FLOOR_MS * STEP.powf(i as f64 + 0.5) };
            }
        }
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_within_a_bucket() {
        let mut times = StageTimes::default();
        for i in 1..=1000 {
            times.add(i as f32 / 10.0);
        }
        for (q, exact) in [(0.5, 50.0), (0.95, 95.0), (1.0, 100.0)] {
            let got = times.quantile(q);
            assert!((got / exact - 1.0).abs() < 0.02, "{q}: {got}");
        }
        assert!((times.sum_ms - 50_050.0).abs() < 0.1);
    }

    #[test]
    fn odd_times_do_no_harm() {
        let mut times = StageTimes::default();
        assert_eq!(times.quantile(0.5), 0.0);
        for ms in [f32::NAN, f32::INFINITY, -1.0, 0.0, 1e30] {
            times.add(ms);
        }
        assert_eq!((times.count, times.quantile(0.5)), (2, 0.0));
    }
}
