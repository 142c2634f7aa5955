//! What all cars have: a shadow, wheels, a flank and a greenhouse.

use super::{Body, Frame, HALF, RUBBER, Vehicle};
use crate::sample::geometry::{P2, P3};
use crate::sample::path::Path;
use crate::sample::stage::{Coat, Rig, Stage};

/// What lies under every car: its shadow and two wheels.
pub(super) fn ground(stage: &mut Stage, rig: &Rig, length: f32) {
    for step in 0..10 {
        let grow = 0.3 - 0.03 * step as f32;
        let (x, z0, z1) = (HALF + grow, -0.12 - grow, length + grow);
        let coat = Coat::Glaze([0.02, 0.02, 0.03], 0.06 + 0.012 * step as f32);
        stage.panel(rig, &[[-x, 0.0, z1], [x, 0.0, z1], [x, 0.0, z0], [-x, 0.0, z0]], 0.25, &coat);
    }
    for side in [-1.0_f32, 1.0] {
        let (inner, outer) = (side * 0.62, side * 0.84);
        let tyre = Path::round_rect(inner.min(outer), 0.0, inner.max(outer), 0.6, 0.05);
        stage.part(rig, tyre, |_| 0.25, &Coat::Flat(RUBBER));
    }
}

/// The flank that the camera sees, if it stands beside the car.
pub(super) fn flank(stage: &mut Stage, vehicle: &Vehicle, frame: &Frame) {
    let viewer = vehicle.rig.viewer_x();
    if viewer.abs() < HALF {
        return;
    }
    windows(stage, vehicle, frame, viewer.signum());
    let (x, belt, end) = (HALF * 0.97 * viewer.signum(), frame.belt, frame.length);
    let rig = &vehicle.rig;
    let body = [[x, belt - 0.03, 0.02], [x, belt - 0.1, end], [x, 0.3, end], [x, 0.28, 0.02]];
    stage.panel(rig, &body, 0.06, &Coat::Paint(vehicle.colour.map(|c| c * 0.78)));
    for z in [end * 0.2, end * 0.8] {
        for (radius, colour) in [(0.36, [0.03; 3]), (0.31, RUBBER), (0.19, [0.5, 0.51, 0.53])] {
            let circle = Path::ellipse([z, 0.32], radius, radius).contours.concat();
            let points: Vec<P3> = circle.iter().map(|p| [x, p[1], p[0]]).collect();
            stage.panel(rig, &points, 0.0, &Coat::Flat(colour));
        }
    }
}

/// The slanting side above the belt: pillar, glass and the shoulder below.
fn windows(stage: &mut Stage, vehicle: &Vehicle, frame: &Frame, side: f32) {
    let Frame { belt, roof, deck, roof_at, length, .. } = *frame;
    let (foot, top) = (0.77 * side, frame.roof_half * side);
    let shell = [
        [foot, belt - 0.04, deck],
        [top, roof - 0.03, roof_at],
        [top, roof - 0.03, length * 0.6],
        [foot, belt - 0.04, length * 0.75],
    ];
    stage.panel(&vehicle.rig, &shell, 0.06, &Coat::Flat(vehicle.colour.map(|c| c * 0.7)));
    let inset = [[0.09, 0.3], [-0.09, 0.2], [-0.09, -0.1], [0.09, -0.25]];
    let glass: Vec<P3> = shell.iter().zip(inset).map(|(p, by)| [p[0], p[1] + by[0], p[2] + by[1]]).collect();
    stage.panel(&vehicle.rig, &glass, 0.04, &Coat::Fade([0.3, 0.34, 0.38], [0.08, 0.09, 0.1]));
    let x = HALF * 0.97 * side;
    let shoulder = [[x, belt - 0.05, 0.02], [foot, belt, deck], [foot, belt, length * 0.75], [x, belt - 0.1, length]];
    stage.panel(&vehicle.rig, &shoulder, 0.0, &Coat::Flat(vehicle.colour.map(|c| c * 0.85)));
}

/// Roof, pillars and the window in them.
pub(super) fn greenhouse(stage: &mut Stage, vehicle: &Vehicle, frame: &Frame) {
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
