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
            backend: setup.backend.to_string(),
            workers: request.workers(),
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

/// The speed between each two marks.
fn throughput(line: &[(f64, u64)]) -> Vec<ThroughputPoint> {
    let speed = |pair: &[(f64, u64)]| {
        let [(t0, n0), (t1, n1)] = *pair else { return None };
        let point = ThroughputPoint { at_s: t1, images_per_s: (n1 - n0) as f64 / (t1 - t0) };
        (t1 > t0).then_some(point)
    };
    line.windows(2).filter_map(speed).collect()
}
