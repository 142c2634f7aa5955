//! Sedan, hatchback, SUV and van from behind.

use super::{Body, Frame, HALF, TRIM, Vehicle, flank, greenhouse, ground};
use crate::sample::canvas::Rgb;
use crate::sample::path::Path;
use crate::sample::stage::{Coat, Stage};

const RED: Rgb = [0.62, 0.06, 0.06];
const LIT: Rgb = [0.95, 0.16, 0.1];

pub(super) fn draw(stage: &mut Stage, vehicle: &Vehicle) {
    let frame = vehicle.frame();
    ground(stage, &vehicle.rig, frame.length);
    flank(stage, vehicle, &frame);
    greenhouse(stage, vehicle, &frame);
    face(stage, vehicle, &frame);
    lights(stage, vehicle, &frame);
    details(stage, vehicle, &frame);
}

fn face(stage: &mut Stage, vehicle: &Vehicle, frame: &Frame) {
    let (rig, colour, belt) = (&vehicle.rig, vehicle.colour, frame.belt);
    if vehicle.body == Body::SedanRear {
        let lid =
            [[-0.76, belt, frame.deck], [0.76, belt, frame.deck], [0.8, belt - 0.03, 0.0], [-0.8, belt - 0.03, 0.0]];
        stage.panel(rig, &lid, 0.03, &Coat::Fade(colour.map(|c| c * 0.9 + 0.06), colour.map(|c| c * 0.8 + 0.2)));
    }
    let outline = [[0.76, belt], [0.86, belt - 0.1], [HALF, 0.66], [0.89, 0.42], [0.82, 0.24]];
    stage.part(rig, Path::mirrored(&outline).rounded(0.07), |_| 0.0, &Coat::Paint(colour));
    let bumper = [[0.9, 0.5], [0.91, 0.42], [0.86, 0.25]];
    stage.part(rig, Path::mirrored(&bumper).rounded(0.04), |_| -0.05, &Coat::Paint(colour.map(|c| c * 0.86)));
    stage.part(rig, Path::mirrored(&[[0.72, 0.34], [0.66, 0.22]]).rounded(0.03), |_| -0.06, &Coat::Flat(TRIM));
}

fn lights(stage: &mut Stage, vehicle: &Vehicle, frame: &Frame) {
    let belt = frame.belt;
    let (x0, x1, y0, y1) = match vehicle.body {
        Body::VanRear => (0.76, 0.89, 0.78, 1.25),
        Body::SuvRear => (0.62, 0.88, belt - 0.26, belt - 0.06),
        Body::HatchRear => (0.64, 0.88, belt - 0.3, belt - 0.06),
        _ => (0.46, 0.87, belt - 0.22, belt - 0.07),
    };
    let red = if vehicle.lit { LIT } else { RED };
    for side in [-1.0_f32, 1.0] {
        let rect = |a: f32, b: f32, c: f32, d: f32, r: f32| {
            Path::round_rect((side * a).min(side * b), c, (side * a).max(side * b), d, r)
        };
        let depth = |p: [f32; 2]| (p[0].abs() - 0.6).max(0.0) * 0.3;
        stage.part(&vehicle.rig, rect(x0 - 0.008, x1 + 0.006, y0 - 0.008, y1 + 0.008, 0.045), depth, &Coat::Flat(TRIM));
        stage.part(
            &vehicle.rig,
            rect(x0, x1, y0, y1, 0.04),
            depth,
            &Coat::Fade(red.map(|c| c * 1.1 + 0.05), red.map(|c| c * 0.75)),
        );
        let (mid, low) = ((x0 + x1) / 2.0, y0 + (y1 - y0) * 0.45);
        stage.part(&vehicle.rig, rect(x0 + 0.02, mid, y0 + 0.02, low, 0.02), depth, &Coat::Flat([0.82, 0.78, 0.74]));
        stage.part(
            &vehicle.rig,
            rect(mid + 0.02, x1 - 0.02, y0 + 0.02, low, 0.02),
            depth,
            &Coat::Flat([0.85, 0.5, 0.12]),
        );
        stage.part(
            &vehicle.rig,
            rect(x0 + 0.02, x1 - 0.03, low + 0.02, y1 - 0.02, 0.02),
            depth,
            &Coat::Glaze([1.0, 0.6, 0.55], 0.3),
        );
        if vehicle.lit {
            stage.lamp(&vehicle.rig, [side * (x0 + x1) / 2.0, (y0 + y1) / 2.0, 0.0], 0.16, [0.85, 0.12, 0.06]);
        }
        stage.part(&vehicle.rig, rect(0.68, 0.83, 0.3, 0.34, 0.015), |_| -0.06, &Coat::Flat(RED));
    }
}

fn details(stage: &mut Stage, vehicle: &Vehicle, frame: &Frame) {
    let (rig, belt) = (&vehicle.rig, frame.belt);
    let seam = Coat::Glaze([0.0; 3], 0.5);
    if vehicle.body == Body::VanRear {
        stage.part(rig, Path::rect(-0.006, 0.4, 0.006, frame.roof - 0.05), |_| -0.01, &seam);
        stage.part(rig, Path::round_rect(0.02, 0.95, 0.06, 1.12, 0.01), |_| -0.02, &Coat::Flat(TRIM));
    } else {
        for y in [belt - 0.035, 0.515] {
            stage.part(rig, Path::rect(-0.82, y, 0.82, y + 0.008), |_| -0.005, &seam);
        }
        stage.part(rig, Path::ellipse([0.0, belt - 0.09], 0.045, 0.04), |_| -0.01, &Coat::Fade([0.9; 3], [0.4; 3]));
    }
    let [x, y, _] = vehicle.plate_at();
    let hollow = Path::round_rect(x - 0.33, y - 0.125, x + 0.33, y + 0.115, 0.04);
    stage.part(rig, hollow, |_| -0.005, &Coat::Fade(vehicle.colour.map(|c| c * 0.42), vehicle.colour.map(|c| c * 0.8)));
    stage.part(
        rig,
        Path::round_rect(x - 0.3, y + 0.118, x + 0.3, y + 0.145, 0.012),
        |_| -0.02,
        &Coat::Fade([0.78; 3], [0.42; 3]),
    );
    stage.part(rig, Path::round_rect(-0.62, 0.2, -0.48, 0.25, 0.02), |_| -0.03, &Coat::Flat([0.3; 3]));
}
