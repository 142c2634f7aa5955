//! The sample set: scenes rendered from code, the same bytes on every machine.
//!
//! [`scenes`] describes them, [`render`] writes them with their labels as a folder tree that `tollgate replay` takes:
//! `lane-N/20260314T081502_0001.jpg` (the capture time in the name) and a `labels.csv` in each lane.

mod backdrop;
mod canvas;
mod geometry;
mod glyphs;
mod lanes;
mod lens;
mod lettering;
mod noise;
mod path;
mod plate;
mod shot;
mod stage;
mod vehicle;

use crate::labels::FILE_NAME;
use crate::{Error, Label, Result};
use image::codecs::jpeg::JpegEncoder;
use shot::Shot;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{panic, thread};

/// The JPEG quality of the photos.
const QUALITY: u8 = 80;

/// One photo of the sample set.
#[derive(Clone, Debug, PartialEq)]
pub struct Scene {
    /// Path below the set's folder, with `/`.
    pub file: String,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Its plates, the nearest first; none where there is none to see.
    pub labels: Vec<Label>,
    /// Whether a reader may fail here, so that a person has to look: night, blur, far away.
    pub hard: bool,
    /// What it shows.
    pub about: &'static str,
}

/// All scenes, lane by lane in the order of their time.
#[must_use]
pub fn scenes() -> Vec<Scene> {
    lanes::shots().iter().enumerate().map(|(i, shot)| describe(i, shot)).collect()
}

/// Renders the set below `dir`, which is created; files of the same names are replaced.
///
/// # Errors
/// A folder or file that cannot be written.
pub fn render(dir: &Path) -> Result<Vec<Scene>> {
    let shots = lanes::shots();
    let scenes = scenes();
    draw(&shots, &scenes, dir)?;
    for (lane, csv) in label_files(&scenes) {
        write(&dir.join(lane).join(FILE_NAME), csv.as_bytes())?;
    }
    Ok(scenes)
}

/// Draws the photos on all cores: each comes from its own number alone.
fn draw(shots: &[Shot], scenes: &[Scene], dir: &Path) -> Result<()> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let next = AtomicUsize::new(0);
    let some = || -> Result<()> {
        loop {
            let i = next.fetch_add(1, Ordering::Relaxed);
            let (Some(shot), Some(scene)) = (shots.get(i), scenes.get(i)) else { return Ok(()) };
            let path = dir.join(&scene.file);
            write(&path, &photo(i, shot, &path)?)?;
        }
    };
    thread::scope(|scope| {
        let drawing: Vec<_> = (0..cores).map(|_| scope.spawn(some)).collect();
        let outcomes = drawing.into_iter().map(|one| one.join().unwrap_or_else(|panic| panic::resume_unwind(panic)));
        // All of them are waited for, whatever became of the first.
        outcomes.fold(Ok(()), Result::and)
    })
}

/// A scene of the set that is no hard one, drawn at another size: interleaved RGB, `width * height * 3` bytes. The
/// same number gives the same picture; numbers beyond the scenes' count give scenes again, with other noise.
#[must_use]
pub fn picture(index: usize, width: usize, height: usize) -> Vec<u8> {
    let mut shots = lanes::shots();
    shots.retain(|shot| !shot.hard);
    let scene = index % shots.len().max(1);
    let shot = shots.swap_remove(scene).sized(width, height);
    shot.render(index as u32 + 1).into_raw()
}

fn describe(index: usize, shot: &Shot) -> Scene {
    let [width, height] = shot.size.map(|v| v as u32);
    let file = format!("lane-{}/20260314T{}_{:04}.jpg", shot.lane, shot.time, index + 1);
    Scene { file, width, height, labels: shot.labels(), hard: shot.hard, about: shot.about }
}

fn photo(index: usize, shot: &Shot, path: &Path) -> Result<Vec<u8>> {
    let mut jpeg = Vec::new();
    let image = shot.render(index as u32 + 1);
    let encoded = JpegEncoder::new_with_quality(&mut jpeg, QUALITY).encode_image(&image);
    encoded.map_err(|source| Error::Encode { path: path.to_owned(), source })?;
    Ok(jpeg)
}

/// Each lane's folder and its label file.
fn label_files(scenes: &[Scene]) -> Vec<(&str, String)> {
    let mut files: Vec<(&str, String)> = Vec::new();
    for scene in scenes {
        let (lane, name) = scene.file.split_once('/').unwrap_or(("", &scene.file));
        if files.last().is_none_or(|(last, _)| *last != lane) {
            files.push((lane, "file,x,y,w,h,plate\n".to_owned()));
        }
        let Some((_, csv)) = files.last_mut() else { continue };
        for Label { rect: [x, y, w, h], plate } in &scene.labels {
            // Writing to a string cannot fail.
            let _ = writeln!(csv, "{name},{x},{y},{w},{h},{plate}");
        }
    }
    files
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let failed = |source| Error::Write { path: path.to_owned(), source };
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    std::fs::write(path, bytes).map_err(failed)
}
