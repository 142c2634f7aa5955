//! Boxes: from a detector's raw outputs to a few rectangles with corners and scores.
//!
//! Three decode rules: RetinaFace priors ([`retina`]), YOLOv8-style columns and end-to-end rows ([`rows`]); then
//! greedy non-maximum suppression ([`nms`]). Coordinates are pixels of the network's input; the caller maps them back
//! to the photo. A threshold is exclusive: a score must be greater. Scores that are not numbers never pass.
//!
//! Tolerance between twins: the same boxes in the same order, coordinates within 10⁻⁴ of the input's side (the
//! exponential differs in its last bits).

mod cpu;
pub mod gpu;
pub mod retina;
pub mod rows;

pub use cpu::nms;
pub use gpu::GpuBoxes;

use crate::geometry::Rect;

/// One box that a detector reports.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Detected {
    /// The box, in pixels of the network's input.
    pub rect: Rect,
    /// The detector's score, 0..=1.
    pub score: f32,
    /// The class index, 0 where the detector knows only one.
    pub class: u32,
    /// The four corners in the net's order; the box's own (clockwise from top left) where the net gives none.
    pub corners: [[f32; 2]; 4],
}

impl Detected {
    fn upright(rect: Rect, score: f32, class: u32) -> Self {
        Self { rect, score, class, corners: rect.corners() }
    }

    /// Whether every coordinate is a finite number.
    pub fn is_finite(&self) -> bool {
        self.rect.is_finite() && self.corners.as_flattened().iter().all(|v| v.is_finite())
    }
}
