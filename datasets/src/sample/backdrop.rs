//! Road, sky, and what stands around.

use super::canvas::Rgb;
use super::geometry::{mix3, ramp, scale3};
use super::noise;
use super::path::Path;
use super::stage::{Coat, Rig, Stage};

/// Where a scene takes place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Under the canopy of a toll plaza, between two islands.
    Plaza,
    /// A street with houses.
    Street,
    /// An open road with trees and hills.
    Country,
    /// Indoors.
    Garage,
}

/// The world's own space.
const WORLD: Rig = Rig { x: 0.0, z: 20.0, yaw: 0.0 };
/// Half a lane, and where the kerb is.
const LANE: f32 = 1.75;

pub(super) fn draw(stage: &mut Stage, place: Place) {
    sky(stage, place);
    match place {
        Place::Plaza | Place::Street => hills(stage, 0.5),
        Place::Country => hills(stage, 1.0),
        Place::Garage => {}
    }
    road(stage, place);
    match place {
        Place::Plaza => plaza(stage),
        Place::Street => {
            trees(stage, 36.0);
            houses(stage);
        }
        Place::Country => trees(stage, 0.0),
        Place::Garage => pillars(stage),
    }
}

fn sky(stage: &mut Stage, place: Place) {
    let (w, seed) = (stage.canvas.width, stage.seed);
    let horizon = stage.camera.project([0.0, stage.camera.height, 100.0])[1];
    let (top, low): (Rgb, Rgb) = match place {
        Place::Garage => ([0.30, 0.30, 0.29], [0.42, 0.41, 0.39]),
        _ => ([0.47, 0.62, 0.80], [0.83, 0.88, 0.91]),
    };
    for (i, pixel) in stage.canvas.pixels.iter_mut().enumerate() {
        let (x, y) = ((i % w) as f32, (i / w) as f32);
        let t = ramp(-200.0, horizon, y);
        let cloud = ramp(
            0.5,
            0.9,
            noise::smooth(seed, x / 170.0, y / 45.0) * 0.7 + 0.3 * noise::smooth(seed, x / 50.0, y / 20.0),
        );
        let veil = if place == Place::Garage { 0.0 } else { 0.5 * cloud };
        *pixel = mix3(mix3(top, low, t), [0.95, 0.95, 0.96], veil);
        if y > horizon {
            break;
        }
    }
}

fn hills(stage: &mut Stage, height: f32) {
    let seed = stage.seed;
    for (layer, colour) in [(0u32, [0.56, 0.64, 0.70]), (1, [0.40, 0.49, 0.44])] {
        let z = 400.0 - 150.0 * layer as f32;
        let mut points = vec![[200.0, -2.0, z], [-200.0, -2.0, z]];
        points.extend((0..=40).map(|i| {
            let x = -200.0 + 10.0 * i as f32;
            [x, 3.0 + height * 22.0 * noise::smooth(seed ^ layer, x / 45.0, layer as f32), z]
        }));
        stage.panel(&WORLD, &points, 0.0, &Coat::Fade(colour, scale3(colour, 0.85)));
    }
}

/// Trees on both sides, none nearer than `from` metres.
fn trees(stage: &mut Stage, from: f32) {
    let seed = stage.seed;
    for i in 0..26 {
        let pick = |k: i32| noise::at(seed, i, k);
        let (z, side) = (90.0 - 2.8 * i as f32, if i % 2 == 0 { 1.0 } else { -1.0 });
        if z < from {
            continue;
        }
        let (x, tall) = (side * (7.0 + 12.0 * pick(0)), 4.0 + 4.0 * pick(1));
        stage.part(
            &WORLD,
            Path::rect(x - 0.18, 0.0, x + 0.18, tall * 0.5),
            |_| z - 20.0,
            &Coat::Flat([0.24, 0.19, 0.15]),
        );
        for k in 0..18 {
            let around = [pick(3 * k + 2) - 0.5, pick(3 * k + 3) - 0.5];
            let at = [x + around[0] * tall * 0.75, tall * (0.68 + 0.55 * around[1])];
            let green =
                mix3([0.12, 0.22, 0.10], [0.32, 0.40, 0.18], 0.5 + around[1] * 0.6 + 0.3 * (pick(3 * k + 4) - 0.5));
            let crown = Path::ellipse(at, tall * 0.15, tall * 0.12);
            stage.part(&WORLD, crown, |_| z - 20.0, &Coat::Fade(scale3(green, 1.2), scale3(green, 0.75)));
        }
    }
}

fn houses(stage: &mut Stage) {
    let seed = stage.seed;
    for i in 0..16 {
        let pick = |k: i32| noise::at(seed, i, k);
        let (z, x, wide, tall) = (34.0 - pick(0), -28.0 + 3.6 * i as f32, 3.4 + pick(1), 6.0 + 7.0 * pick(2));
        if (-5.8 - wide..2.4).contains(&x) {
            continue;
        }
        let wall = mix3([0.52, 0.42, 0.36], [0.74, 0.70, 0.62], pick(3));
        let depth = |_: [f32; 2]| z - 20.0;
        stage.part(&WORLD, Path::rect(x, 0.0, x + wide, tall), depth, &Coat::Fade(wall, scale3(wall, 0.8)));
        for row in 0..(tall / 2.6) as i32 {
            for column in 0..2 {
                let (left, low) = (x + 0.5 + 1.5 * column as f32, 0.9 + 2.6 * row as f32);
                let glass = mix3([0.16, 0.2, 0.25], [0.5, 0.58, 0.65], noise::at(seed, i * 31 + row, column));
                stage.part(
                    &WORLD,
                    Path::rect(left - 0.08, low - 0.08, left + 0.98, low + 1.48),
                    depth,
                    &Coat::Flat([0.85, 0.83, 0.8]),
                );
                stage.part(
                    &WORLD,
                    Path::rect(left, low, left + 0.9, low + 1.4),
                    depth,
                    &Coat::Fade(glass, scale3(glass, 0.7)),
                );
            }
        }
    }
}

/// Asphalt, markings and kerbs, each pixel traced to the road.
fn road(stage: &mut Stage, place: Place) {
    let (w, seed, camera) = (stage.canvas.width, stage.seed, stage.camera);
    for (i, pixel) in stage.canvas.pixels.iter_mut().enumerate() {
        let seen = [(i % w) as f32 + 0.5, (i / w) as f32 + 0.5];
        let Some([x, z]) = camera.road(seen) else { continue };
        if z > 300.0 {
            continue;
        }
        // A pixel's width on the road: texture finer than that fades out, edges are softened by as much.
        let fine = z / camera.focal;
        let coarse = noise::smooth(seed ^ 3, x * 1.3, z * 0.5) - 0.5;
        let grain =
            (noise::smooth(seed ^ 5, x * 28.0, z * 28.0) - 0.5) * (0.02 / fine).min(1.0).min(0.35 / (fine * 28.0));
        let mut colour = scale3(ground(place), 1.0 + 0.14 * coarse + 0.16 * grain);
        let line = ramp(0.06 + fine, 0.06 - fine, (x.abs() - LANE + 0.15).abs());
        colour = mix3(colour, [0.80, 0.80, 0.77], line * if place == Place::Country { 0.8 } else { 0.65 });
        colour = mix3(colour, verge(place, coarse), ramp(LANE, LANE + 2.0 * fine, x.abs()) * shoulder(place, x));
        let haze = ramp(30.0, 300.0, z);
        *pixel = mix3(colour, [0.74, 0.79, 0.82], 0.5 * haze);
    }
}

fn ground(place: Place) -> Rgb {
    match place {
        Place::Plaza => [0.45, 0.45, 0.44],
        Place::Street => [0.33, 0.33, 0.34],
        Place::Country => [0.38, 0.38, 0.39],
        Place::Garage => [0.40, 0.39, 0.37],
    }
}

fn verge(place: Place, coarse: f32) -> Rgb {
    match place {
        Place::Country => scale3([0.36, 0.42, 0.22], 1.0 + 0.5 * coarse),
        Place::Plaza => [0.62, 0.61, 0.58],
        _ => [0.52, 0.51, 0.49],
    }
}

/// How much of the verge shows: a second lane lies to the left, except between toll islands.
fn shoulder(place: Place, x: f32) -> f32 {
    match place {
        Place::Plaza => 1.0,
        Place::Garage => 0.0,
        _ => {
            if x < 0.0 && x > -3.0 * LANE {
                0.0
            } else {
                1.0
            }
        }
    }
}

/// Toll islands with booths, a canopy and signals.
fn plaza(stage: &mut Stage) {
    let block = |stage: &mut Stage, x0: f32, y0: f32, x1: f32, y1: f32, z: f32, coat: Coat| {
        stage.part(&WORLD, Path::rect(x0, y0, x1, y1), |_| z - 20.0, &coat);
    };
    for x in [-9.4, -4.7, 4.7, 9.4] {
        block(stage, x - 0.25, 0.0, x + 0.25, 4.2, 40.0, Coat::Fade([0.6; 3], [0.45; 3]));
    }
    block(stage, -16.0, 3.9, 16.0, 4.9, 40.0, Coat::Fade([0.88, 0.89, 0.9], [0.66, 0.68, 0.7]));
    block(stage, -16.0, 3.9, 16.0, 4.1, 40.0, Coat::Flat([0.12, 0.33, 0.55]));
    for lane in [-2.0, -1.0, 0.0, 1.0, 2.0] {
        let colour = if lane == 0.0 { [0.2, 0.8, 0.35] } else { [0.85, 0.2, 0.15] };
        block(stage, lane * 4.6 - 0.5, 4.15, lane * 4.6 + 0.5, 4.85, 39.9, Coat::Flat([0.08; 3]));
        stage.part(&WORLD, Path::ellipse([lane * 4.6, 4.5], 0.26, 0.26), |_| 19.9, &Coat::Flat(colour));
    }
    for side in [-1.0, 1.0] {
        for k in [2.6_f32, 7.2] {
            let x = side * k;
            block(stage, x - 0.55, 0.15, x + 0.55, 2.7, 21.0, Coat::Fade([0.85, 0.84, 0.8], [0.66, 0.65, 0.62]));
            block(stage, x - 0.45, 1.2, x + 0.45, 2.3, 20.9, Coat::Fade([0.5, 0.6, 0.68], [0.15, 0.18, 0.2]));
            block(stage, x - 0.62, 2.6, x + 0.62, 2.8, 20.8, Coat::Flat([0.12, 0.33, 0.55]));
            for stripe in 0..4 {
                let colour = if stripe % 2 == 0 { [0.9, 0.72, 0.1] } else { [0.1; 3] };
                let y = 0.25 * stripe as f32;
                block(stage, x - 0.22, y, x + 0.22, y + 0.25, 17.0, Coat::Flat(colour));
            }
        }
    }
}

fn pillars(stage: &mut Stage) {
    for z in [30.0_f32, 21.0, 14.0] {
        let shade = 0.75 + 3.0 / z;
        for x in [-5.4, -2.7, 2.7, 5.4] {
            let depth = |_: [f32; 2]| z - 20.0;
            let wall = scale3([0.5, 0.49, 0.46], shade);
            stage.part(&WORLD, Path::rect(x - 0.25, 0.0, x + 0.25, 3.4), depth, &Coat::Fade(wall, scale3(wall, 0.8)));
            stage.part(
                &WORLD,
                Path::rect(x - 0.25, 0.0, x + 0.25, 0.9),
                depth,
                &Coat::Fade([0.75, 0.6, 0.12], [0.6, 0.48, 0.1]),
            );
        }
        stage.part(
            &WORLD,
            Path::rect(-9.0, 2.9, 9.0, 3.5),
            |_| z - 20.0,
            &Coat::Flat(scale3([0.36, 0.36, 0.35], shade)),
        );
        stage.part(&WORLD, Path::rect(-1.2, 2.82, 1.2, 2.9), |_| z - 20.0, &Coat::Flat([0.98, 0.98, 0.94]));
    }
}
