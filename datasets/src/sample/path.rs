//! Closed outlines of straight edges; curves are flattened as they are added.

use super::geometry::{P2, mix};

/// How far a Bézier control point lies towards the corner for a quarter of an ellipse: 4/3 · (√2 − 1).
const QUARTER: f32 = 0.552_284_8;
const STEPS: usize = 8;

/// The points of a quarter of an ellipse from `a` to `b` whose tangents meet in `corner`; `a` itself left out.
pub(super) fn quarter(a: P2, corner: P2, b: P2) -> impl Iterator<Item = P2> {
    let near = |from: P2| [mix(from[0], corner[0], QUARTER), mix(from[1], corner[1], QUARTER)];
    let (c, d) = (near(a), near(b));
    (1..=STEPS).map(move |i| {
        let t = i as f32 / STEPS as f32;
        let s = 1.0 - t;
        let w = [s * s * s, 3.0 * s * s * t, 3.0 * s * t * t, t * t * t];
        [0, 1].map(|k| w[0] * a[k] + w[1] * c[k] + w[2] * d[k] + w[3] * b[k])
    })
}

/// Closed contours; inside is where the winding number is not 0.
#[derive(Clone, Debug, Default)]
pub(super) struct Path {
    pub contours: Vec<Vec<P2>>,
}

impl Path {
    pub(super) fn polygon(points: &[P2]) -> Self {
        Self { contours: vec![points.to_vec()] }
    }

    /// A polygon symmetric about x = 0, given by its right side from top to bottom.
    pub(super) fn mirrored(right: &[P2]) -> Self {
        let left = right.iter().rev().map(|p| [-p[0], p[1]]);
        Self { contours: vec![right.iter().copied().chain(left).collect()] }
    }

    pub(super) fn rect(x0: f32, y0: f32, x1: f32, y1: f32) -> Self {
        Self::polygon(&[[x0, y0], [x1, y0], [x1, y1], [x0, y1]])
    }

    pub(super) fn round_rect(x0: f32, y0: f32, x1: f32, y1: f32, r: f32) -> Self {
        Self::polygon(&[[x0, y0], [x1, y0], [x1, y1], [x0, y1]]).rounded(r)
    }

    pub(super) fn ellipse(centre: P2, rx: f32, ry: f32) -> Self {
        let [x, y] = centre;
        let ends = [[x + rx, y], [x, y + ry], [x - rx, y], [x, y - ry]];
        let corners = [[x + rx, y + ry], [x - rx, y + ry], [x - rx, y - ry], [x + rx, y - ry]];
        let points = (0..4).flat_map(|i| quarter(ends[i], corners[i], ends[(i + 1) % 4])).collect();
        Self { contours: vec![points] }
    }

    /// The same outline with every corner rounded, by at most half of its shorter edge.
    pub(super) fn rounded(self, r: f32) -> Self {
        let contours = self.contours.iter().map(|points| round_corners(points, r)).collect();
        Self { contours }
    }

    /// Adds `inner` as a hole: it must wind the other way, so it is reversed.
    pub(super) fn minus(mut self, inner: Self) -> Self {
        self.contours.extend(inner.contours.into_iter().map(|mut points| {
            points.reverse();
            points
        }));
        self
    }

    /// The outline with every vertex moved by `f`.
    pub(super) fn map(self, f: impl Fn(P2) -> P2) -> Self {
        let contours = self.contours.into_iter().map(|points| points.into_iter().map(&f).collect()).collect();
        Self { contours }
    }

    /// `[x0, y0, x1, y1]` around all vertices.
    pub(super) fn bounds(&self) -> [f32; 4] {
        let start = [f32::MAX, f32::MAX, f32::MIN, f32::MIN];
        self.contours
            .iter()
            .flatten()
            .fold(start, |b, p| [b[0].min(p[0]), b[1].min(p[1]), b[2].max(p[0]), b[3].max(p[1])])
    }
}

fn round_corners(points: &[P2], r: f32) -> Vec<P2> {
    let n = points.len();
    let mut out = Vec::with_capacity(n * (STEPS + 1));
    for (i, &corner) in points.iter().enumerate() {
        let towards = |other: P2| {
            let d = [other[0] - corner[0], other[1] - corner[1]];
            let length = (d[0] * d[0] + d[1] * d[1]).sqrt();
            let k = if length > 0.0 { r.min(length / 2.0) / length } else { 0.0 };
            [corner[0] + d[0] * k, corner[1] + d[1] * k]
        };
        let (a, b) = (towards(points[(i + n - 1) % n]), towards(points[(i + 1) % n]));
        out.push(a);
        out.extend(quarter(a, corner, b));
    }
    out
}
