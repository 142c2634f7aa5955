//! Where a net runs on a GPU unless the config says so: measured on this machine, before the first photo.
//!
//! What is quickest depends on the GPU, its driver, the cores beside it and the net. So each place that is there finds and
//! reads the plate of a scene made here, some photos at once as a lane has them; the one with most photos a second is
//! taken, of those that give what the CPU gives.

use super::nets::{Loader, Place};
use super::places::Places;
use super::{Chosen, Opened};
use crate::pipeline::{self, Limits};
use crate::{Result, scene};
use std::time::{Duration, Instant};
use tollgate_kernels::boxes::Detected;
use tollgate_kernels::{Photo, iou};
use tollgate_models::{Decode, ModelInfo, Runtime};

/// The scene: one that is read without doubt.
const SCENE: usize = 0;
/// Runs that are timed, after one that is not.
const RUNS: usize = 3;
/// Boxes that overlap less are not the same.
const SAME_BOX: f32 = 0.9;
const MAX_PIXELS: u64 = 1 << 26;

/// What is tried, and with what.
pub(super) struct Trials<'a> {
    pub(super) runtime: &'a Runtime,
    pub(super) backend: &'a Opened,
    /// Width and height of the scene, in pixels.
    pub(super) size: (u16, u16),
    /// Photos at once.
    pub(super) at_once: usize,
    /// Lanes that share the machine's cores: on the CPU each runs its own nets beside the others'.
    pub(super) lanes: usize,
}

/// A net's place, and why.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) net: ModelInfo,
    pub(super) place: Place,
    pub(super) because: String,
}

/// A place with what a net did there.
struct Tried<T> {
    place: Place,
    photos_per_s: f64,
    seen: T,
}

impl Trials<'_> {
    /// The place of each net. The first of `places` is the one whose results count: ONNX Runtime on the CPU.
    ///
    /// # Errors
    /// The scene cannot be made, or a net does not run at the first place.
    pub(super) fn run(&self, chosen: &Chosen, places: &[Place]) -> Result<Vec<Found>> {
        let mut photos = self.photos()?;
        let mut photos: Vec<_> = photos.iter_mut().collect();
        let first = &places[..places.len().min(1)];
        // The other rules are decoded on the CPU alone.
        let may_be = if chosen.detector.decode == Decode::Retina { places } else { first };
        let detectors = self.each(may_be, |loader| {
            let mut detector = loader.detector(&chosen.detector)?;
            timed(|| Ok(detector.detect(&mut photos)?))
        })?;
        let plates: Vec<Vec<Detected>> = match detectors.first() {
            Some(first) => first.seen.iter().map(|seen| seen.iter().take(1).copied().collect()).collect(),
            None => Vec::new(),
        };
        let plates: Vec<_> = plates.iter().map(Vec::as_slice).collect();
        let mut found = vec![best(&chosen.detector, detectors, |a, b| same_boxes(a, b))];
        // A detector of other things than plates gives a reader nothing to be measured with.
        let may_be = if plates.iter().all(|plates| plates.is_empty()) { first } else { places };
        for info in std::iter::once(&chosen.reader).chain(&chosen.second) {
            let readers = self.each(may_be, |loader| {
                let mut reader = loader.reader(info)?;
                timed(|| {
                    let readings = reader.read(&mut photos, &plates)?;
                    Ok(readings.into_iter().flatten().map(|reading| reading.text).collect::<Vec<_>>())
                })
            })?;
            found.push(best(info, readers, |a, b| a == b));
        }
        Ok(found)
    }

    /// The scene, as often as photos are done at once.
    fn photos(&self) -> Result<Vec<Photo>> {
        let (width, height) = self.size;
        let file = scene::jpeg(SCENE, width, height)?;
        let limits = Limits { max_pixels: MAX_PIXELS, long_side: width.max(height).into() };
        let files = vec![file; self.at_once];
        let opened = pipeline::open(files, self.backend.device(), limits, &mut Vec::new());
        let refused = |refused: pipeline::Refused| crate::Error::Refused { code: refused.code, detail: refused.detail };
        opened.into_iter().map(|photo| photo.map_err(refused)).collect()
    }

    /// What `attempt` comes to at each place. Only at the first must it succeed.
    fn each<T>(
        &self,
        places: &[Place],
        mut attempt: impl FnMut(&Loader<'_>) -> Result<(Duration, T)>,
    ) -> Result<Vec<Tried<T>>> {
        let mut tried = Vec::with_capacity(places.len());
        for place in places {
            let places = &Places::all(place.clone());
            let loader = Loader { runtime: self.runtime, backend: self.backend, places };
            match attempt(&loader) {
                Ok((each, seen)) => {
                    let lanes = if place.is_cpu() { self.lanes } else { 1 };
                    let photos_per_s = (self.at_once * lanes) as f64 / each.as_secs_f64().max(1e-9);
                    tried.push(Tried { place: place.clone(), photos_per_s, seen });
                }
                Err(error) if tried.is_empty() => return Err(error),
                Err(error) => {
                    tracing::info!(error = &error as &dyn std::error::Error, "a net does not run on {}", place.name());
                }
            }
        }
        Ok(tried)
    }
}

/// The median time of a run, and what the last one gave.
fn timed<T>(mut run: impl FnMut() -> Result<T>) -> Result<(Duration, T)> {
    let mut seen = run()?;
    let mut times = Vec::with_capacity(RUNS);
    for _ in 0..RUNS {
        let start = Instant::now();
        seen = run()?;
        times.push(start.elapsed());
    }
    times.sort_unstable();
    Ok((times[RUNS / 2], seen))
}

/// The quickest of those that saw what the first saw.
fn best<T>(info: &ModelInfo, tried: Vec<Tried<T>>, is_same: impl Fn(&T, &T) -> bool) -> Found {
    let is_sound: Vec<_> = tried.iter().map(|one| is_same(&tried[0].seen, &one.seen)).collect();
    let named: Vec<_> = tried
        .iter()
        .zip(&is_sound)
        .map(|(one, sound)| {
            let but = if *sound { "" } else { ", but with other results" };
            format!("{} {:.0} photos/s{but}", one.place.name(), one.photos_per_s)
        })
        .collect();
    let because = format!("{} measured here: {}", info.name, named.join("; "));
    let sound = tried.into_iter().zip(is_sound).filter(|(_, sound)| *sound).map(|(one, _)| one);
    let quickest = sound.max_by(|a, b| a.photos_per_s.total_cmp(&b.photos_per_s));
    let place = quickest.map_or(Place::CPU, |one| one.place);
    Found { net: info.clone(), because: format!("{because}: it runs on {}", place.name()), place }
}

/// Whether the surest box of each photo is the same.
fn same_boxes(a: &[Vec<Detected>], b: &[Vec<Detected>]) -> bool {
    let same = |(a, b): (&Vec<Detected>, &Vec<Detected>)| match (a.first(), b.first()) {
        (Some(a), Some(b)) => iou(&a.rect, &b.rect) >= SAME_BOX,
        (None, None) => true,
        _ => false,
    };
    a.len() == b.len() && a.iter().zip(b).all(same)
}

#[cfg(test)]
mod tests {
    use super::super::{Backend, Setup};
    use super::*;
    use crate::config::Config;
    use crate::skipped::or_skipped;
    use std::sync::Arc;
    use tollgate_kernels::net::Precision;
    use tollgate_models::{Provider, Quiet, Role, Store};

    const OTHER: Place = Place::OnnxRuntime(Provider::WebGpu);

    fn info() -> ModelInfo {
        let (name, path, sha256) = ("net".to_owned(), "net.onnx".into(), String::new());
        ModelInfo { name, role: Role::Reader, decode: Decode::Slots, sha256, path }
    }

    #[test]
    fn the_quickest_is_taken_unless_it_sees_something_else() {
        let tried = |place, photos_per_s, seen| Tried { place, photos_per_s, seen };
        let cases = [((300.0, "B"), "cpu"), ((300.0, "A"), "webgpu"), ((100.0, "A"), "cpu")];
        for ((photos_per_s, seen), expected) in cases {
            let found =
                best(&info(), vec![tried(Place::CPU, 200.0, "A"), tried(OTHER, photos_per_s, seen)], |a, b| a == b);
            assert_eq!(found.place.name(), expected, "{}", found.because);
            assert!(found.because.contains("cpu 200 photos/s; webgpu"), "{}", found.because);
            assert_eq!(found.because.contains("other results"), seen == "B");
        }
        let alone = best(&info(), vec![tried(Place::CPU, 2.0, "A")], |a, b| a == b);
        assert_eq!(alone.because, "net measured here: cpu 2 photos/s: it runs on cpu");
    }

    /// The whole trial, where an adapter is: both places run and agree. A software adapter loses by far.
    #[test]
    fn the_executor_is_tried_beside_the_cpu() {
        let store = Store::from_env();
        let opened = or_skipped(Backend::Gpu.open(&store), "no place beside the CPU was tried");
        let Some(backend) = opened else { return };
        let mut config = Config::default();
        config.models.second_opinion = false;
        let Opened::Gpu(device) = &backend else { panic!("a GPU was asked for") };
        let places = [Place::CPU, Place::Wgpu(Arc::clone(device.gpu()), Precision::F32)];
        let is_software = device.gpu().gpu().info().software;
        // The nets are the config's; the places are given.
        let setup = Setup::prepare(&config, Opened::Cpu, &store, &Quiet).unwrap();
        let trials = Trials { runtime: &setup.runtime, backend: &backend, size: (320, 192), at_once: 1, lanes: 1 };
        let found = trials.run(&setup.chosen, &places).unwrap();
        let nets: Vec<_> = found.iter().map(|found| &found.net.name).collect();
        assert_eq!(nets, [&setup.chosen.detector.name, &setup.chosen.reader.name]);
        for found in &found {
            let said = &found.because;
            eprintln!("{said}");
            assert!(said.contains("; wgpu ") && !said.contains("other results"), "{said}");
            assert!(!is_software || found.place.is_cpu(), "{said}");
        }
    }
}
