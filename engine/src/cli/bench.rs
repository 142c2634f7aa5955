//! `tollgate bench`.

use super::show::Screen;
use super::{Exit, stop};
use crate::bench::{self, PhotoSet, Request};
use crate::config::{Inference, Precision};
use clap::{Args, ValueEnum};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use tollgate_models::Store;

const EXAMPLES: &str = "Examples:
  tollgate bench --photos photos
  tollgate bench --resolution 1920x1080 --count 256 --batch 128 --seconds 20
  tollgate bench --photos photos --json | tail -n 1 | python3 -m json.tool

Without a GPU the software adapter of Mesa is used where it is installed, and called so. FILE gets the page, and the
numbers lie beside it as .json.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct BenchArgs {
    /// Photos to measure with, as `replay` takes them.
    #[arg(long, value_name = "DIR", conflicts_with = "resolution")]
    photos: Option<PathBuf>,
    /// In place of photos: scenes rendered at this size.
    #[arg(long, value_name = "WxH", default_value = "1920x1080", value_parser = resolution)]
    resolution: (u16, u16),
    /// How many photos, at most.
    #[arg(long, value_name = "N", default_value = "32")]
    count: NonZeroUsize,
    /// Photos that the GPU works on at once; the default is a replay's.
    #[arg(long, value_name = "N", default_value = "32")]
    batch: NonZeroUsize,
    /// How long the stages of each path are measured, and each path end to end.
    #[arg(long, value_name = "S", default_value = "5", value_parser = seconds)]
    seconds: f64,
    /// Lanes end to end [default: one a core].
    #[arg(long, value_name = "N")]
    workers: Option<NonZeroUsize>,
    /// Where the nets of the GPU path run [default: wgpu, and onnxruntime with a software adapter].
    #[arg(long, value_enum)]
    inference: Option<InferenceArg>,
    /// What wgpu's nets store values as.
    #[arg(long, value_enum, default_value = "f32")]
    precision: PrecisionArg,
    /// The Python in which peers are looked for: OpenCV, libjpeg-turbo (simplejpeg), ONNX Runtime.
    #[arg(long, value_name = "COMMAND", default_value = "python3")]
    python: PathBuf,
    /// Print one JSON object as the last line of stdout.
    #[arg(long)]
    json: bool,
    /// The page.
    #[arg(long, value_name = "FILE", default_value = "bench.html")]
    html: PathBuf,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum InferenceArg {
    Onnxruntime,
    Wgpu,
    Webgpu,
    Cuda,
}

impl From<InferenceArg> for Inference {
    fn from(arg: InferenceArg) -> Self {
        match arg {
            InferenceArg::Onnxruntime => Self::OnnxRuntime,
            InferenceArg::Wgpu => Self::Wgpu,
            InferenceArg::Webgpu => Self::WebGpu,
            InferenceArg::Cuda => Self::Cuda,
        }
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum PrecisionArg {
    F32,
    F16,
}

impl From<PrecisionArg> for Precision {
    fn from(arg: PrecisionArg) -> Self {
        match arg {
            PrecisionArg::F32 => Self::F32,
            PrecisionArg::F16 => Self::F16,
        }
    }
}

fn resolution(text: &str) -> Result<(u16, u16), String> {
    let sides = text.split_once(['x', 'X', '×']);
    let parsed = sides.and_then(|(width, height)| Some((width.parse().ok()?, height.parse().ok()?)));
    let is_drawable = |(width, height): &(u16, u16)| (64..=8192).contains(width) && (64..=8192).contains(height);
    parsed.filter(is_drawable).ok_or_else(|| format!("{text:?} is no size of 64 to 8192 each way; write 1920x1080"))
}

fn seconds(text: &str) -> Result<f64, String> {
    let parsed = text.parse::<f64>().ok().filter(|seconds| (0.1..=3600.0).contains(seconds));
    parsed.ok_or_else(|| format!("{text:?} is no time of 0.1 to 3600 seconds"))
}

pub(super) fn run(args: &BenchArgs) -> crate::Result<Exit> {
    let stop = stop::on_signal("stopping after the photos in flight; once more to stop at once");
    let cores = || std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let (width, height) = args.resolution;
    let request = Request {
        photos: match &args.photos {
            Some(path) => PhotoSet::Folder { path: path.clone(), most: args.count.get() },
            None => PhotoSet::Generated { width, height, count: args.count.get() },
        },
        batch: args.batch,
        seconds: args.seconds,
        workers: args.workers.unwrap_or_else(cores),
        inference: args.inference.map(Inference::from),
        precision: args.precision.into(),
        python: args.python.clone(),
    };
    let report = bench::run(&request, &Store::from_env(), &stop, &Screen::new())?;
    let Some(report) = report else {
        let stopped = stop.load(std::sync::atomic::Ordering::Relaxed);
        eprintln!("{}", if stopped { "stopped: nothing was written" } else { "there is no photo to measure with" });
        return Ok(if stopped { Exit::Stopped } else { Exit::NothingRead });
    };
    let json = bench::write(&report, &args.html)?;
    print!("{}", bench::text(&report));
    println!("look at {}; the numbers are in {}", args.html.display(), json.display());
    if args.json {
        println!("{}", serde_json::json!(report));
    }
    Ok(Exit::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_times() {
        assert_eq!(resolution("1920x1080"), Ok((1920, 1080)));
        assert_eq!(resolution("64×8192"), Ok((64, 8192)));
        for bad in ["", "1920", "63x100", "100x8193", "-5x100", "1e3x100"] {
            assert!(resolution(bad).is_err(), "{bad}");
        }
        assert_eq!(seconds("0.5"), Ok(0.5));
        for bad in ["", "0", "-1", "NaN", "inf", "3601"] {
            assert!(seconds(bad).is_err(), "{bad}");
        }
    }
}
