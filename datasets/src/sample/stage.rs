//! The photo being drawn: its camera, and things placed in space.

use super::canvas::{Canvas, Rgb};
use super::geometry::{Camera, P2, P3, mix3, scale3, turn};
use super::path::Path;

/// A lamp that will shine in the finished photo.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lamp {
    pub at: P2,
    /// Pixels at which the halo has fallen to a quarter.
    pub radius: f32,
    pub colour: Rgb,
}

/// A canvas seen through a camera.
pub(super) struct Stage {
    pub canvas: Canvas,
    pub camera: Camera,
    pub lamps: Vec<Lamp>,
    pub seed: u32,
}

impl Stage {
    /// Fills a flat shape standing upright in space: `path` in metres (x right, y up), each vertex at a depth of its own.
    pub(super) fn part(&mut self, rig: &Rig, path: Path, depth: impl Fn(P2) -> f32, coat: &Coat) {
        let camera = self.camera;
        let seen = path.map(|p| camera.project(rig.place([p[0], p[1], depth(p)])));
        self.coat(&seen, coat);
    }

    /// Fills a shape given by its corners in the rig's own space.
    pub(super) fn panel(&mut self, rig: &Rig, corners: &[P3], radius: f32, coat: &Coat) {
        let points: Vec<P2> = corners.iter().map(|p| self.camera.project(rig.place(*p))).collect();
        let radius = radius * self.camera.pixels_per_metre(rig.z);
        self.coat(&Path::polygon(&points).rounded(radius), coat);
    }

    fn coat(&mut self, seen: &Path, coat: &Coat) {
        let [x0, y0, x1, y1] = seen.bounds();
        let (w, h) = ((x1 - x0).max(1.0), (y1 - y0).max(1.0));
        self.canvas.paint(seen, |p| coat.at((p[0] - x0) / w, (p[1] - y0) / h));
    }

    pub(super) fn lamp(&mut self, rig: &Rig, at: P3, radius_m: f32, colour: Rgb) {
        let (at, radius) = (self.camera.project(rig.place(at)), radius_m * self.camera.pixels_per_metre(rig.z));
        self.lamps.push(Lamp { at, radius, colour });
    }
}

/// Where a thing stands on the road and how it is turned.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rig {
    pub x: f32,
    pub z: f32,
    /// Half-angle tangent.
    pub yaw: f32,
}

impl Rig {
    /// From the thing's own space to the world.
    pub(super) fn place(&self, p: P3) -> P3 {
        let (c, s) = turn(self.yaw);
        [self.x + c * p[0] + s * p[2], p[1], self.z + c * p[2] - s * p[0]]
    }

    /// The camera's sideways place in the thing's own space: positive on its right.
    pub(super) fn viewer_x(&self) -> f32 {
        let (c, s) = turn(self.yaw);
        s * self.z - c * self.x
    }
}

/// How a surface is coloured over its own extent.
#[derive(Clone, Copy, Debug)]
pub(super) enum Coat {
    Flat(Rgb),
    Glaze(Rgb, f32),
    /// From top to bottom.
    Fade(Rgb, Rgb),
    /// Car paint: sky on top, shadow below, edges turned away.
    Paint(Rgb),
}

impl Coat {
    fn at(&self, u: f32, v: f32) -> (Rgb, f32) {
        match *self {
            Self::Flat(colour) => (colour, 1.0),
            Self::Glaze(colour, alpha) => (colour, alpha),
            Self::Fade(top, bottom) => (mix3(top, bottom, v), 1.0),
            Self::Paint(colour) => {
                let side = 2.0 * u - 1.0;
                let sky = (0.22 - v).max(0.0) * 1.6;
                let shade = 1.1 - 0.45 * v * v - 0.25 * side * side * side * side;
                (mix3(scale3(colour, shade), [0.82, 0.88, 0.95], sky), 1.0)
            }
        }
    }
}
