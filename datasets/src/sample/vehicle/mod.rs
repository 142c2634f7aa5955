//! Cars, a van and a motorcycle from a few dozen flat shapes, in metres.

mod front;
mod hull;
mod motorcycle;
mod rear;

use super::canvas::Rgb;
use super::geometry::{Camera, P2, P3};
use super::path::Path;
use super::plate::Plate;
use super::stage::{Coat, Rig, Stage};
use hull::{flank, greenhouse, ground};

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
