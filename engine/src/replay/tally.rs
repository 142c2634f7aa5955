//! Counts photos by the band of their best plate.

use super::run::Pace;
use super::summary::{FolderScores, Summary};
use tollgate_datasets::Scorer;
use tollgate_sinks::Entry;
use tollgate_sinks::event::EventKind;

/// The counts of a summary.
#[derive(Debug, Default)]
pub(super) struct Tally {
    summary: Summary,
}

impl Tally {
    /// Counts one photo by all its events, the first of which is its best plate's.
    pub(super) fn photo(&mut self, photo: &[Entry]) {
        let Some(first) = photo.first() else { return };
        let summary = &mut self.summary;
        summary.images += 1;
        match first.event.kind {
            EventKind::Processed | EventKind::Reviewed => summary.reads += 1,
            EventKind::ManualCheck => summary.manual += 1,
            EventKind::Rejected => summary.rejected += 1,
        }
        summary.plates += photo.iter().filter(|e| e.event.data.detection.is_some()).count() as u64;
    }

    /// The counts with accuracy and pace.
    pub(super) fn summary(self, scorer: &Scorer, pace: &Pace) -> Summary {
        let total = scorer.total();
        let folder = |(folder, scores): (_, tollgate_datasets::Scores)| FolderScores {
            folder,
            labelled: scores.labelled,
            scores: scores.into(),
        };
        Summary {
            folders: scorer.rows().into_iter().map(folder).collect(),
            labelled: total.labelled,
            scores: (total.labelled > 0).then(|| total.into()),
            seconds: pace.seconds,
            images_per_s: if pace.seconds > 0.0 { pace.records as f64 / pace.seconds } else { 0.0 },
            ..self.summary
        }
    }
}
