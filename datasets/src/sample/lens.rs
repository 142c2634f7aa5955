//! What happens to light between the scene and the file: night, glare, blur, rain, noise.

use super::canvas::Canvas;
use super::geometry::{P2, mix3, ramp};
use super::noise;
use super::stage::Lamp;

/// A photo's faults. The default is a good photo.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lens {
    /// Light that is left of the day's: 1 at noon, about 0.1 at night.
    pub ambient: f32,
    /// Light of the camera's own flash on what is before it.
    pub flash: f32,
    /// Strength of the lamps' halos.
    pub glare: f32,
    /// Radius of the defocus in pixels.
    pub defocus: f32,
    /// Way of the motion blur in pixels.
    pub motion: P2,
    /// Rain: 0 none to 1, which also takes the contrast.
    pub rain: f32,
    /// Deviation of the brightness noise.
    pub noise: f32,
}

pub(super) const GOOD: Lens =
    Lens { ambient: 1.0, flash: 0.0, glare: 0.0, defocus: 0.5, motion: [0.0, 0.0], rain: 0.0, noise: 0.006 };

impl Lens {
    /// Takes the photo; `aim` is where the flash points.
    pub(super) fn expose(&self, canvas: &mut Canvas, lamps: &[Lamp], aim: P2, seed: u32) {
        self.light(canvas, aim);
        if self.glare > 0.0 {
            lamps.iter().for_each(|lamp| halo(canvas, lamp, self.glare));
        }
        if self.motion != [0.0, 0.0] {
            drag(canvas, self.motion);
        }
        if self.defocus > 0.0 {
            defocus(canvas, self.defocus);
        }
        if self.rain > 0.0 {
            rain(canvas, self.rain, seed);
        }
        grain(canvas, self.noise, seed);
    }

    fn light(&self, canvas: &mut Canvas, aim: P2) {
        let (w, reach) = (canvas.width, canvas.width as f32 * 0.45);
        let cold = [0.92 + 0.08 * self.ambient, 0.95 + 0.05 * self.ambient, 1.0];
        for (i, pixel) in canvas.pixels.iter_mut().enumerate() {
            let (dx, dy) = (((i % w) as f32 - aim[0]) / reach, ((i / w) as f32 - aim[1]) / reach);
            let d = dx * dx + dy * dy;
            let fall = 1.0 + 1.6 * d;
            let light = (self.ambient + self.flash / (fall * fall)) * (1.0 - 0.07 * d).max(0.6);
            *pixel = [pixel[0] * light * cold[0], pixel[1] * light * cold[1], pixel[2] * light];
        }
    }
}

/// Adds a lamp's halo and its flat streak.
fn halo(canvas: &mut Canvas, lamp: &Lamp, glare: f32) {
    let w = canvas.width;
    for (i, pixel) in canvas.pixels.iter_mut().enumerate() {
        let (dx, dy) = ((i % w) as f32 - lamp.at[0], (i / w) as f32 - lamp.at[1]);
        let d = (dx * dx + dy * dy) / (lamp.radius * lamp.radius);
        let streak = (dx * dx / 60.0 + dy * dy * 8.0) / (lamp.radius * lamp.radius);
        let light = glare * (1.0 / ((1.0 + d) * (1.0 + d)) + 0.25 / ((1.0 + streak) * (1.0 + streak)));
        for (channel, colour) in pixel.iter_mut().zip(lamp.colour) {
            *channel += colour * light;
        }
    }
}

/// The mean of samples along the way, one a pixel.
fn drag(canvas: &mut Canvas, way: P2) {
    let steps = (way[0].abs().max(way[1].abs()) as usize).max(1) + 1;
    let (w, h) = (canvas.width, canvas.height);
    let mut out = Vec::with_capacity(w * h);
    for y in 0..h {
        for x in 0..w {
            let mut sum = [0.0; 3];
            for k in 0..steps {
                let t = k as f32 / (steps - 1) as f32 - 0.5;
                let c = canvas.sample([x as f32 + 0.5 + way[0] * t, y as f32 + 0.5 + way[1] * t]);
                sum = [sum[0] + c[0], sum[1] + c[1], sum[2] + c[2]];
            }
            out.push(sum.map(|v| v / steps as f32));
        }
    }
    canvas.pixels = out;
}

/// A tent filter over rows, then over columns.
fn defocus(canvas: &mut Canvas, radius: f32) {
    let reach = radius as usize + 1;
    let weights: Vec<f32> = (0..=reach).map(|i| (1.0 - i as f32 / (radius + 1.0)).max(0.0)).collect();
    let total = weights[0] + 2.0 * weights[1..].iter().sum::<f32>();
    let weights: Vec<f32> = weights.iter().map(|w| w / total).collect();
    let (w, h) = (canvas.width, canvas.height);
    for (step, line, lines) in [(1, w, h), (w, h, w)] {
        let mut out = canvas.pixels.clone();
        let between = if step == 1 { w } else { 1 };
        for l in 0..lines {
            for i in 0..line {
                let at = |k: usize| canvas.pixels[l * between + k * step];
                let mut sum = at(i).map(|v| v * weights[0]);
                for (k, weight) in weights.iter().enumerate().skip(1) {
                    let (a, b) = (at(i.saturating_sub(k)), at((i + k).min(line - 1)));
                    for c in 0..3 {
                        sum[c] += (a[c] + b[c]) * weight;
                    }
                }
                out[l * between + i * step] = sum;
            }
        }
        canvas.pixels = out;
    }
}

/// Mist and slanting streaks.
fn rain(canvas: &mut Canvas, amount: f32, seed: u32) {
    let w = canvas.width;
    for (i, pixel) in canvas.pixels.iter_mut().enumerate() {
        let (x, y) = ((i % w) as f32, (i / w) as f32);
        let streak = ramp(0.80, 0.98, noise::smooth(seed ^ 9, (x + y * 0.18) / 1.7, y / 26.0));
        *pixel = mix3(*pixel, [0.62, 0.65, 0.68], amount * (0.45 + 0.3 * streak));
    }
}

/// Brightness noise, stronger in the dark, and the end of the range.
fn grain(canvas: &mut Canvas, deviation: f32, seed: u32) {
    for (i, pixel) in canvas.pixels.iter_mut().enumerate() {
        let n = noise::gauss(noise::hash(seed ^ noise::hash(i as u32)))
            * deviation
            * (1.3 - 0.6 * pixel[1].clamp(0.0, 1.0));
        *pixel = pixel.map(|v| (v + n).clamp(0.0, 1.0));
    }
}
