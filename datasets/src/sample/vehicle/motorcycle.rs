//! A motorcycle and its rider from behind.

use super::{RUBBER, TRIM, Vehicle};
use crate::sample::path::Path;
use crate::sample::stage::{Coat, Rig, Stage};

pub(super) fn draw(stage: &mut Stage, vehicle: &Vehicle) {
    let rig = &vehicle.rig;
    for (grow, alpha) in [(0.25, 0.2), (0.12, 0.3), (0.0, 0.4)] {
        let (x, z) = (0.16 + grow, 1.9 + grow);
        stage.panel(
            rig,
            &[[-x, 0.0, z], [x, 0.0, z], [x, 0.0, -0.1], [-x, 0.0, -0.1]],
            0.1,
            &Coat::Glaze([0.02; 3], alpha),
        );
    }
    machine(stage, vehicle, rig);
    rider(stage, rig);
    tail(stage, vehicle, rig);
}

fn machine(stage: &mut Stage, vehicle: &Vehicle, rig: &Rig) {
    stage.part(rig, Path::round_rect(-0.09, 0.0, 0.09, 0.64, 0.08), |_| 0.1, &Coat::Fade([0.1; 3], RUBBER));
    stage.part(rig, Path::round_rect(0.14, 0.24, 0.26, 0.42, 0.05), |_| 0.2, &Coat::Fade([0.75; 3], [0.3; 3]));
    for side in [-1.0, 1.0] {
        let bar = [[side * 0.1, 1.06], [side * 0.42, 1.14], [side * 0.42, 1.1], [side * 0.1, 1.02]];
        stage.part(rig, Path::polygon(&bar), |_| 1.1, &Coat::Flat(TRIM));
        stage.part(rig, Path::ellipse([side * 0.4, 1.26], 0.09, 0.06), |_| 1.1, &Coat::Fade([0.2; 3], TRIM));
        let swing = [[side * 0.12, 0.36], [side * 0.17, 0.36], [side * 0.2, 0.8], [side * 0.13, 0.8]];
        stage.part(rig, Path::polygon(&swing), |_| 0.15, &Coat::Flat([0.28; 3]));
    }
    stage.part(
        rig,
        Path::mirrored(&[[0.2, 0.98], [0.24, 0.8], [0.14, 0.68]]).rounded(0.06),
        |_| 0.1,
        &Coat::Paint(vehicle.colour),
    );
}

fn rider(stage: &mut Stage, rig: &Rig) {
    let (jeans, jacket) = ([0.16, 0.2, 0.3], [0.2, 0.2, 0.22]);
    for side in [-1.0, 1.0] {
        let leg = [
            [side * 0.1, 0.95],
            [side * 0.3, 0.9],
            [side * 0.36, 0.6],
            [side * 0.3, 0.3],
            [side * 0.2, 0.3],
            [side * 0.22, 0.62],
        ];
        stage.part(rig, Path::polygon(&leg).rounded(0.06), |_| 0.5, &Coat::Fade(jeans.map(|c| c * 1.2), jeans));
        let arm =
            [[side * 0.2, 1.46], [side * 0.32, 1.38], [side * 0.42, 1.12], [side * 0.34, 1.1], [side * 0.22, 1.28]];
        stage.part(rig, Path::polygon(&arm).rounded(0.06), |_| 0.7, &Coat::Paint(jacket));
    }
    stage.part(
        rig,
        Path::mirrored(&[[0.14, 1.53], [0.26, 1.44], [0.21, 1.1], [0.25, 0.88]]).rounded(0.07),
        |_| 0.45,
        &Coat::Paint(jacket),
    );
    stage.part(rig, Path::ellipse([0.0, 1.66], 0.135, 0.16), |_| 0.5, &Coat::Paint([0.75, 0.74, 0.72]));
    stage.part(rig, Path::rect(-0.13, 1.62, 0.13, 1.66), |_| 0.49, &Coat::Glaze([0.6, 0.08, 0.06], 0.8));
}

fn tail(stage: &mut Stage, vehicle: &Vehicle, rig: &Rig) {
    let red = if vehicle.lit { [0.95, 0.16, 0.1] } else { [0.62, 0.06, 0.06] };
    stage.part(rig, Path::round_rect(-0.12, 0.8, 0.12, 0.87, 0.03), |_| -0.02, &Coat::Fade(red, red.map(|c| c * 0.7)));
    stage.part(rig, Path::round_rect(-0.05, 0.5, 0.05, 0.8, 0.02), |_| 0.0, &Coat::Flat(TRIM));
    for side in [-1.0, 1.0] {
        stage.part(rig, Path::ellipse([side * 0.22, 0.79], 0.05, 0.03), |_| -0.02, &Coat::Flat([0.86, 0.48, 0.1]));
    }
    if vehicle.lit {
        stage.lamp(rig, [0.0, 0.835, 0.0], 0.12, [0.8, 0.1, 0.05]);
    }
}
