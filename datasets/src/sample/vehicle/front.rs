//! Sedan and SUV from the front.

use super::{Body, Frame, HALF, RUBBER, TRIM, Vehicle, flank, greenhouse, ground};
use crate::sample::path::Path;
use crate::sample::stage::{Coat, Stage};

pub(super) fn draw(stage: &mut Stage, vehicle: &Vehicle) {
    let frame = vehicle.frame();
    ground(stage, &vehicle.rig, frame.length);
    flank(stage, vehicle, &frame);
    greenhouse(stage, vehicle, &frame);
    bonnet(stage, vehicle, &frame);
    face(stage, vehicle, &frame);
    headlights(stage, vehicle, &frame);
}

/// The height of the bonnet's edge.
fn edge(frame: &Frame) -> f32 {
    frame.belt - 0.2
}

fn bonnet(stage: &mut Stage, vehicle: &Vehicle, frame: &Frame) {
    let (rig, colour, y) = (&vehicle.rig, vehicle.colour, edge(frame));
    let top = [
        [-0.74, frame.belt, frame.deck],
        [0.74, frame.belt, frame.deck],
        [0.82, y - 0.02, 0.06],
        [-0.82, y - 0.02, 0.06],
    ];
    stage.panel(rig, &top, 0.05, &Coat::Fade(colour.map(|c| c * 0.75 + 0.2), colour.map(|c| c * 0.95 + 0.08)));
    for side in [-1.0, 1.0] {
        let crease = [
            [side * 0.42, frame.belt, frame.deck],
            [side * 0.43, frame.belt, frame.deck],
            [side * 0.5, y, 0.06],
            [side * 0.48, y, 0.06],
        ];
        stage.panel(rig, &crease, 0.0, &Coat::Glaze([0.0; 3], 0.25));
        let (a, b) = (side * 0.74, side * 0.96);
        let mirror = Path::round_rect(a.min(b), frame.belt + 0.03, a.max(b), frame.belt + 0.16, 0.05);
        stage.part(rig, mirror, |_| frame.deck + 0.3, &Coat::Paint(colour.map(|c| c * 0.9)));
    }
}

fn face(stage: &mut Stage, vehicle: &Vehicle, frame: &Frame) {
    let (rig, colour, y) = (&vehicle.rig, vehicle.colour, edge(frame));
    let outline = [[0.78, y], [0.87, y - 0.1], [HALF, 0.5], [0.88, 0.34], [0.8, 0.2]];
    stage.part(rig, Path::mirrored(&outline).rounded(0.07), |_| 0.0, &Coat::Paint(colour));
    let (low, high) = (if vehicle.body == Body::SuvFront { 0.6 } else { 0.54 }, y - 0.05);
    stage.part(rig, Path::mirrored(&[[0.46, high], [0.38, low]]).rounded(0.05), |_| -0.01, &Coat::Flat([0.55; 3]));
    stage.part(
        rig,
        Path::mirrored(&[[0.44, high - 0.015], [0.365, low + 0.015]]).rounded(0.04),
        |_| -0.015,
        &Coat::Flat(RUBBER),
    );
    for i in 1..4 {
        let bar = low + (high - low) * i as f32 / 4.0;
        stage.part(rig, Path::rect(-0.4, bar - 0.006, 0.4, bar + 0.006), |_| -0.016, &Coat::Flat([0.32; 3]));
    }
    stage.part(rig, Path::ellipse([0.0, high - 0.06], 0.055, 0.055), |_| -0.02, &Coat::Fade([0.92; 3], [0.45; 3]));
    stage.part(rig, Path::mirrored(&[[0.6, 0.33], [0.52, 0.2]]).rounded(0.04), |_| -0.02, &Coat::Flat(TRIM));
    for side in [-1.0, 1.0] {
        stage.part(rig, Path::ellipse([side * 0.7, 0.34], 0.06, 0.045), |_| -0.02, &Coat::Fade([0.3; 3], [0.75; 3]));
    }
}

fn headlights(stage: &mut Stage, vehicle: &Vehicle, frame: &Frame) {
    let y = edge(frame) - 0.06;
    for side in [-1.0, 1.0] {
        let lens = [[side * 0.5, y], [side * 0.86, y + 0.02], [side * 0.88, y - 0.1], [side * 0.56, y - 0.13]];
        let depth = |p: [f32; 2]| (p[0].abs() - 0.5).max(0.0) * 0.35 - 0.01;
        stage.part(
            &vehicle.rig,
            Path::polygon(&lens).rounded(0.04),
            depth,
            &Coat::Fade([0.85, 0.88, 0.92], [0.42, 0.45, 0.5]),
        );
        for (x, r) in [(0.64, 0.045), (0.77, 0.038)] {
            let white = if vehicle.lit { [1.0, 0.98, 0.92] } else { [0.72, 0.75, 0.8] };
            stage.part(&vehicle.rig, Path::ellipse([side * x, y - 0.055], r, r), depth, &Coat::Flat(white));
        }
        if vehicle.lit {
            stage.lamp(&vehicle.rig, [side * 0.68, y - 0.055, 0.0], 0.2, [1.5, 1.42, 1.25]);
        }
    }
}
