//! What the report says about the run itself.

use super::request::Request;
use super::run::Pace;
use super::state::Run;
use super::summary::{Accuracy, Summary};
use crate::setup::Setup;
use tollgate_sinks::report::{AccuracyRow, Run as RunText, Summary as PageSummary, ThroughputPoint};

/// The page's numbers and words.
pub(super) fn page(run: &Run, request: &Request, setup: &Setup, summary: &Summary, pace: &Pace) -> PageSummary {
    PageSummary {
        title: "Plates read".into(),
        run: RunText {
            version: run.info.version.clone(),
            source: run.info.source.clone(),
            backend: backend(setup, summary),
            workers: setup.workers(&request.config),
            reader: setup.chosen.reader.name.clone(),
            reader_reason: setup.chosen.because.join("; "),
            models: run.info.models.clone(),
        },
        seconds: pace.seconds,
        images_per_s: summary.images_per_s,
        accuracy: accuracy(summary),
        throughput: throughput(&pace.line),
    }
}

/// Where the run was, and where its photos were decoded.
fn backend(setup: &Setup, summary: &Summary) -> String {
    match &summary.decoding {
        Some(decoding) => format!("{}; {decoding}", setup.backend),
        None => setup.backend.to_string(),
    }
}

fn accuracy(summary: &Summary) -> Vec<AccuracyRow> {
    let share = |percent: f64| percent / 100.0;
    let row = |name: &str, plates: usize, s: &Accuracy| AccuracyRow {
        name: name.into(),
        plates: plates as u64,
        recall: share(s.recall),
        exact: share(s.exact),
        exact_folded: share(s.exact_folded),
        chars: share(s.chars),
        chars_folded: share(s.chars_folded),
        read_precision: (s.read_share > 0.0).then(|| share(s.read_exact)),
    };
    let folders = summary.folders.iter().map(|f| row(&f.folder, f.labelled, &f.scores));
    folders.chain(summary.scores.iter().map(|s| row("all", summary.labelled, s))).collect()
}

/// Points of the page's line, about; fewer where a point would be less than [`SHORTEST_S`] long.
const POINTS: f64 = 60.0;
/// Lanes deliver in turns, so that speed over less than this is all spikes.
const SHORTEST_S: f64 = 0.25;

/// The speed over stretches of equal length.
fn throughput(line: &[(f64, u64)]) -> Vec<ThroughputPoint> {
    let stretch = (line.last().map_or(0.0, |(t, _)| *t) / POINTS).max(SHORTEST_S);
    let (mut points, mut from) = (Vec::new(), (0.0, 0));
    for &(at_s, done) in line {
        if at_s - from.0 >= stretch {
            points.push(ThroughputPoint { at_s, images_per_s: (done - from.1) as f64 / (at_s - from.0) });
            from = (at_s, done);
        }
    }
    points
}
