//! Medians and how far values lie around them.

use serde::Serialize;

/// The middle of some values.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Spread {
    /// The median.
    pub median: f64,
    /// The tenth percentile.
    pub low: f64,
    /// The ninetieth percentile.
    pub high: f64,
    /// How many values there were.
    pub samples: usize,
}

impl Spread {
    /// Of these values; `None` where there are none.
    pub fn of(values: &[f64]) -> Option<Self> {
        let mut sorted: Vec<_> = values.iter().copied().filter(|value| value.is_finite()).collect();
        sorted.sort_by(f64::total_cmp);
        Some(Self {
            median: quantile(&sorted, 0.5)?,
            low: quantile(&sorted, 0.1)?,
            high: quantile(&sorted, 0.9)?,
            samples: sorted.len(),
        })
    }
}

/// Between the two nearest values, in proportion.
fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    let at = share * sorted.len().checked_sub(1)? as f64;
    let (below, above) = (sorted.get(at.floor() as usize)?, sorted.get(at.ceil() as usize)?);
    Some(below + (above - below) * at.fract())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_by_hand() {
        assert_eq!(Spread::of(&[]), None);
        assert_eq!(Spread::of(&[4.0]), Some(Spread { median: 4.0, low: 4.0, high: 4.0, samples: 1 }));
        let eleven: Vec<_> = (0..=10).rev().map(f64::from).collect();
        assert_eq!(Spread::of(&eleven), Some(Spread { median: 5.0, low: 1.0, high: 9.0, samples: 11 }));
        assert_eq!(Spread::of(&[1.0, 2.0, f64::NAN]).map(|spread| spread.median), Some(1.5));
    }
}
