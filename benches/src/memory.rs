//! Peak memory: many photos must take no more than few.

use crate::process::{self, Run};
use crate::report::{self, Report};
use anyhow::{Context, Result};
use clap::Args;
use serde_json::json;
use std::fs;
use std::path::{Path, PathBuf};

/// What to run.
#[derive(Args)]
pub(crate) struct Options {
    /// A folder of photos, taken again and again by links.
    #[arg(long)]
    photos: PathBuf,
    /// How many photos, in ascending order.
    #[arg(long, value_delimiter = ',', default_value = "100,10000")]
    counts: Vec<usize>,
    /// Workers.
    #[arg(long, default_value_t = 2)]
    workers: usize,
}

pub(crate) fn run(tollgate: &Path, options: &Options) -> Result<Report> {
    let mut photos = Vec::new();
    collect(&options.photos, &mut photos)?;
    photos.sort();
    let dir = tempfile::tempdir()?;
    let mut rows = Vec::new();
    for count in &options.counts {
        let run = measure(tollgate, options, &photos, *count, dir.path())?;
        rows.push((*count, run.peak_bytes, run.json["images_per_s"].as_f64().unwrap_or(f64::NAN)));
    }
    let grown = match (rows.first(), rows.last()) {
        (Some(few), Some(many)) => format!("peak of the most / of the fewest: {:.2}", many.1 as f64 / few.1 as f64),
        _ => String::new(),
    };
    let row = |(n, peak, pace): &(usize, u64, f64)| vec![n.to_string(), (peak >> 20).to_string(), format!("{pace:.1}")];
    Ok(Report {
        title: "Memory of a replay".into(),
        how: format!(
            "{} workers; the same photos again and again under other names; peak resident set.",
            options.workers
        ),
        machine: report::machine(),
        columns: ["photos", "peak MiB", "images/s"].map(String::from).to_vec(),
        rows: rows.iter().map(row).collect(),
        findings: vec![grown],
        data: json!({ "rows": rows }),
    })
}

fn measure(tollgate: &Path, options: &Options, photos: &[PathBuf], count: usize, dir: &Path) -> Result<Run> {
    let folder = dir.join(format!("photos-{count}"));
    fs::create_dir_all(&folder)?;
    for i in 0..count {
        // Few photos are spread over all there are, so that few and many have the same mix of sizes.
        let stride = (photos.len() / count.min(photos.len()).max(1)).max(1);
        let photo = photos.get(i * stride % photos.len().max(1)).context("no photos in the folder")?;
        let ext = photo.extension().and_then(|e| e.to_str()).unwrap_or("jpg");
        std::os::unix::fs::symlink(photo, folder.join(format!("{i:06}.{ext}")))?;
    }
    let text = |path: &Path| path.to_string_lossy().into_owned();
    let (out, n) = (text(&dir.join(format!("out-{count}"))), options.workers.to_string());
    let args =
        [text(tollgate), "replay".into(), text(&folder), "--out".into(), out, "--workers".into(), n, "--json".into()];
    process::run(&args, "0,1", &[])
}

/// Photos below a folder.
fn collect(dir: &Path, photos: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(dir).with_context(|| format!("cannot list {}", dir.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, photos)?;
        } else if path.extension().is_some_and(|x| ["jpg", "jpeg", "png"].iter().any(|known| x == *known)) {
            photos.push(fs::canonicalize(path)?);
        }
    }
    Ok(())
}
