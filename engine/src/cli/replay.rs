//! `tollgate replay`.

use super::Exit;
use super::args::{HowArgs, ReplayArgs};
use super::show::Screen;
use super::stop;
use crate::Result;
use crate::config::{Choice, Config};
use crate::replay::{self, From, History, Outcome, Request, Summary};
use crate::setup::Backend;
use std::path::Path;
use tollgate_models::Store;

pub(super) fn run(args: &ReplayArgs) -> Result<Exit> {
    let request = Request {
        from: from(args),
        out: args.out.clone(),
        labels: args.labels.clone(),
        source_name: args.source.clone(),
        backend: Backend::from(args.how.backend),
        resume: args.resume,
        overwrite: args.overwrite,
        config: config(&args.how)?,
    };
    carry_out(&request, args.json)
}

/// Files, or a hub's history.
fn from(args: &ReplayArgs) -> From {
    let Some(hub) = &args.from_hub else { return From::Paths(args.paths.clone()) };
    let history = History { hub: hub.clone(), since_ms: args.since };
    match &args.data {
        Some(data) => From::Data { data: data.clone(), history },
        None => From::Kafka { bootstrap: args.kafka.clone(), history },
    }
}

/// The config file, and what the command line says over it.
pub(super) fn config(how: &HowArgs) -> Result<Config> {
    let mut config = match &how.config {
        Some(path) => Config::load(path)?,
        None => Config::default(),
    };
    config.engine.workers = how.workers.or(config.engine.workers);
    match how.reader.as_deref() {
        None => {}
        Some("auto") => config.models.reader = Choice::Auto,
        Some(name) => config.models.reader = Choice::Named(name.into()),
    }
    Ok(config)
}

/// Replays, prints the outcome, and says how the program ends.
pub(super) fn carry_out(request: &Request, json: bool) -> Result<Exit> {
    let stop = stop::on_signal("stopping after the photos in flight; once more to stop at once");
    let screen = Screen::new();
    let outcome = replay::replay(request, &Store::from_env(), &stop, &screen)?;
    drop(screen);
    match outcome {
        Outcome::Stopped { done } => {
            eprintln!("stopped: {done} photos are done; the same command with --resume goes on");
            Ok(Exit::Stopped)
        }
        Outcome::Finished(summary) => {
            print(&summary, &request.out);
            if json {
                println!("{}", serde_json::json!(summary));
            }
            let nothing = summary.images > 0 && summary.rejected == summary.images;
            Ok(if nothing { Exit::NothingRead } else { Exit::Done })
        }
    }
}

fn print(summary: &Summary, out: &Path) {
    println!(
        "{} photos in {:.1} s ({:.1}/s): {} read, {} for a manual check, {} rejected; {} plates",
        summary.images,
        summary.seconds,
        summary.images_per_s,
        summary.reads,
        summary.manual,
        summary.rejected,
        summary.plates
    );
    if let Some(decoding) = &summary.decoding {
        println!("{decoding}");
    }
    if let Some(total) = &summary.scores {
        println!(
            "{:<24} {:>6} {:>7} {:>7} {:>7} {:>7} {:>10}",
            "folder", "photos", "recall", "exact", "folded", "chars", "read-exact"
        );
        let row = |name: &str, n: usize, s: &replay::Accuracy| {
            println!(
                "{name:<24} {n:>6} {:>7.1} {:>7.1} {:>7.1} {:>7.1} {:>10.1}",
                s.recall, s.exact, s.exact_folded, s.chars, s.read_exact
            );
        };
        summary.folders.iter().for_each(|f| row(&f.folder, f.labelled, &f.scores));
        row("all", summary.labelled, total);
    }
    println!("look at {}", out.join("report.html").display());
}
