//! From the journal to everything a user gets. Each output appears whole or not at all, and is the same whether the run
//! was interrupted or not, because the journal is.

use super::accuracy::Accuracy;
use super::miss;
use super::observe::Observer;
use super::request::Request;
use super::run::Pace;
use super::state::Run;
use super::summary::Summary;
use super::tally::Tally;
use crate::Result;
use crate::pipeline::Device;
use crate::setup::Setup;
use tollgate_datasets::LabelStore;
use tollgate_sinks::csv::CsvFile;
use tollgate_sinks::ipc::IpcFile;
use tollgate_sinks::jsonl::JsonLines;
use tollgate_sinks::manual::{self, ManualQueue, ManualSink};
use tollgate_sinks::parquet::ParquetFile;
use tollgate_sinks::rejected::RejectedNotes;
use tollgate_sinks::report::{self, ReportBuilder, Truth};
use tollgate_sinks::{Entry, export};

/// Makes every output.
pub(super) fn write(
    run: &Run,
    request: &Request,
    setup: &Setup,
    labels: LabelStore,
    pace: &Pace,
    observer: &dyn Observer,
) -> Result<Summary> {
    observer.writing();
    write_data(run, request)?;
    let mut page = Page {
        accuracy: Accuracy::new(labels, request.labels.is_some()),
        tally: Tally::default(),
        report: ReportBuilder::new(),
    };
    each_photo(run, |photo| page.add(photo, run, request))?;
    let decoding = setup.backend.device().map(Device::decoding);
    let summary = Summary { decoding, ..page.tally.summary(&page.accuracy.scorer, pace) };
    let about = super::about::page(run, request, setup, &summary, pace);
    page.report.finish(&request.out.join(report::FILE), &about)?;
    Ok(summary)
}

/// The files for programs, and the queue.
fn write_data(run: &Run, request: &Request) -> Result<()> {
    let out = &request.out;
    let queue = ManualQueue::open(&out.join(manual::FILE))?;
    let (mut jsonl, mut parquet, mut ipc) = (JsonLines::create(out)?, ParquetFile::create(out)?, IpcFile::create(out)?);
    let (mut csv, mut rejected) = (CsvFile::create(out)?, RejectedNotes::create(out)?);
    let mut manual = ManualSink::new(&queue);
    export(run.journal.reader()?, &mut [&mut jsonl, &mut parquet, &mut ipc, &mut csv, &mut rejected, &mut manual])?;
    Ok(())
}

/// Hands over the entries photo by photo; those of one photo follow one another in the journal.
fn each_photo(run: &Run, mut f: impl FnMut(&[Entry]) -> Result<()>) -> Result<()> {
    let mut photo: Vec<Entry> = Vec::new();
    for entry in run.journal.reader()? {
        let entry = entry?;
        if photo.first().is_some_and(|first| first.event.source != entry.event.source) {
            f(&photo)?;
            photo.clear();
        }
        photo.push(entry);
    }
    if photo.is_empty() { Ok(()) } else { f(&photo) }
}

/// What the page and the summary are gathered in.
struct Page {
    accuracy: Accuracy,
    tally: Tally,
    report: ReportBuilder,
}

impl Page {
    fn add(&mut self, photo: &[Entry], run: &Run, request: &Request) -> Result<()> {
        self.tally.photo(photo);
        let scored = self.accuracy.score(photo, &run.source)?;
        // The label belongs to the photo's best plate, which comes first; the others have none to be held against.
        let truth = scored.as_ref().map(|s| Truth { expected: s.verdict.expected.clone(), hit: s.verdict.exact });
        let unfound = scored.as_ref().filter(|s| !s.verdict.hit).and_then(|s| miss::picture(s, request));
        for (i, entry) in photo.iter().enumerate() {
            let first = i == 0;
            self.report.add(entry, truth.as_ref().filter(|_| first), unfound.as_deref().filter(|_| first));
        }
        Ok(())
    }
}
