//! Skeletons of A–Z and 0–9, drawn for this project after what number plates have in common: even strokes, flat ends, round bows.
//!
//! Coordinates run over the skeleton's own box, 0..1 to the right and down; the stroke's half width lies outside of it. Ends of
//! diagonals reach beyond 0..1 and are cut off level with the letter's top and foot.

/// One move of the pen.
#[derive(Clone, Copy, Debug)]
pub(super) enum Pen {
    /// Starts a new stroke.
    To(f32, f32),
    /// A straight line.
    Line(f32, f32),
    /// A quarter of an ellipse: the corner its tangents meet in, and its end.
    Bow(f32, f32, f32, f32),
}

use Pen::{Bow, Line, To};

/// A character's skeleton and its width relative to the font's common width.
#[derive(Clone, Copy, Debug)]
pub(super) struct Glyph {
    pub width: f32,
    pub pen: &'static [Pen],
}

/// Where bows of full width begin, from the top.
const T: f32 = 0.28;
/// Where they begin from the foot.
const F: f32 = 1.0 - T;

/// The skeleton of a character; `None` for what has none, such as a space.
pub(super) fn glyph(character: char) -> Option<Glyph> {
    let (width, pen) = match character {
        '0' => (0.94, ZERO),
        '1' => (0.62, ONE),
        '2' => (0.96, TWO),
        '3' => (0.96, THREE),
        '4' => (1.0, FOUR),
        '5' => (0.96, FIVE),
        '6' => (0.96, SIX),
        '7' => (0.94, SEVEN),
        '8' => (0.96, EIGHT),
        '9' => (0.96, NINE),
        'M' => (1.16, M),
        'W' => (1.3, W),
        'I' => (0.0, I),
        'A'..='Z' => (letter_width(character), letter(character)?),
        '-' => (0.5, DASH),
        '.' => (0.0, DOT),
        _ => return None,
    };
    Some(Glyph { width, pen })
}

fn letter_width(character: char) -> f32 {
    match character {
        'E' | 'F' | 'L' | 'J' => 0.9,
        'A' | 'O' | 'Q' | 'V' | 'X' | 'Y' => 1.08,
        _ => 1.0,
    }
}

fn letter(character: char) -> Option<&'static [Pen]> {
    Some(match character {
        'A' => &[To(-0.05, 1.1), Line(0.45, -0.1), Line(0.55, -0.1), Line(1.05, 1.1), To(0.2, 0.68), Line(0.8, 0.68)],
        'B' => B,
        'C' => &[
            To(1.0, 0.27),
            Bow(1.0, 0.0, 0.5, 0.0),
            Bow(0.0, 0.0, 0.0, T),
            Line(0.0, F),
            Bow(0.0, 1.0, 0.5, 1.0),
            Bow(1.0, 1.0, 1.0, 0.73),
        ],
        'D' => &[
            To(0.0, 0.0),
            Line(0.42, 0.0),
            Bow(1.0, 0.0, 1.0, 0.34),
            Line(1.0, 0.66),
            Bow(1.0, 1.0, 0.42, 1.0),
            Line(0.0, 1.0),
            Line(0.0, 0.0),
        ],
        'E' => &[To(1.0, 0.0), Line(0.0, 0.0), Line(0.0, 1.0), Line(1.0, 1.0), To(0.0, 0.48), Line(0.82, 0.48)],
        'F' => &[To(1.0, 0.0), Line(0.0, 0.0), Line(0.0, 1.0), To(0.0, 0.5), Line(0.8, 0.5)],
        'G' => G,
        'H' => &[To(0.0, 0.0), Line(0.0, 1.0), To(1.0, 0.0), Line(1.0, 1.0), To(0.0, 0.49), Line(1.0, 0.49)],
        'J' => &[To(1.0, 0.0), Line(1.0, F), Bow(1.0, 1.0, 0.5, 1.0), Bow(0.0, 1.0, 0.0, 0.7)],
        'K' => &[To(0.0, 0.0), Line(0.0, 1.0), To(1.03, -0.1), Line(0.04, 0.64), To(0.36, 0.4), Line(1.05, 1.1)],
        'L' => &[To(0.0, 0.0), Line(0.0, 1.0), Line(1.0, 1.0)],
        'N' => &[To(0.0, 1.0), Line(0.0, 0.0), To(0.03, 0.0), Line(0.97, 1.0), To(1.0, 1.0), Line(1.0, 0.0)],
        'O' => &[
            To(0.5, 0.0),
            Bow(1.0, 0.0, 1.0, 0.33),
            Line(1.0, 0.67),
            Bow(1.0, 1.0, 0.5, 1.0),
            Bow(0.0, 1.0, 0.0, 0.67),
            Line(0.0, 0.33),
            Bow(0.0, 0.0, 0.5, 0.0),
        ],
        'P' => &[
            To(0.0, 1.0),
            Line(0.0, 0.0),
            Line(0.55, 0.0),
            Bow(1.0, 0.0, 1.0, 0.28),
            Bow(1.0, 0.56, 0.55, 0.56),
            Line(0.0, 0.56),
        ],
        'Q' => Q,
        'R' => R,
        'S' => S,
        'T' => &[To(0.0, 0.0), Line(1.0, 0.0), To(0.5, 0.0), Line(0.5, 1.0)],
        'U' => &[To(0.0, 0.0), Line(0.0, F), Bow(0.0, 1.0, 0.5, 1.0), Bow(1.0, 1.0, 1.0, F), Line(1.0, 0.0)],
        'V' => &[To(-0.05, -0.1), Line(0.45, 1.1), Line(0.55, 1.1), Line(1.05, -0.1)],
        'X' => &[To(-0.04, -0.1), Line(1.04, 1.1), To(1.04, -0.1), Line(-0.04, 1.1)],
        'Y' => &[To(-0.06, -0.1), Line(0.5, 0.56), Line(1.06, -0.1), To(0.5, 0.56), Line(0.5, 1.0)],
        'Z' => &[To(0.0, 0.0), Line(0.97, 0.0), To(0.97, 0.0), Line(0.03, 1.0), To(0.03, 1.0), Line(1.0, 1.0)],
        _ => return None,
    })
}

const ZERO: &[Pen] = &[
    To(0.5, 0.0),
    Bow(1.0, 0.0, 1.0, T),
    Line(1.0, F),
    Bow(1.0, 1.0, 0.5, 1.0),
    Bow(0.0, 1.0, 0.0, F),
    Line(0.0, T),
    Bow(0.0, 0.0, 0.5, 0.0),
];
const ONE: &[Pen] = &[To(0.85, 1.0), Line(0.85, 0.0), To(0.85, 0.02), Line(0.05, 0.25)];
const TWO: &[Pen] = &[
    To(0.02, 0.27),
    Bow(0.02, 0.0, 0.5, 0.0),
    Bow(1.0, 0.0, 1.0, 0.26),
    Bow(1.0, 0.4, 0.8, 0.54),
    Line(0.04, 1.0),
    To(0.04, 1.0),
    Line(1.0, 1.0),
];
const THREE: &[Pen] = &[
    To(0.02, 0.24),
    Bow(0.04, 0.0, 0.5, 0.0),
    Bow(0.96, 0.0, 0.96, 0.24),
    Bow(0.96, 0.48, 0.52, 0.48),
    Line(0.38, 0.48),
    To(0.52, 0.48),
    Bow(1.0, 0.48, 1.0, 0.74),
    Bow(1.0, 1.0, 0.5, 1.0),
    Bow(0.0, 1.0, 0.0, 0.74),
];
const FOUR: &[Pen] = &[To(0.72, 1.0), Line(0.72, 0.0), To(0.7, -0.02), Line(0.0, 0.74), Line(1.03, 0.74)];
const FIVE: &[Pen] = &[
    To(0.93, 0.0),
    Line(0.1, 0.0),
    Line(0.05, 0.46),
    To(0.05, 0.47),
    Bow(0.2, 0.38, 0.5, 0.38),
    Bow(1.0, 0.38, 1.0, 0.69),
    Bow(1.0, 1.0, 0.5, 1.0),
    Bow(0.0, 1.0, 0.0, 0.77),
];
const SIX: &[Pen] = &[
    To(0.96, 0.22),
    Bow(0.96, 0.0, 0.5, 0.0),
    Bow(0.0, 0.0, 0.0, 0.3),
    Line(0.0, F),
    Bow(0.0, 1.0, 0.5, 1.0),
    Bow(1.0, 1.0, 1.0, 0.71),
    Bow(1.0, 0.42, 0.5, 0.42),
    Bow(0.02, 0.42, 0.0, 0.66),
];
const SEVEN: &[Pen] = &[To(0.0, 0.0), Line(0.98, 0.0), To(0.98, 0.0), Line(0.34, 1.1)];
const EIGHT: &[Pen] = &[
    To(0.5, 0.0),
    Bow(0.95, 0.0, 0.95, 0.235),
    Bow(0.95, 0.47, 0.5, 0.47),
    Bow(0.05, 0.47, 0.05, 0.235),
    Bow(0.05, 0.0, 0.5, 0.0),
    To(0.5, 0.47),
    Bow(1.0, 0.47, 1.0, 0.735),
    Bow(1.0, 1.0, 0.5, 1.0),
    Bow(0.0, 1.0, 0.0, 0.735),
    Bow(0.0, 0.47, 0.5, 0.47),
];
const NINE: &[Pen] = &[
    To(0.04, 0.78),
    Bow(0.04, 1.0, 0.5, 1.0),
    Bow(1.0, 1.0, 1.0, 0.7),
    Line(1.0, T),
    Bow(1.0, 0.0, 0.5, 0.0),
    Bow(0.0, 0.0, 0.0, 0.29),
    Bow(0.0, 0.58, 0.5, 0.58),
    Bow(0.98, 0.58, 1.0, 0.34),
];
const B: &[Pen] = &[
    To(0.52, 0.48),
    Bow(0.94, 0.48, 0.94, 0.24),
    Bow(0.94, 0.0, 0.52, 0.0),
    Line(0.0, 0.0),
    Line(0.0, 1.0),
    Line(0.52, 1.0),
    Bow(1.0, 1.0, 1.0, 0.74),
    Bow(1.0, 0.48, 0.52, 0.48),
    Line(0.0, 0.48),
];
const G: &[Pen] = &[
    To(1.0, 0.25),
    Bow(1.0, 0.0, 0.5, 0.0),
    Bow(0.0, 0.0, 0.0, T),
    Line(0.0, F),
    Bow(0.0, 1.0, 0.5, 1.0),
    Bow(1.0, 1.0, 1.0, F),
    Line(1.0, 0.53),
    Line(0.56, 0.53),
];
const I: &[Pen] = &[To(0.5, 0.0), Line(0.5, 1.0)];
const M: &[Pen] =
    &[To(0.0, 1.0), Line(0.0, 0.0), To(0.02, 0.0), Line(0.5, 0.62), Line(0.98, 0.0), To(1.0, 0.0), Line(1.0, 1.0)];
const Q: &[Pen] = &[
    To(0.5, 0.0),
    Bow(1.0, 0.0, 1.0, 0.33),
    Line(1.0, 0.67),
    Bow(1.0, 1.0, 0.5, 1.0),
    Bow(0.0, 1.0, 0.0, 0.67),
    Line(0.0, 0.33),
    Bow(0.0, 0.0, 0.5, 0.0),
    To(0.58, 0.7),
    Line(1.06, 1.1),
];
const R: &[Pen] = &[
    To(0.0, 1.0),
    Line(0.0, 0.0),
    Line(0.55, 0.0),
    Bow(1.0, 0.0, 1.0, 0.27),
    Bow(1.0, 0.54, 0.55, 0.54),
    Line(0.0, 0.54),
    To(0.5, 0.54),
    Line(1.05, 1.1),
];
const S: &[Pen] = &[
    To(0.97, 0.25),
    Bow(0.97, 0.0, 0.5, 0.0),
    Bow(0.03, 0.0, 0.03, 0.245),
    Bow(0.03, 0.43, 0.5, 0.49),
    Bow(1.0, 0.55, 1.0, 0.745),
    Bow(1.0, 1.0, 0.5, 1.0),
    Bow(0.0, 1.0, 0.0, 0.75),
];
const W: &[Pen] = &[
    To(-0.03, -0.1),
    Line(0.24, 1.1),
    Line(0.27, 1.1),
    Line(0.5, 0.2),
    Line(0.73, 1.1),
    Line(0.76, 1.1),
    Line(1.03, -0.1),
];
const DASH: &[Pen] = &[To(0.0, 0.52), Line(1.0, 0.52)];
const DOT: &[Pen] = &[To(0.5, 0.99), Line(0.5, 1.0)];
