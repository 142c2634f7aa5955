//! Text in strokes: each pixel's distance to the skeleton decides how much ink it has.

use super::canvas::{Canvas, Rgb};
use super::geometry::{P2, mix3};
use super::glyphs::{Glyph, Pen, glyph};
use super::path::quarter;

/// How the skeletons are dressed. Lengths are parts of the letter's height.
#[derive(Clone, Copy, Debug)]
pub(super) struct Font {
    /// Width of a letter of common width, ink included.
    pub width: f32,
    /// Half the width of a stroke.
    pub stroke: f32,
    /// Between letters.
    pub gap: f32,
    /// Width of a space.
    pub space: f32,
    /// Round ends (embossed plates) rather than square ones.
    pub round: bool,
}

impl Font {
    /// The width of a text in parts of its height.
    pub(super) fn measure(&self, text: &str) -> f32 {
        let sum: f32 = text.chars().map(|c| self.advance(c)).sum();
        sum - self.gap
    }

    fn advance(&self, c: char) -> f32 {
        glyph(c).map_or(self.space, |g| self.ink(&g) + self.gap)
    }

    fn ink(&self, glyph: &Glyph) -> f32 {
        (self.width * glyph.width).max(2.0 * self.stroke)
    }

    /// Writes text with its top left corner at `at`, `height` pixels high.
    pub(super) fn write(&self, canvas: &mut Canvas, text: &str, at: P2, height: f32, ink: &Ink) {
        let mut x = at[0];
        for c in text.chars() {
            if let Some(glyph) = glyph(c) {
                let size = [self.ink(&glyph) * height, height];
                let stamp = Stamp::new(self, &glyph, [x, at[1]], size);
                for (shift, colour, alpha) in ink.layers() {
                    stamp.press(canvas, shift, colour, alpha);
                }
            }
            x += self.advance(c) * height;
        }
    }
}

/// What letters are made of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ink {
    pub colour: Rgb,
    /// How far embossed letters stand out, in pixels: a light edge above, a dark one below. 0 is flat print.
    pub relief: f32,
}

impl Ink {
    pub(super) fn flat(colour: Rgb) -> Self {
        Self { colour, relief: 0.0 }
    }

    fn layers(&self) -> impl Iterator<Item = (f32, Rgb, f32)> {
        let edges = [(self.relief, [0.25; 3], 0.45), (-self.relief, [1.0; 3], 0.6)];
        edges.into_iter().filter(|e| e.0 != 0.0).chain([(0.0, self.colour, 1.0)])
    }
}

/// One letter's ink per pixel.
struct Stamp {
    x: i32,
    y: i32,
    w: usize,
    ink: Vec<f32>,
}

/// A straight piece of a stroke and whether it ends at either side.
struct Piece {
    a: P2,
    b: P2,
    ends: [bool; 2],
}

impl Stamp {
    fn new(font: &Font, glyph: &Glyph, at: P2, size: P2) -> Self {
        let r = font.stroke * size[1];
        let place = |p: P2| [at[0] + r + p[0] * (size[0] - 2.0 * r), at[1] + r + p[1] * (size[1] - 2.0 * r)];
        let (x, y) = ((at[0] - r - 2.0).floor() as i32, (at[1] - 2.0).floor() as i32);
        let (w, h) = ((size[0] + 2.0 * r + 5.0) as usize, (size[1] + 5.0) as usize);
        let mut distance = vec![f32::MAX; w * h];
        for piece in pieces(glyph.pen, place) {
            piece.measure(&mut distance, [x, y], w, r, font.round);
        }
        let rows = distance.chunks_exact(w).enumerate();
        let ink = rows.flat_map(|(j, row)| {
            let centre = (y + j as i32) as f32 + 0.5;
            let outside = (at[1] - centre).max(centre - at[1] - size[1]);
            row.iter().map(move |d| (0.5 - (d - r).max(outside)).clamp(0.0, 1.0))
        });
        Self { x, y, w, ink: ink.collect() }
    }

    fn press(&self, canvas: &mut Canvas, shift: f32, colour: Rgb, alpha: f32) {
        let shift = shift.round() as i32;
        for (j, row) in (self.y + shift..).zip(self.ink.chunks_exact(self.w)) {
            for (i, ink) in (self.x + shift..).zip(row) {
                if *ink > 0.0 && (0..canvas.width as i32).contains(&i) && (0..canvas.height as i32).contains(&j) {
                    let pixel = &mut canvas.pixels[j as usize * canvas.width + i as usize];
                    *pixel = mix3(*pixel, colour, ink * alpha);
                }
            }
        }
    }
}

fn pieces(pen: &[Pen], place: impl Fn(P2) -> P2) -> Vec<Piece> {
    let mut strokes: Vec<Vec<P2>> = Vec::new();
    let mut last = [0.0, 0.0];
    for &step in pen {
        let (start, points) = match step {
            Pen::To(x, y) => (true, vec![[x, y]]),
            Pen::Line(x, y) => (false, vec![[x, y]]),
            Pen::Bow(cx, cy, x, y) => (false, quarter(last, [cx, cy], [x, y]).collect()),
        };
        if start {
            strokes.push(Vec::new());
        }
        last = points.last().copied().unwrap_or(last);
        if let Some(stroke) = strokes.last_mut() {
            stroke.extend(points);
        }
    }
    let pairs = strokes.iter().flat_map(|s| {
        let last = s.len().saturating_sub(2);
        s.windows(2).enumerate().map(move |(i, p)| (p[0], p[1], [i == 0, i == last]))
    });
    pairs.map(|(a, b, ends)| Piece { a: place(a), b: place(b), ends }).collect()
}

impl Piece {
    /// Lowers the distances of the pixels around this piece. A square end's distance is that of a box.
    fn measure(&self, distance: &mut [f32], origin: [i32; 2], w: usize, r: f32, round: bool) {
        let d = [self.b[0] - self.a[0], self.b[1] - self.a[1]];
        let length = (d[0] * d[0] + d[1] * d[1]).sqrt().max(1e-6);
        let u = [d[0] / length, d[1] / length];
        let reach = r * 1.5 + 2.0;
        let h = distance.len() / w;
        let span = |k: usize, end: usize| {
            let (low, high) = (self.a[k].min(self.b[k]) - reach, self.a[k].max(self.b[k]) + reach);
            let clip = |v: f32| (v - origin[k] as f32).clamp(0.0, end as f32) as usize;
            clip(low)..clip(high)
        };
        for j in span(1, h) {
            for i in span(0, w) {
                let p = [origin[0] as f32 + i as f32 + 0.5 - self.a[0], origin[1] as f32 + j as f32 + 0.5 - self.a[1]];
                let along = p[0] * u[0] + p[1] * u[1];
                let across = (p[0] * u[1] - p[1] * u[0]).abs();
                let (beyond, end) =
                    if along < 0.0 { (-along, self.ends[0]) } else { ((along - length).max(0.0), self.ends[1]) };
                let near = if end && !round { across.max(beyond) } else { (across * across + beyond * beyond).sqrt() };
                let slot = &mut distance[j * w + i];
                *slot = slot.min(near);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FONT: Font = Font { width: 0.62, stroke: 0.075, gap: 0.1, space: 0.3, round: false };

    fn drawn(text: &str) -> Canvas {
        let mut canvas = Canvas::new(60, 60, [1.0; 3]);
        FONT.write(&mut canvas, text, [6.0, 6.0], 48.0, &Ink::flat([0.0; 3]));
        canvas
    }

    fn ink(canvas: &Canvas) -> f32 {
        canvas.pixels.iter().map(|p| 1.0 - p[0]).sum()
    }

    #[test]
    fn every_plate_character_is_drawn_and_unlike_the_others() {
        let characters: Vec<char> = ('A'..='Z').chain('0'..='9').collect();
        let pictures: Vec<Canvas> = characters.iter().map(|c| drawn(&c.to_string())).collect();
        for (i, a) in pictures.iter().enumerate() {
            assert!(ink(a) > 300.0, "{} has ink {}", characters[i], ink(a));
            for (j, b) in pictures.iter().enumerate().skip(i + 1) {
                let differ: f32 = a.pixels.iter().zip(&b.pixels).map(|(p, q)| (p[0] - q[0]).abs()).sum();
                assert!(differ > 60.0, "{} and {} differ by {differ}", characters[i], characters[j]);
            }
        }
    }

    #[test]
    fn text_is_as_wide_as_measured_and_as_high_as_asked() {
        let canvas = drawn("H");
        let dark = |i: usize| canvas.pixels[i][0] < 0.5;
        let inked: Vec<(usize, usize)> = (0..3600).filter(|&i| dark(i)).map(|i| (i % 60, i / 60)).collect();
        let (left, right) = (inked.iter().map(|p| p.0).min().unwrap(), inked.iter().map(|p| p.0).max().unwrap());
        let (top, foot) = (inked.iter().map(|p| p.1).min().unwrap(), inked.iter().map(|p| p.1).max().unwrap());
        assert_eq!((top, foot), (6, 53));
        let width = FONT.measure("H") * 48.0;
        assert!(left == 6 && ((right + 1 - left) as f32 - width).abs() <= 1.0, "{left} {right} {width}");
        assert!((FONT.measure("HH") - 2.0 * FONT.measure("H") - FONT.gap).abs() < 1e-6);
    }

    #[test]
    fn what_has_no_skeleton_leaves_room_only() {
        assert_eq!(ink(&drawn(" ")), 0.0);
    }
}
