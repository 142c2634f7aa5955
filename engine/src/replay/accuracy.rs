//! Ground truth beside results: finds a photo's labels again from its events and scores what was read.

use super::source::Records;
use crate::Result;
use std::path::{Path, PathBuf};
use tollgate_datasets::{Label, LabelStore, Scorer, Verdict};
use tollgate_sinks::Entry;
use tollgate_sinks::event::EventKind;

/// Scores photo by photo.
pub(super) struct Accuracy {
    labels: LabelStore,
    /// Whether the labels were named, and not looked for beside the photos.
    named: bool,
    pub(super) scorer: Scorer,
}

/// One photo's score and the label it was held against.
pub(super) struct Scored {
    pub(super) verdict: Verdict,
    pub(super) label: Label,
    /// Where the photo lies, unless it is inside an archive.
    pub(super) path: Option<PathBuf>,
}

impl Accuracy {
    pub(super) fn new(labels: LabelStore, named: bool) -> Self {
        Self { labels, named, scorer: Scorer::new() }
    }

    /// Scores a photo by all its events; `None` where it has no label.
    pub(super) fn score(&mut self, photo: &[Entry], source: &Records) -> Result<Option<Scored>> {
        let Some(first) = photo.first().map(|e| &e.event) else { return Ok(None) };
        let path = source.path_of(&first.source);
        let key = match &path {
            Some(path) => path.clone(),
            // Inside an archive nothing lies beside a photo; named labels may still know it.
            None if self.named => PathBuf::from(&first.data.file_name),
            None => return Ok(None),
        };
        let Some(labels) = self.labels.for_photo(&key)? else { return Ok(None) };
        let Some(label) = labels.first().cloned() else { return Ok(None) };
        let text = &first.data.license_plate_text;
        let read = first.kind == EventKind::Processed;
        let verdict = self.scorer.add(&folder(photo), labels, &boxes(photo), text, read);
        Ok(Some(Scored { verdict, label, path }))
    }
}

/// Every box seen on the photo, those too weak for an event included.
fn boxes(photo: &[Entry]) -> Vec<[f32; 4]> {
    let kept = photo.iter().filter_map(|e| e.event.data.detection.map(|d| d.bounds));
    let weak = photo.iter().flat_map(|e| e.event.data.weak_sightings.iter().map(|w| w.bounds));
    kept.chain(weak).collect()
}

/// The folder that accuracy is listed under: the photo's own, relative to the root where that says something.
fn folder(photo: &[Entry]) -> String {
    let Some(data) = photo.first().map(|e| &e.event.data) else { return String::new() };
    match Path::new(&data.file_name).parent().filter(|p| !p.as_os_str().is_empty()) {
        Some(parent) => parent.to_string_lossy().into_owned(),
        None => data.lane.clone().unwrap_or_else(|| ".".into()),
    }
}
