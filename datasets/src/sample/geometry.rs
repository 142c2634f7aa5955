//! A pinhole camera and plane-to-plane maps.
//!
//! Only `+ - * /` and `sqrt` are used in the whole renderer: IEEE 754 rounds them alike everywhere, so that every machine draws
//! the same bytes. Angles are therefore given as the tangent of their half (see [`turn`]).

/// A point in an image or a plane.
pub(super) type P2 = [f32; 2];
/// A point in space: x right, y up, z away from the viewer; metres.
pub(super) type P3 = [f32; 3];

/// Cosine and sine of the angle whose half has the tangent `t`; near 0, the angle is about `2 t` radians.
pub(super) fn turn(t: f32) -> (f32, f32) {
    let d = 1.0 + t * t;
    ((1.0 - t * t) / d, 2.0 * t / d)
}

pub(super) fn mix(a: f32, b: f32, t: f32) -> f32 {
    a + (b - a) * t
}

pub(super) fn mix3(a: [f32; 3], b: [f32; 3], t: f32) -> [f32; 3] {
    [mix(a[0], b[0], t), mix(a[1], b[1], t), mix(a[2], b[2], t)]
}

pub(super) fn scale3(a: [f32; 3], k: f32) -> [f32; 3] {
    [a[0] * k, a[1] * k, a[2] * k]
}

/// 0 below `a`, 1 above `b`, a straight ramp between.
pub(super) fn ramp(a: f32, b: f32, v: f32) -> f32 {
    ((v - a) / (b - a)).clamp(0.0, 1.0)
}

/// Where the camera stands and how it looks. With everything 0 it looks along z, level.
#[derive(Clone, Copy, Debug)]
pub(super) struct Camera {
    /// Height above the road in metres.
    pub height: f32,
    /// Focal length in pixels.
    pub focal: f32,
    /// Half-angle tangents: to the right, down, and clockwise.
    pub yaw: f32,
    pub pitch: f32,
    pub roll: f32,
    /// The image point of the viewing direction.
    pub centre: P2,
}

impl Camera {
    /// The image point of a point in front of the camera.
    pub(super) fn project(&self, p: P3) -> P2 {
        let v = self.rotate([p[0], p[1] - self.height, p[2]]);
        let k = self.focal / v[2].max(0.05);
        [self.centre[0] + v[0] * k, self.centre[1] - v[1] * k]
    }

    /// Pixels per metre at a distance along the viewing direction.
    pub(super) fn pixels_per_metre(&self, z: f32) -> f32 {
        self.focal / z
    }

    /// The point of the road seen at an image point, as (x, z) in metres; `None` above the horizon.
    pub(super) fn road(&self, p: P2) -> Option<P2> {
        let ray = self.unrotate([(p[0] - self.centre[0]) / self.focal, (self.centre[1] - p[1]) / self.focal, 1.0]);
        if ray[1] > -1e-4 {
            return None;
        }
        let k = -self.height / ray[1];
        Some([ray[0] * k, ray[2] * k])
    }

    fn rotate(&self, v: P3) -> P3 {
        let ((cy, sy), (cp, sp), (cr, sr)) = (turn(self.yaw), turn(self.pitch), turn(self.roll));
        let v = [cy * v[0] - sy * v[2], v[1], sy * v[0] + cy * v[2]];
        let v = [v[0], cp * v[1] + sp * v[2], cp * v[2] - sp * v[1]];
        [cr * v[0] + sr * v[1], cr * v[1] - sr * v[0], v[2]]
    }

    fn unrotate(&self, v: P3) -> P3 {
        let ((cy, sy), (cp, sp), (cr, sr)) = (turn(self.yaw), turn(self.pitch), turn(self.roll));
        let v = [cr * v[0] - sr * v[1], cr * v[1] + sr * v[0], v[2]];
        let v = [v[0], cp * v[1] - sp * v[2], cp * v[2] + sp * v[1]];
        [cy * v[0] + sy * v[2], v[1], cy * v[2] - sy * v[0]]
    }
}

/// A map from the image to a plane that was seen in perspective.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unproject([f32; 9]);

impl Unproject {
    /// The map that takes the image points `quad` (clockwise from top left) to the corners of the unit square.
    /// Heckbert, "Fundamentals of Texture Mapping and Image Warping", 1989, section 2.2.3; its inverse by the adjugate.
    pub(super) fn new(quad: [P2; 4]) -> Self {
        let [p0, p1, p2, p3] = quad;
        let (dx1, dx2, dx3) = (p1[0] - p2[0], p3[0] - p2[0], p0[0] - p1[0] + p2[0] - p3[0]);
        let (dy1, dy2, dy3) = (p1[1] - p2[1], p3[1] - p2[1], p0[1] - p1[1] + p2[1] - p3[1]);
        let d = dx1 * dy2 - dx2 * dy1;
        let (g, h) = ((dx3 * dy2 - dx2 * dy3) / d, (dx1 * dy3 - dx3 * dy1) / d);
        let (a, b, c) = (p1[0] - p0[0] + g * p1[0], p3[0] - p0[0] + h * p3[0], p0[0]);
        let (k, e, f) = (p1[1] - p0[1] + g * p1[1], p3[1] - p0[1] + h * p3[1], p0[1]);
        Self([
            e - f * h,
            c * h - b,
            b * f - c * e,
            f * g - k,
            a - c * g,
            c * k - a * f,
            k * h - e * g,
            b * g - a * h,
            a * e - b * k,
        ])
    }

    /// The place in the unit square of an image point.
    pub(super) fn at(&self, p: P2) -> P2 {
        let m = &self.0;
        let w = m[6] * p[0] + m[7] * p[1] + m[8];
        [(m[0] * p[0] + m[1] * p[1] + m[2]) / w, (m[3] * p[0] + m[4] * p[1] + m[5]) / w]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn corners_of_a_quad_map_to_the_unit_square() {
        let quad = [[100.0, 50.0], [300.0, 70.0], [290.0, 140.0], [110.0, 110.0]];
        let map = Unproject::new(quad);
        for (corner, want) in quad.iter().zip([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]) {
            let got = map.at(*corner);
            assert!((got[0] - want[0]).abs() < 1e-4 && (got[1] - want[1]).abs() < 1e-4, "{got:?} {want:?}");
        }
    }

    #[test]
    fn a_road_point_projects_to_where_it_is_seen() {
        let camera = Camera { height: 2.0, focal: 1800.0, yaw: 0.04, pitch: 0.06, roll: -0.02, centre: [640.0, 300.0] };
        let seen = camera.project([0.7, 0.0, 9.0]);
        let road = camera.road(seen).unwrap();
        assert!((road[0] - 0.7).abs() < 1e-3 && (road[1] - 9.0).abs() < 1e-2, "{road:?}");
    }
}
