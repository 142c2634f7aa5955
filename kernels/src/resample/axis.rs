//! The weights along one axis, in whole numbers until the last division, so that the shaders get the same ones.

use super::Filter;

/// For each output index, `taps` source indices from `starts[i]` on and their weights, which add up to 1.
///
/// Every index has the same number of taps (weights of zero fill up), and `starts[i] + taps` never passes the end.
#[derive(Debug, Default)]
pub(crate) struct Axis {
    key: Option<(usize, usize, Filter)>,
    taps: usize,
    starts: Vec<u32>,
    weights: Vec<f32>,
}

impl Axis {
    /// Fills the table for `source` pixels becoming `target`; nothing is done where it is there already.
    ///
    /// For [`Filter::Area`] the caller sees to it that `target <= source`.
    pub(crate) fn prepare(&mut self, source: usize, target: usize, filter: Filter) {
        if self.key == Some((source, target, filter)) {
            return;
        }
        self.key = Some((source, target, filter));
        self.taps = match filter {
            Filter::Bilinear => 2,
            // ceil(s/t) whole pixels and one more where the span starts inside a pixel.
            Filter::Area => source.div_ceil(target) + usize::from(!source.is_multiple_of(target)),
        }
        .min(source);
        self.starts.clear();
        self.weights.clear();
        self.weights.resize(target * self.taps, 0.0);
        for index in 0..target {
            match filter {
                Filter::Area => self.area(index, source, target),
                Filter::Bilinear => self.bilinear(index, source, target),
            }
        }
    }

    /// Coverage in units of `1 / target` source pixels: output `i` covers `[i * source, (i + 1) * source)` of them.
    fn area(&mut self, index: usize, source: usize, target: usize) {
        let (low, high) = (index * source, (index + 1) * source);
        let first = low / target;
        let start = first.min(source - self.taps);
        self.starts.push(start as u32);
        for pixel in first..high.div_ceil(target) {
            let covered = high.min((pixel + 1) * target) - low.max(pixel * target);
            self.weights[index * self.taps + pixel - start] = covered as f32 / source as f32;
        }
    }

    /// The position `(i + 0.5) * source / target - 0.5` as a fraction over `2 * target`.
    fn bilinear(&mut self, index: usize, source: usize, target: usize) {
        let whole = 2 * target;
        let position = ((2 * index + 1) * source).saturating_sub(target).min((source - 1) * whole);
        let first = position / whole;
        let start = first.min(source - self.taps);
        self.starts.push(start as u32);
        let weights = &mut self.weights[index * self.taps..];
        let second_part = (position % whole) as f32 / whole as f32;
        weights[first - start] = 1.0 - second_part;
        if second_part > 0.0 {
            weights[first - start + 1] = second_part;
        }
    }

    /// Taps an output index has.
    pub(crate) fn taps(&self) -> usize {
        self.taps
    }

    /// The first source index of each output index.
    pub(crate) fn starts(&self) -> &[u32] {
        &self.starts
    }

    /// The weights, `taps` an output index.
    pub(crate) fn weights(&self) -> &[f32] {
        &self.weights
    }

    /// The source indices of one output index with their weights, those of zero left out.
    pub(crate) fn of(&self, index: usize) -> impl Iterator<Item = (usize, f32)> + '_ {
        let start = self.starts[index] as usize;
        let weights = &self.weights[index * self.taps..(index + 1) * self.taps];
        weights
            .iter()
            .enumerate()
            .filter(|(_, weight)| **weight != 0.0)
            .map(move |(tap, weight)| (start + tap, *weight))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(source: usize, target: usize, filter: Filter) -> Vec<Vec<(usize, f32)>> {
        let mut axis = Axis::default();
        axis.prepare(source, target, filter);
        (0..target).map(|index| axis.of(index).collect()).collect()
    }

    #[test]
    fn area_by_hand() {
        assert_eq!(table(4, 2, Filter::Area), [[(0, 0.5), (1, 0.5)], [(2, 0.5), (3, 0.5)]]);
        let third = 1.0 / 3.0;
        assert_eq!(table(3, 2, Filter::Area), [[(0, 2.0 * third), (1, third)], [(1, third), (2, 2.0 * third)]]);
        assert_eq!(table(3, 3, Filter::Area), [[(0, 1.0)], [(1, 1.0)], [(2, 1.0)]]);
        assert_eq!(table(5, 1, Filter::Area), [[0, 1, 2, 3, 4].map(|i| (i, 0.2))]);
    }

    #[test]
    fn bilinear_by_hand() {
        let expected = [vec![(0, 1.0)], vec![(0, 0.75), (1, 0.25)], vec![(0, 0.25), (1, 0.75)], vec![(1, 1.0)]];
        assert_eq!(table(2, 4, Filter::Bilinear), expected);
        assert_eq!(table(4, 2, Filter::Bilinear), [[(0, 0.5), (1, 0.5)], [(2, 0.5), (3, 0.5)]]);
        assert_eq!(table(1, 3, Filter::Bilinear), [[(0, 1.0)], [(0, 1.0)], [(0, 1.0)]]);
    }

    #[test]
    fn weights_add_up_and_stay_inside() {
        for source in 1..40 {
            for target in 1..40 {
                for filter in [Filter::Area, Filter::Bilinear] {
                    if filter == Filter::Area && target > source {
                        continue;
                    }
                    for taps in table(source, target, filter) {
                        let sum: f32 = taps.iter().map(|tap| tap.1).sum();
                        assert!((sum - 1.0).abs() < 1e-6, "{source} {target} {filter:?} {sum}");
                        assert!(taps.iter().all(|tap| tap.0 < source && tap.1 > 0.0));
                    }
                }
            }
        }
    }
}
