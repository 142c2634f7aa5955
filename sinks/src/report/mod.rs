//! `report.html`: one self-contained page about a run. It asks nothing of any server; pictures are inside it.
//!
//! The page is fed entry by entry and keeps what it will show, within the caps below; what is over them is counted, and
//! the page says so. Memory is bounded by the caps and the picture budget.

mod cards;
mod chart;
mod diff;
mod escape;
mod page;
mod summary;
mod times;

use std::path::Path;

pub use summary::{AccuracyRow, Run, Summary, ThroughputPoint, Truth};

use crate::atomic::AtomicFile;
use crate::error::Result;
use crate::event::{Event, EventKind};
use crate::sink::Entry;
use times::StageTimes;

/// The file's usual name.
pub const FILE: &str = "report.html";
/// Most reads shown.
pub const MAX_READS: usize = 200;
/// Most manual checks shown.
pub const MAX_MANUAL: usize = 300;
/// Most rejected images shown.
pub const MAX_REJECTED: usize = 300;
/// Most misses shown, of each kind: wrong reads, wrong partial texts, plates not found.
pub const MAX_MISSES: usize = 500;
/// Largest picture shown, in bytes.
pub const MAX_PICTURE_BYTES: usize = 512 << 10;
/// All pictures together, in bytes.
pub const PICTURE_BUDGET_BYTES: usize = 48 << 20;

/// Bins of the confidence histogram.
const BINS: usize = 25;

/// A part of the page under construction: cards up to a cap, and how many there would be.
#[derive(Debug)]
struct Section {
    html: String,
    shown: usize,
    total: usize,
    cap: usize,
}

impl Section {
    fn new(cap: usize) -> Self {
        Self { html: String::new(), shown: 0, total: 0, cap }
    }

    /// Counts one more; makes its card only when there is room.
    fn add(&mut self, card: impl FnOnce() -> String) {
        self.total += 1;
        if self.shown < self.cap {
            self.html.push_str(&card());
            self.shown += 1;
        }
    }
}

/// Remaining room for pictures.
#[derive(Debug)]
struct Pictures {
    left: usize,
    omitted: usize,
}

impl Pictures {
    /// The picture, if there is one that may still be shown.
    fn admit<'a>(&mut self, jpeg: &'a [u8]) -> Option<&'a [u8]> {
        if jpeg.is_empty() {
            return None;
        }
        if jpeg.len() > MAX_PICTURE_BYTES.min(self.left) {
            self.omitted += 1;
            return None;
        }
        self.left -= jpeg.len();
        Some(jpeg)
    }
}

/// Number of events of each kind, and of images and plates.
#[derive(Debug, Default)]
struct Counts {
    images: u64,
    plates: u64,
    reads: u64,
    manual: u64,
    rejected: u64,
}

/// Gathers a run into a page.
#[derive(Debug)]
pub struct ReportBuilder {
    counts: Counts,
    labelled: bool,
    /// By bin, then by band: read, manual, rejected.
    histogram: [[u32; 3]; BINS],
    /// Decode, detect, read, judge.
    times: [StageTimes; 4],
    reads: Section,
    manual: Section,
    rejected: Section,
    wrong_reads: Section,
    wrong_partial: Section,
    not_found: Section,
    pictures: Pictures,
}

impl Default for ReportBuilder {
    fn default() -> Self {
        Self {
            counts: Counts::default(),
            labelled: false,
            histogram: [[0; 3]; BINS],
            times: Default::default(),
            reads: Section::new(MAX_READS),
            manual: Section::new(MAX_MANUAL),
            rejected: Section::new(MAX_REJECTED),
            wrong_reads: Section::new(MAX_MISSES),
            wrong_partial: Section::new(MAX_MISSES),
            not_found: Section::new(MAX_MISSES),
            pictures: Pictures { left: PICTURE_BUDGET_BYTES, omitted: 0 },
        }
    }
}

impl ReportBuilder {
    /// A page about nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a result. With labels, `truth` says what should have been read; `miss_picture` is the JPEG shown if that
    /// was missed (the crop, where none is given).
    pub fn add(&mut self, entry: &Entry, truth: Option<&Truth>, miss_picture: Option<&[u8]>) {
        self.count(&entry.event);
        self.labelled |= truth.is_some();
        let miss = truth.filter(|t| !t.hit);
        if let Some(truth) = miss {
            self.add_miss(entry, truth, miss_picture.unwrap_or(&entry.crop));
        }
        let Self { reads, manual, rejected, pictures, .. } = self;
        match entry.event.kind {
            // A wrong read already stands among the misses.
            EventKind::Processed | EventKind::Reviewed if miss.is_some() => {}
            EventKind::Processed | EventKind::Reviewed => {
                reads.add(|| cards::plate(&entry.event, pictures.admit(&entry.crop)));
            }
            EventKind::ManualCheck => manual.add(|| cards::plate(&entry.event, pictures.admit(&entry.crop))),
            EventKind::Rejected => rejected.add(|| cards::rejected(&entry.event)),
        }
    }

    /// Adds a labelled plate that no event is about, though its photo has some: it was not found.
    pub fn add_unfound(&mut self, file_name: &str, expected: &str, picture: Option<&[u8]>) {
        self.labelled = true;
        let Self { not_found, pictures, .. } = self;
        not_found.add(|| cards::unfound(file_name, expected, pictures.admit(picture.unwrap_or_default())));
    }

    /// Writes the page to `path`, which appears whole.
    ///
    /// # Errors
    /// [`Error::Io`](crate::Error::Io).
    pub fn finish(self, path: &Path, summary: &Summary) -> Result<()> {
        let mut out = AtomicFile::create(path)?;
        page::write(&self, summary, |html| out.put(html.as_bytes()))?;
        out.commit().map(drop)
    }

    fn add_miss(&mut self, entry: &Entry, truth: &Truth, picture: &[u8]) {
        let section = match entry.event.kind {
            EventKind::Processed | EventKind::Reviewed => &mut self.wrong_reads,
            EventKind::ManualCheck => &mut self.wrong_partial,
            EventKind::Rejected => &mut self.not_found,
        };
        let pictures = &mut self.pictures;
        section.add(|| cards::miss(&entry.event, &truth.expected, pictures.admit(picture)));
    }

    fn count(&mut self, event: &Event) {
        let data = &event.data;
        let band = match event.kind {
            EventKind::Processed | EventKind::Reviewed => 0,
            EventKind::ManualCheck => 1,
            EventKind::Rejected => 2,
        };
        *[&mut self.counts.reads, &mut self.counts.manual, &mut self.counts.rejected][band] += 1;
        self.counts.plates += u64::from(event.kind != EventKind::Rejected);
        let [decode, detect, read, judge] = &mut self.times;
        if data.plate_index == 0 {
            self.counts.images += 1;
            decode.add(data.timings.decode_ms);
            detect.add(data.timings.detect_ms);
            read.add(data.timings.read_ms);
            judge.add(data.timings.judge_ms);
        }
        if !data.raw_text.is_empty() {
            let bin = (data.confidence.clamp(0.0, 1.0) * BINS as f32) as usize;
            self.histogram[bin.min(BINS - 1)][band] += 1;
        }
    }
}
