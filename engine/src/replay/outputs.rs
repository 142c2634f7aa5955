//! From the journal to everything a user gets.

use super::accuracy::Accuracy;
use super::observe::Observer;
use super::request::Request;
use super::run::Pace;
use super::state::Run;
use super::summary::{FolderScores, Summary};
use crate::Result;
use crate::setup::Setup;
use tollgate_datasets::LabelStore;
use tollgate_sinks::Entry;
use tollgate_sinks::event::EventKind;

/// Makes every output; each appears whole or not at all.
pub(super) fn write(
    run: &Run,
    _request: &Request,
    _setup: &Setup,
    labels: LabelStore,
    pace: &Pace,
    observer: &dyn Observer,
) -> Result<Summary> {
    observer.writing();
    let mut tally = Tally::new(labels);
    let mut photo: Vec<Entry> = Vec::new();
    for entry in run.journal.reader()? {
        let entry = entry?;
        if photo.first().is_some_and(|first| first.event.source != entry.event.source) {
            tally.photo(&photo)?;
            photo.clear();
        }
        photo.push(entry);
    }
    tally.photo(&photo)?;
    Ok(tally.summary(pace))
}

/// Counts photos by the band of their best plate, and scores them where they have labels.
struct Tally {
    accuracy: Accuracy,
    summary: Summary,
}

impl Tally {
    fn new(labels: LabelStore) -> Self {
        Self { accuracy: Accuracy::new(labels), summary: Summary::default() }
    }

    fn photo(&mut self, photo: &[Entry]) -> Result<()> {
        let Some(first) = photo.first() else { return Ok(()) };
        let summary = &mut self.summary;
        summary.images += 1;
        match first.event.kind {
            EventKind::Processed => summary.reads += 1,
            EventKind::ManualCheck => summary.manual += 1,
            EventKind::Rejected => summary.rejected += 1,
        }
        summary.plates += photo.iter().filter(|e| e.event.data.detection.is_some()).count() as u64;
        if let Some(scored) = self.accuracy.score(photo)? {
            if std::env::var_os("DUMP").is_some() {
                let d = &first.event.data;
                println!("D {} {} {} {} {:.3} {:.3} {:.3} {:?} {} n={} w={:?}", scored.verdict.expected, d.license_plate_text, scored.verdict.exact, scored.verdict.hit, d.confidence, d.mean_confidence, d.detection.map_or(0.0, |d| d.score), d.models.iter().find(|m| m.role == tollgate_sinks::event::ModelRole::Reader).map(|m| &m.name[..3]), d.file_name, photo.len(), d.weak_sightings.iter().map(|w| (w.text.clone(), w.score)).collect::<Vec<_>>());
            }
        }
        Ok(())
    }

    fn summary(mut self, pace: &Pace) -> Summary {
        let scorer = &self.accuracy.scorer;
        let rows = scorer.rows().into_iter().map(|(folder, scores)| FolderScores {
            folder,
            labelled: scores.labelled,
            scores: scores.into(),
        });
        self.summary.folders = rows.collect();
        let total = scorer.total();
        self.summary.labelled = total.labelled;
        self.summary.scores = (total.labelled > 0).then(|| total.into());
        self.summary.seconds = pace.seconds;
        self.summary.images_per_s = if pace.seconds > 0.0 { pace.records as f64 / pace.seconds } else { 0.0 };
        self.summary
    }
}
