//! Whether both paths see the same plates.

use super::report::Agreement;
use std::collections::BTreeMap;
use tollgate_kernels::{Rect, iou};
use tollgate_sinks::Entry;

/// Differing photos that are listed.
const LISTED: usize = 20;

/// What a path found on each photo, by its position.
pub(super) type Found = BTreeMap<String, Vec<Entry>>;

/// Compares photo by photo.
pub(super) fn compare(expected: &Found, found: &Found) -> Agreement {
    let (mut same_text, mut overlaps, mut differing) = (0, Vec::new(), Vec::new());
    for (position, cpu) in expected {
        let gpu = found.get(position).map(Vec::as_slice).unwrap_or_default();
        let (cpu_texts, gpu_texts) = (texts(cpu), texts(gpu));
        if cpu_texts == gpu_texts {
            same_text += 1;
        } else if differing.len() < LISTED {
            let file = cpu.first().map(|entry| entry.event.data.file_name.clone()).unwrap_or_default();
            differing.push((file, cpu_texts, gpu_texts));
        }
        overlaps.extend(best(cpu).zip(best(gpu)).map(|(a, b)| f64::from(iou(&a, &b))));
    }
    let (photos, boxes) = (expected.len(), overlaps.len());
    Agreement {
        photos,
        same_text,
        same_text_share: same_text as f64 / photos.max(1) as f64,
        boxes,
        mean_iou: (boxes > 0).then(|| overlaps.iter().sum::<f64>() / boxes as f64),
        least_iou: overlaps.iter().copied().reduce(f64::min),
        differing,
    }
}

fn texts(entries: &[Entry]) -> Vec<String> {
    entries.iter().map(|entry| entry.event.data.license_plate_text.clone()).collect()
}

/// The box of the best plate.
fn best(entries: &[Entry]) -> Option<Rect> {
    let [x, y, w, h] = entries.first()?.event.data.detection?.bounds;
    Some(Rect { x, y, w, h })
}
