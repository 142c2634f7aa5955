//! Two readers: where the first is unsure of a character, the second is asked.

use super::{Reader, Reading};
use crate::{ModelInfo, Result};
use tollgate_kernels::Photo;
use tollgate_kernels::boxes::Detected;

/// The first reader's least sure character below this asks for the second opinion.
const UNSURE: f32 = 0.5;
/// Beside a photo's surest plate, only plates with this score are worth the time: the rest are mostly signs and grilles.
const ASIDE: f32 = 0.5;
/// The second reader wins only when it is this sure of all it read …
const SURE: f32 = 0.95;
/// … and read at least a plate's worth of characters.
const SHORTEST: usize = 4;

/// A reader with a second opinion: stacked and vanity plates gain, the rest is untouched.
pub struct SecondOpinion {
    first: Box<dyn Reader>,
    second: Box<dyn Reader>,
}

impl SecondOpinion {
    /// `first` reads everything, `second` what it is unsure of.
    pub fn new(first: Box<dyn Reader>, second: Box<dyn Reader>) -> Self {
        Self { first, second }
    }
}

/// Whether the second reading replaces the first.
fn wins(second: &Reading) -> bool {
    second.mean_confidence() >= SURE && second.text.len() >= SHORTEST
}

impl Reader for SecondOpinion {
    fn read(&mut self, photo: &mut Photo, plates: &[Detected], readings: &mut Vec<Reading>) -> Result<()> {
        let from = readings.len();
        self.first.read(photo, plates, readings)?;
        for (i, (plate, reading)) in plates.iter().zip(readings[from..].iter_mut()).enumerate() {
            let matters = i == 0 || plate.score >= ASIDE;
            if !matters || reading.min_confidence() >= UNSURE {
                continue;
            }
            let mut other = Vec::with_capacity(1);
            self.second.read(photo, std::slice::from_ref(plate), &mut other)?;
            if let Some(mut second) = other.pop().filter(wins) {
                // The second reader knows no regions; what the first saw of it stands.
                second.region = second.region.or(reading.region);
                *reading = second;
            }
        }
        Ok(())
    }

    fn infos(&self) -> Vec<&ModelInfo> {
        self.first.infos().into_iter().chain(self.second.infos()).collect()
    }
}
