//! The decode rules of users' own detectors: YOLOv8-style columns and end-to-end rows.

use super::Detected;
use crate::error::{Error, Result, check_len};
use crate::geometry::Rect;

/// Elements of an end-to-end row: batch index, `x0, y0, x1, y1`, class, score.
pub const END_TO_END_COLUMNS: usize = 7;

/// Decodes one image of a YOLOv8-style output `[4 + classes, n]` (centre x, centre y, width, height in input pixels,
/// then a score a class), appending the boxes whose best class scores above `threshold`.
///
/// Returns the best score of all boxes, 0 where none has any. Suppression is still to be done.
pub fn decode_yolo(values: &[f32], classes: usize, threshold: f32, found: &mut Vec<Detected>) -> Result<f32> {
    if classes == 0 {
        return Err(Error::Spec { kernel: "boxes", reason: "a YOLO output needs at least one class" });
    }
    let count = values.len() / (4 + classes);
    check_len("the detector output", values.len(), count * (4 + classes))?;
    let (places, scores) = values.split_at(4 * count);
    let mut best = 0.0f32;
    for index in 0..count {
        let (class, score) = best_class(scores, count, index);
        best = best.max(score);
        if score > threshold {
            let [cx, cy, w, h] = [0, 1, 2, 3].map(|row| places[row * count + index]);
            let detected = Detected::upright(Rect { x: cx - w / 2.0, y: cy - h / 2.0, w, h }, score, class);
            found.extend(detected.is_finite().then_some(detected));
        }
    }
    Ok(best)
}

/// The first of the highest-scoring classes of a column; class 0 with -∞ where none is a number.
fn best_class(scores: &[f32], count: usize, index: usize) -> (u32, f32) {
    let mut best = (0, f32::NEG_INFINITY);
    for (class, row) in scores.chunks_exact(count).enumerate() {
        if row[index] > best.1 {
            best = (class as u32, row[index]);
        }
    }
    best
}

/// Decodes the rows `[n, 7]` of an end-to-end detector that belong to image `batch`, appending those that score above
/// `threshold`. Such detectors have suppressed repeats themselves.
///
/// Returns the image's best score, 0 where it has no row.
pub fn decode_end_to_end(values: &[f32], batch: usize, threshold: f32, found: &mut Vec<Detected>) -> Result<f32> {
    let count = values.len() / END_TO_END_COLUMNS;
    check_len("the detector output", values.len(), count * END_TO_END_COLUMNS)?;
    let mut best = 0.0f32;
    for row in values.chunks_exact(END_TO_END_COLUMNS) {
        if row[0] != batch as f32 {
            continue;
        }
        best = best.max(row[6]);
        if row[6] > threshold {
            let rect = Rect::from_corners(row[1], row[2], row[3], row[4]);
            let detected = Detected::upright(rect, row[6], row[5].max(0.0) as u32);
            found.extend(detected.is_finite().then_some(detected));
        }
    }
    Ok(best)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yolo_by_hand() {
        // Two columns, two classes: (10, 20, 4, 6) of class 1 at 0.8; (1, 1, 2, 2) below the threshold.
        let values = [10.0, 1.0, 20.0, 1.0, 4.0, 2.0, 6.0, 2.0, 0.1, 0.2, 0.8, 0.25];
        let mut found = Vec::new();
        assert_eq!(decode_yolo(&values, 2, 0.25, &mut found).unwrap(), 0.8);
        assert_eq!(found, [Detected::upright(Rect { x: 8.0, y: 17.0, w: 4.0, h: 6.0 }, 0.8, 1)]);
        assert!(decode_yolo(&values[1..], 2, 0.25, &mut found).is_err());
        assert!(decode_yolo(&values, 0, 0.25, &mut found).is_err());
        assert_eq!(decode_yolo(&[], 1, 0.25, &mut found).unwrap(), 0.0);
        assert_eq!(decode_yolo(&[f32::NAN; 10], 1, 0.25, &mut found).unwrap(), 0.0);
        assert_eq!(found.len(), 1);
    }

    #[test]
    fn end_to_end_by_hand() {
        let values = [
            [0.0, 1.0, 2.0, 11.0, 6.0, 0.0, 0.9],
            [1.0, 5.0, 5.0, 9.0, 9.0, 3.0, 0.6],
            [1.0, 0.0, 0.0, 9.0, 9.0, 3.0, 0.1],
        ];
        let mut found = Vec::new();
        assert_eq!(decode_end_to_end(values.as_flattened(), 1, 0.2, &mut found).unwrap(), 0.6);
        assert_eq!(found, [Detected::upright(Rect { x: 5.0, y: 5.0, w: 4.0, h: 4.0 }, 0.6, 3)]);
        assert_eq!(decode_end_to_end(values.as_flattened(), 2, 0.2, &mut found).unwrap(), 0.0);
        assert!(decode_end_to_end(&[0.0; 8], 0, 0.2, &mut found).is_err());
    }
}
