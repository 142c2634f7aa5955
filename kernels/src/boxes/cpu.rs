//! Greedy non-maximum suppression.

use super::Detected;
use crate::geometry::iou;

/// Keeps, from the highest score down, each box whose overlap with every kept one is at most `max_iou`.
///
/// The result is sorted by falling score; equal scores keep their order. Classes are not told apart.
pub fn nms(boxes: &mut Vec<Detected>, max_iou: f32) {
    boxes.sort_by(|a, b| b.score.total_cmp(&a.score));
    let mut kept = 0;
    for index in 0..boxes.len() {
        let candidate = boxes[index];
        if boxes[..kept].iter().all(|winner| iou(&winner.rect, &candidate.rect) <= max_iou) {
            boxes[kept] = candidate;
            kept += 1;
        }
    }
    boxes.truncate(kept);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Rect;

    fn at(x: f32, score: f32) -> Detected {
        Detected::upright(Rect { x, y: 0.0, w: 10.0, h: 10.0 }, score, 0)
    }

    #[test]
    fn the_better_of_two_wins() {
        // 8 of 12 columns are shared by the first pair, none by the others.
        let mut boxes = vec![at(0.0, 0.5), at(2.0, 0.9), at(50.0, 0.3)];
        nms(&mut boxes, 0.4);
        assert_eq!(boxes, [at(2.0, 0.9), at(50.0, 0.3)]);
    }

    #[test]
    fn a_suppressed_box_suppresses_nothing() {
        let mut boxes = vec![at(0.0, 0.9), at(4.0, 0.8), at(8.0, 0.7)];
        nms(&mut boxes, 0.4);
        assert_eq!(boxes, [at(0.0, 0.9), at(8.0, 0.7)]);
    }

    #[test]
    fn ties_keep_their_order() {
        let mut boxes = vec![at(0.0, 0.5), at(1.0, 0.5), at(30.0, 0.5)];
        nms(&mut boxes, 0.4);
        assert_eq!(boxes, [at(0.0, 0.5), at(30.0, 0.5)]);
        nms(&mut Vec::new(), 0.4);
    }
}
