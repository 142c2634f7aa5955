//! Cars, a van and a motorcycle from a few dozen flat shapes, in metres.

mod front;
mod motorcycle;
mod rear;

use super::canvas::Rgb;
use super::geometry::{Camera, P2, P3};
use super::path::Path;
use super::plate::Plate;
use super::stage::{Coat, Rig, Stage};

/// What kind of vehicle, and which end of it is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Body {
    SedanRear,
    HatchRear,
    SuvRear,
    VanRear,
    SedanFront,
    SuvFront,
    Motorcycle,
}

/// A vehicle in a scene.
#[derive(Clone, Copy, Debug)]
pub(super) struct Vehicle {
    pub body: Body,
    pub colour: Rgb,
    pub rig: Rig,
    /// `None`: it has lost its plate.
    pub plate: Option<Plate>,
    /// 0 clean to 1.
    pub dirt: f32,
    /// Whether its lamps are on.
    pub lit: bool,
}

/// The measures in which bodies differ.
struct Frame {
    /// Where the windows begin and where the roof is, above the road.
    belt: f32,
    roof: f32,
    /// Half the width of the roof.
    roof_half: f32,
    /// From the face to the windows' foot and to the roof's edge.
    deck: f32,
    roof_at: f32,
    length: f32,
}

/// Half the width of every car.
const HALF: f32 = 0.9;
const RUBBER: Rgb = [0.05, 0.05, 0.055];
const TRIM: Rgb = [0.09, 0.09, 0.1];

impl Vehicle {
    /// Draws it, its plate last.
    pub(super) fn draw(&self, stage: &mut Stage) {
        match self.body {
            Body::SedanFront | Body::SuvFront => front::draw(stage, self),
            Body::Motorcycle => motorcycle::draw(stage, self),
            _ => rear::draw(stage, self),
        }
        if let Some(plate) = self.plate {
            self.mount(stage, &plate);
        }
    }

    /// The corners of its plate in the photo, clockwise from top left.
    pub(super) fn plate_corners(&self, camera: &Camera, plate: &Plate) -> [P2; 4] {
        let ([x, y, z], [w, h]) = (self.plate_at(), plate.size());
        let corners = [[-w, h], [w, h], [w, -h], [-w, -h]];
        corners.map(|c| camera.project(self.rig.place([x + c[0] / 2.0, y + c[1] / 2.0, z - 0.005])))
    }

    fn frame(&self) -> Frame {
        match self.body {
            Body::SedanRear => Frame { belt: 0.98, roof: 1.42, roof_half: 0.58, deck: 0.42, roof_at: 1.0, length: 4.4 },
            Body::SedanFront => Frame { belt: 0.98, roof: 1.42, roof_half: 0.6, deck: 1.0, roof_at: 1.8, length: 4.4 },
            Body::HatchRear => {
                Frame { belt: 0.98, roof: 1.48, roof_half: 0.62, deck: 0.06, roof_at: 0.42, length: 3.9 }
            }
            Body::SuvRear => Frame { belt: 1.08, roof: 1.68, roof_half: 0.66, deck: 0.05, roof_at: 0.3, length: 4.5 },
            Body::SuvFront => Frame { belt: 1.12, roof: 1.7, roof_half: 0.66, deck: 0.9, roof_at: 1.5, length: 4.5 },
            Body::VanRear | Body::Motorcycle => {
                Frame { belt: 1.2, roof: 2.1, roof_half: 0.8, deck: 0.02, roof_at: 0.1, length: 4.9 }
            }
        }
    }

    /// The plate's middle in the vehicle's own space.
    fn plate_at(&self) -> P3 {
        match self.body {
            Body::SedanRear => [0.0, 0.74, -0.02],
            Body::HatchRear => [0.0, 0.68, -0.02],
            Body::SuvRear => [0.0, 0.8, -0.02],
            Body::VanRear => [-0.36, 0.66, -0.02],
            Body::SedanFront => [0.0, 0.42, -0.04],
            Body::SuvFront => [0.0, 0.5, -0.04],
            Body::Motorcycle => [0.0, 0.62, -0.06],
        }
    }

    /// Holder and plate.
    fn mount(&self, stage: &mut Stage, plate: &Plate) {
        let ([x, y, z], [w, h]) = (self.plate_at(), plate.size());
        let rect =
            |m: f32, r: f32| Path::round_rect(x - w / 2.0 - m, y - h / 2.0 - m, x + w / 2.0 + m, y + h / 2.0 + m, r);
        stage.part(&self.rig, rect(0.03, 0.03), |_| z + 0.01, &Coat::Glaze([0.0; 3], 0.35));
        stage.part(&self.rig, rect(0.012, 0.015), |_| z, &Coat::Flat(RUBBER));
        let quad = self.plate_corners(&stage.camera, plate);
        plate.draw(stage.seed, self.dirt).lay(&mut stage.canvas, quad, 9.0);
    }
}

/// What lies under every car: its shadow and two wheels.
fn ground(stage: &mut Stage, rig: &Rig, length: f32) {
    for (grow, alpha) in [(0.28, 0.16), (0.18, 0.2), (0.08, 0.28), (0.0, 0.45)] {
        let (x, z0, z1) = (HALF + grow, -0.12 - grow, length + grow);
        stage.panel(
            rig,
            &[[-x, 0.0, z1], [x, 0.0, z1], [x, 0.0, z0], [-x, 0.0, z0]],
            0.12,
            &Coat::Glaze([0.02, 0.02, 0.03], alpha),
        );
    }
    for side in [-1.0_f32, 1.0] {
        let (inner, outer) = (side * 0.62, side * 0.84);
        stage.part(
            rig,
            Path::round_rect(inner.min(outer), 0.0, inner.max(outer), 0.6, 0.05),
            |_| 0.25,
            &Coat::Flat(RUBBER),
        );
    }
}

/// The flank that the camera sees, if it stands beside the car.
fn flank(stage: &mut Stage, vehicle: &Vehicle, frame: &Frame) {
    let viewer = vehicle.rig.viewer_x();
    if viewer.abs() < HALF {
        return;
    }
    let x = HALF * 0.97 * viewer.signum();
    let side = |points: &[P2]| points.iter().map(|p| [x, p[1], p[0]]).collect::<Vec<P3>>();
    let (belt, roof, end) = (frame.belt, frame.roof, frame.length);
    let (rig, dark) = (&vehicle.rig, vehicle.colour.map(|c| c * 0.72));
    let slope = [[frame.deck, belt], [frame.roof_at + 0.1, roof - 0.06], [end * 0.55, roof - 0.06], [end * 0.72, belt]];
    stage.panel(rig, &side(&slope), 0.08, &Coat::Flat(dark));
    let glass = [
        [frame.deck + 0.28, belt + 0.03],
        [frame.roof_at + 0.28, roof - 0.14],
        [end * 0.53, roof - 0.14],
        [end * 0.67, belt + 0.03],
    ];
    stage.panel(rig, &side(&glass), 0.05, &Coat::Fade([0.3, 0.34, 0.38], [0.08, 0.09, 0.1]));
    stage.panel(
        rig,
        &side(&[[0.02, belt - 0.02], [end, belt - 0.1], [end, 0.3], [0.02, 0.28]]),
        0.1,
        &Coat::Paint(dark),
    );
    for z in [end * 0.2, end * 0.8] {
        let circle = |r: f32, x: f32| {
            Path::ellipse([z, 0.32], r, r).contours.concat().iter().map(|p| [x, p[1], p[0]]).collect::<Vec<P3>>()
        };
        stage.panel(rig, &circle(0.32, x), 0.0, &Coat::Flat(RUBBER));
        stage.panel(rig, &circle(0.2, x * 1.01), 0.0, &Coat::Flat([0.5, 0.51, 0.53]));
    }
}

/// Roof, pillars and the window in them.
fn greenhouse(stage: &mut Stage, vehicle: &Vehicle, frame: &Frame) {
    let Frame { belt, roof, roof_half, deck, roof_at, .. } = *frame;
    let depth = |p: P2| deck + (roof_at - deck) * ((p[1] - belt) / (roof - belt)).clamp(0.0, 1.0);
    let outline = [[roof_half - 0.16, roof], [roof_half, roof - 0.04], [0.78, belt - 0.03]];
    let shell =
        if vehicle.body == Body::VanRear { [[0.72, roof], [0.84, roof - 0.05], [0.88, belt - 0.03]] } else { outline };
    stage.part(&vehicle.rig, Path::mirrored(&shell).rounded(0.07), depth, &Coat::Paint(vehicle.colour));
    let glass = [[roof_half - 0.1, roof - 0.1], [0.67, belt + 0.05]];
    stage.part(
        &vehicle.rig,
        Path::mirrored(&glass).rounded(0.06),
        depth,
        &Coat::Fade([0.36, 0.42, 0.48], [0.07, 0.08, 0.09]),
    );
    let gleam = [[-0.34, roof - 0.11], [-0.14, roof - 0.11], [-0.3, belt + 0.06], [-0.52, belt + 0.06]];
    stage.part(&vehicle.rig, Path::polygon(&gleam), depth, &Coat::Glaze([0.8, 0.86, 0.92], 0.13));
}
