//! From JPEG bytes in memory to the detector's tensor and a plate's crop, on one core, beside OpenCV.

mod ours;

use crate::process;
use crate::report::{self, Report};
use crate::stats::Spread;
use anyhow::{Context, Result, ensure};
use clap::Args;
use serde_json::{Value, json};
use std::path::PathBuf;

/// What to run.
#[derive(Args)]
pub(crate) struct Options {
    /// A folder of photos with a labels.csv in it or in its folders.
    #[arg(long)]
    photos: PathBuf,
    /// The peer's command, given the photos' folder as last argument, printing {"ms": […]}: see
    /// benches/peers/decode_opencv.py.
    #[arg(long)]
    peer: Option<String>,
    /// Turns, each running everything once.
    #[arg(long, default_value_t = 5)]
    turns: usize,
}

/// The milliseconds of every photo, turn by turn.
type Turns = Vec<Vec<f64>>;

pub(crate) fn run(options: &Options) -> Result<Report> {
    let photos = ours::load(&options.photos)?;
    ensure!(!photos.is_empty(), "no labelled photos in {}: name a folder with a labels.csv", options.photos.display());
    let (mut ours, mut peer): (Turns, Turns) = (vec![], vec![]);
    for _ in 0..options.turns {
        ours.push(ours::measure(&photos)?);
        if let Some(command) = &options.peer {
            peer.push(measure_peer(command, options, photos.len())?);
        }
    }
    Ok(report(options, &photos, &ours, &peer))
}

fn measure_peer(command: &str, options: &Options, count: usize) -> Result<Vec<f64>> {
    let words = command.split_whitespace().map(String::from);
    let command: Vec<_> = words.chain([options.photos.to_string_lossy().into_owned()]).collect();
    let run = process::run(&command, "0", &[("OMP_NUM_THREADS", "1")])?;
    let times = run.json["ms"].as_array().context("the peer printed no list `ms`")?;
    ensure!(times.len() == count, "the peer measured {} photos of {count}", times.len());
    Ok(times.iter().map(|ms| ms.as_f64().unwrap_or(f64::NAN)).collect())
}

/// The mean over the photos that `which` takes, each turn.
fn means(turns: &[Vec<f64>], which: impl Fn(usize) -> bool) -> Vec<f64> {
    let mean = |turn: &Vec<f64>| {
        let some: Vec<f64> = turn.iter().enumerate().filter(|(index, _)| which(*index)).map(|(_, ms)| *ms).collect();
        some.iter().sum::<f64>() / some.len().max(1) as f64
    };
    turns.iter().map(mean).collect()
}

/// A kind of photos.
type Kind = fn(&ours::Labelled) -> bool;

fn report(options: &Options, photos: &[ours::Labelled], ours: &[Vec<f64>], peer: &[Vec<f64>]) -> Report {
    let kinds: [(&str, Kind); 4] = [
        ("all", |_| true),
        ("long side 1280 and more, 4:2:0", |photo| photo.is_large && photo.is_subsampled),
        ("long side 1280 and more, other", |photo| photo.is_large && !photo.is_subsampled),
        ("smaller", |photo| !photo.is_large),
    ];
    let mut rows = vec![];
    let mut findings = vec![];
    for (name, takes) in kinds {
        let count = photos.iter().filter(|photo| takes(photo)).count();
        if count == 0 {
            continue;
        }
        let mean = |turns: &[Vec<f64>]| means(turns, |index| takes(&photos[index]));
        let (mine, theirs) = (mean(ours), mean(peer));
        let ratio: Vec<f64> = mine.iter().zip(&theirs).map(|(a, b)| a / b).collect();
        let text = |values: &[f64], digits| match values {
            [] => "–".to_owned(),
            values => Spread::of(values).text(digits),
        };
        rows.push(vec![name.into(), count.to_string(), text(&mine, 2), text(&theirs, 2), text(&ratio, 3)]);
        if name == "all" && !ratio.is_empty() {
            findings.push(format!("tollgate / OpenCV over all photos: {} (aim: 0.5 at most)", text(&ratio, 3)));
        }
    }
    let data: Value = json!({ "tollgate_ms": ours, "opencv_ms": peer });
    Report {
        title: "JPEG to detector tensor and plate crop".into(),
        how: format!(
            "{} photos in memory, {} turns, one core, one thread. From the file's bytes to the planar tensor of long \
             side 640 and the labelled plate at 160×48, milliseconds a photo: median (min–max) of the turns' means. \
             tollgate as it runs: small first, the plate's rows again in full; the general decoder where no smaller \
             scale will do. OpenCV: imdecode, resize, subtract, transpose; resize the plate.",
            photos.len(),
            options.turns
        ),
        machine: report::machine(),
        columns: ["photos", "count", "tollgate ms", "OpenCV ms", "ratio"].map(String::from).to_vec(),
        rows,
        findings,
        data,
    }
}
