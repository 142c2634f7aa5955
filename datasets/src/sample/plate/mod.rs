//! Number plates, drawn flat in millimetres and then laid into the scene.

mod styles;

pub(super) use styles::Style;

use super::canvas::{Canvas, Rgb};
use super::geometry::{P2, Unproject, mix3, scale3};
use super::lettering::{Font, Ink};
use super::noise;
use super::path::Path;

/// Pixels per millimetre of the flat drawing: four times finer than the plates appear in the photos.
const FINE: f32 = 2.0;

/// What a plate says and how it looks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plate {
    pub style: Style,
    /// The text as it is written: `|` begins a new line, `*` is a seal.
    pub text: &'static str,
}

impl Plate {
    /// Width and height in metres.
    pub(super) fn size(&self) -> P2 {
        self.style.size_mm().map(|v| v / 1000.0)
    }

    /// The text as it is labelled.
    pub(super) fn label(&self) -> String {
        self.text.chars().filter(|c| c.is_ascii_uppercase() || c.is_ascii_digit()).collect()
    }

    /// Draws the plate flat. `dirt` goes from 0 (new) to 1.
    pub(super) fn draw(&self, seed: u32, dirt: f32) -> Sheet {
        let [w, h] = self.style.size_mm();
        let mut sheet = Sheet::new(w, h);
        self.style.draw(&mut sheet, self.text);
        sheet.weather(seed, dirt);
        sheet
    }
}

/// A flat drawing addressed in millimetres from its top left corner.
pub(super) struct Sheet {
    canvas: Canvas,
    width: f32,
    height: f32,
}

impl Sheet {
    fn new(width: f32, height: f32) -> Self {
        let canvas = Canvas::new((width * FINE) as usize, (height * FINE) as usize, [1.0; 3]);
        Self { canvas, width, height }
    }

    fn fill(&mut self, path: Path, colour: Rgb) {
        self.canvas.fill(&path.map(|p| p.map(|v| v * FINE)), colour);
    }

    /// A wash from `top` to `bottom` over the rows `y0..y1`.
    fn wash(&mut self, y0: f32, y1: f32, top: Rgb, bottom: Rgb) {
        let path = Path::rect(0.0, y0, self.width, y1).map(|p| p.map(|v| v * FINE));
        self.canvas.paint(&path, |p| (mix3(top, bottom, (p[1] / FINE - y0) / (y1 - y0)), 1.0));
    }

    /// A line of `thickness` along the edge, `inset` from it.
    fn border(&mut self, inset: f32, thickness: f32, radius: f32, colour: Rgb) {
        let ring = |i: f32| Path::round_rect(i, i, self.width - i, self.height - i, radius);
        self.fill(ring(inset).minus(ring(inset + thickness)), colour);
    }

    fn dot(&mut self, centre: P2, radius: f32, colour: Rgb) {
        self.fill(Path::ellipse(centre, radius, radius), colour);
    }

    /// Writes `text`, `height` high, with the middle of its upper edge at `top`, made narrower where it would be wider than `room`.
    fn write(&mut self, font: &Font, text: &str, top: P2, height: f32, room: f32, ink: Ink) {
        let wanted = font.measure(text) * height;
        let squeeze = (room / wanted).min(1.0);
        let font = Font { width: font.width * squeeze, gap: font.gap * squeeze, space: font.space * squeeze, ..*font };
        let left = top[0] - font.measure(text) * height / 2.0;
        font.write(&mut self.canvas, text, [left * FINE, top[1] * FINE], height * FINE, &ink);
    }

    /// Uneven reflection, road dust from below, and specks.
    fn weather(&mut self, seed: u32, dirt: f32) {
        let (w, h) = (self.canvas.width, self.canvas.height as f32);
        for (i, pixel) in self.canvas.pixels.iter_mut().enumerate() {
            let (x, y) = ((i % w) as f32, (i / w) as f32);
            let broad = noise::smooth(seed, x / 90.0, y / 90.0);
            let fine = noise::smooth(seed ^ 77, x / 7.0, y / 7.0);
            let shade = 0.96 + 0.06 * broad - 0.05 * y / h;
            let dust = dirt * (0.15 + 0.5 * broad * fine + 0.25 * y / h);
            *pixel = mix3(scale3(*pixel, shade), [0.42, 0.38, 0.33], dust.clamp(0.0, 0.8));
        }
    }

    /// Lays the drawing into the photo so that its corners come to lie on `quad` (clockwise from top left), with every pixel the
    /// mean of 16 samples.
    pub(super) fn lay(&self, photo: &mut Canvas, quad: [P2; 4], radius_mm: f32) {
        let map = Unproject::new(quad);
        let outline = Path::polygon(&quad).bounds();
        let range = |low: f32, high: f32, end: usize| (low.max(0.0) as usize)..(high.max(0.0) as usize + 1).min(end);
        for y in range(outline[1], outline[3], photo.height) {
            for x in range(outline[0], outline[2], photo.width) {
                let (mut sum, mut inside) = ([0.0; 3], 0.0);
                for k in 0..16 {
                    let p = [x as f32 + ((k % 4) as f32 + 0.5) / 4.0, y as f32 + ((k / 4) as f32 + 0.5) / 4.0];
                    let at = map.at(p);
                    let at = [at[0] * self.width, at[1] * self.height];
                    if self.covers(at, radius_mm) {
                        let c = self.canvas.sample([at[0] * FINE, at[1] * FINE]);
                        sum = [sum[0] + c[0], sum[1] + c[1], sum[2] + c[2]];
                        inside += 1.0;
                    }
                }
                if inside > 0.0 {
                    let pixel = &mut photo.pixels[y * photo.width + x];
                    *pixel = mix3(*pixel, scale3(sum, 1.0 / inside), inside / 16.0);
                }
            }
        }
    }

    /// Whether a point lies on the plate, its corners rounded.
    fn covers(&self, at: P2, radius: f32) -> bool {
        let beyond = |v: f32, end: f32| (radius - v).max(v - end + radius).max(0.0);
        let (dx, dy) = (beyond(at[0], self.width), beyond(at[1], self.height));
        dx * dx + dy * dy <= radius * radius
    }
}
