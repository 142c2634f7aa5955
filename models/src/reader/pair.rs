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

/// The numbers of a photo's plates that the second reader is asked about.
fn unsure(plates: &[Detected], readings: &[Reading]) -> Vec<usize> {
    let matters = |(index, (plate, reading)): &(usize, (&Detected, &Reading))| {
        (*index == 0 || plate.score >= ASIDE) && reading.min_confidence() < UNSURE
    };
    plates.iter().zip(readings).enumerate().filter(matters).map(|(index, _)| index).collect()
}

impl Reader for SecondOpinion {
    fn read(&mut self, photos: &mut [&mut Photo], plates: &[&[Detected]]) -> Result<Vec<Vec<Reading>>> {
        let mut readings = self.first.read(photos, plates)?;
        let asked: Vec<_> = plates.iter().zip(&readings).map(|(plates, readings)| unsure(plates, readings)).collect();
        if asked.iter().all(Vec::is_empty) {
            return Ok(readings);
        }
        let of_photo =
            |(plates, asked): (&&[Detected], &Vec<usize>)| asked.iter().map(|plate| plates[*plate]).collect();
        let again: Vec<Vec<Detected>> = plates.iter().zip(&asked).map(of_photo).collect();
        let again: Vec<_> = again.iter().map(Vec::as_slice).collect();
        let seconds = self.second.read(photos, &again)?;
        for ((readings, asked), seconds) in readings.iter_mut().zip(asked).zip(seconds) {
            for (index, mut second) in asked.into_iter().zip(seconds).filter(|(_, second)| wins(second)) {
                // The second reader knows no regions; what the first saw of it stands.
                second.region = second.region.or(readings[index].region);
                readings[index] = second;
            }
        }
        Ok(readings)
    }

    fn at_once(&self) -> usize {
        self.first.at_once().max(self.second.at_once())
    }

    fn infos(&self) -> Vec<&ModelInfo> {
        self.first.infos().into_iter().chain(self.second.infos()).collect()
    }
}
