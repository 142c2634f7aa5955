//! The countries' plates: sizes, colours, lettering, and what stands beside the number.

use super::Sheet;
use crate::sample::canvas::Rgb;
use crate::sample::geometry::P2;
use crate::sample::lettering::{Font, Ink};
use crate::sample::path::Path;

/// A way plates look.
#[derive(Clone, Copy, Debug)]
pub(in crate::sample) enum Style {
    /// White with a blue band and the country's letters, 520 × 110 mm. `*` is the German seals.
    Eu(&'static str),
    /// The same with a yellow face.
    EuYellow(&'static str),
    /// Blue bands at both ends, as in France and Italy.
    EuTwoBands(&'static str),
    /// Two lines, 280 × 200 mm.
    EuSquare(&'static str),
    /// Yellow, black letters of even width, 520 × 111 mm.
    UkRear,
    /// The same in white, for the front.
    UkFront,
    /// 12 × 6 inches: colours of the face (top, bottom) and the ink, a header and a footer.
    Us { face: [Rgb; 2], ink: Rgb, header: &'static str, footer: &'static str },
    /// Grey, the city on top, 400 × 130 mm.
    BrazilGrey(&'static str),
    /// White with a blue band on top, 400 × 130 mm.
    Mercosul,
    /// The same in two lines for motorcycles, 200 × 170 mm.
    MercosulMotorcycle,
    /// Two lines, white or (commercial) yellow, 340 × 200 mm.
    India { yellow: bool },
}

const INK: Rgb = [0.05, 0.05, 0.06];
const WHITE: Rgb = [0.93, 0.93, 0.91];
const YELLOW: Rgb = [0.96, 0.76, 0.12];
const BLUE: Rgb = [0.05, 0.16, 0.52];

/// Even strokes, as on German plates.
const DIN: Font = Font { width: 0.60, stroke: 0.073, gap: 0.12, space: 0.28, round: false };
/// After the UK's regulations: 79 mm high, 50 wide, 14 stroke, 11 between.
const UK: Font = Font { width: 0.633, stroke: 0.0886, gap: 0.139, space: 0.30, round: false };
/// Embossed with a round tool, narrow.
const US: Font = Font { width: 0.50, stroke: 0.066, gap: 0.12, space: 0.26, round: true };
/// Heavy and wide.
const BRAZIL: Font = Font { width: 0.68, stroke: 0.078, gap: 0.13, space: 0.3, round: false };
/// Small print.
const SMALL: Font = Font { width: 0.66, stroke: 0.09, gap: 0.22, space: 0.5, round: true };

/// The twelve directions of a clock face; √3/2 is 0.866.
const CLOCK: [P2; 12] = [
    [0.0, -1.0],
    [0.5, -0.866],
    [0.866, -0.5],
    [1.0, 0.0],
    [0.866, 0.5],
    [0.5, 0.866],
    [0.0, 1.0],
    [-0.5, 0.866],
    [-0.866, 0.5],
    [-1.0, 0.0],
    [-0.866, -0.5],
    [-0.5, -0.866],
];

impl Style {
    pub(super) fn size_mm(self) -> P2 {
        match self {
            Self::Eu(_) | Self::EuYellow(_) | Self::EuTwoBands(_) => [520.0, 110.0],
            Self::EuSquare(_) => [280.0, 200.0],
            Self::UkRear | Self::UkFront => [520.0, 111.0],
            Self::Us { .. } => [305.0, 152.0],
            Self::BrazilGrey(_) | Self::Mercosul => [400.0, 130.0],
            Self::MercosulMotorcycle => [200.0, 170.0],
            Self::India { .. } => [340.0, 200.0],
        }
    }

    pub(super) fn draw(self, sheet: &mut Sheet, text: &str) {
        match self {
            Self::Eu(country) => eu(sheet, WHITE, country, false, text),
            Self::EuYellow(country) => eu(sheet, YELLOW, country, false, text),
            Self::EuTwoBands(country) => eu(sheet, WHITE, country, true, text),
            Self::EuSquare(country) => eu_square(sheet, country, text),
            Self::UkRear => uk(sheet, YELLOW, text),
            Self::UkFront => uk(sheet, WHITE, text),
            Self::Us { face, ink, header, footer } => us(sheet, face, ink, [header, footer], text),
            Self::BrazilGrey(city) => brazil_grey(sheet, city, text),
            Self::Mercosul => mercosul(sheet, 30.0, &[text]),
            Self::MercosulMotorcycle => mercosul(sheet, 30.0, &lines(text)),
            Self::India { yellow } => india(sheet, yellow, text),
        }
    }
}

fn lines(text: &str) -> Vec<&str> {
    text.split('|').collect()
}

fn embossed(colour: Rgb) -> Ink {
    Ink { colour, relief: 2.0 }
}

fn face(sheet: &mut Sheet, colour: Rgb) {
    let [r, g, b] = colour;
    sheet.wash(0.0, sheet.height, [r * 1.02, g * 1.02, b * 1.02], [r * 0.95, g * 0.95, b * 0.95]);
}

/// The blue band with its ring of stars and the country.
fn band(sheet: &mut Sheet, x: f32, stars: bool, country: &str) {
    let (top, bottom) = (4.0, sheet.height.min(112.0) - 4.0);
    sheet.fill(Path::round_rect(x, top, x + 40.0, bottom, 5.0), BLUE);
    if stars {
        for d in CLOCK {
            sheet.dot([x + 20.0 + d[0] * 13.0, 32.0 + d[1] * 13.0], 2.2, YELLOW);
        }
    }
    let height = if country.len() > 1 { 20.0 } else { 26.0 };
    sheet.write(&SMALL, country, [x + 20.0, bottom - 12.0 - height], height, 30.0, Ink::flat(WHITE));
}

fn eu(sheet: &mut Sheet, colour: Rgb, country: &str, two_bands: bool, text: &str) {
    face(sheet, colour);
    sheet.border(1.0, 3.0, 9.0, INK);
    band(sheet, 4.0, true, country);
    if two_bands {
        band(sheet, 476.0, false, "");
    }
    let (left, right) = (52.0, if two_bands { 468.0 } else { 508.0 });
    let Some((area, number)) = text.split_once('*') else {
        return sheet.write(&DIN, text, [(left + right) / 2.0, 17.5], 75.0, right - left - 14.0, embossed(INK));
    };
    let (wide, seal) = (DIN.measure(area) * 75.0, 56.0);
    let room = DIN.measure(number) * 75.0;
    let start = left + ((right - left - wide - seal - room) / 2.0).max(0.0);
    sheet.write(&DIN, area, [start + wide / 2.0, 17.5], 75.0, wide, embossed(INK));
    let middle = start + wide + seal / 2.0;
    sheet.dot([middle, 33.0], 15.0, [0.88, 0.45, 0.22]);
    sheet.dot([middle, 33.0], 7.0, [0.95, 0.8, 0.5]);
    sheet.dot([middle, 76.0], 18.0, [0.75, 0.75, 0.72]);
    sheet.dot([middle, 76.0], 9.0, [0.45, 0.42, 0.4]);
    let left = start + wide + seal;
    let room = room.min(right - left);
    sheet.write(&DIN, number, [left + room / 2.0, 17.5], 75.0, room, embossed(INK));
}

fn eu_square(sheet: &mut Sheet, country: &str, text: &str) {
    face(sheet, WHITE);
    sheet.border(1.0, 3.0, 9.0, INK);
    band(sheet, 4.0, true, country);
    let lines = lines(text);
    let middles = [158.0, 140.0];
    for ((i, line), middle) in lines.iter().enumerate().zip(middles) {
        let room = if i == 0 { 205.0 } else { 250.0 };
        sheet.write(&DIN, line, [middle, 17.0 + 92.0 * i as f32], 75.0, room, embossed(INK));
    }
}

fn uk(sheet: &mut Sheet, colour: Rgb, text: &str) {
    face(sheet, colour);
    sheet.write(&UK, text, [260.0, 15.0], 79.0, 490.0, Ink::flat(INK));
    sheet.write(&SMALL, "TOLLGATE MOTORS", [260.0, 100.5], 6.5, 200.0, Ink::flat(INK));
    for x in [110.0, 410.0] {
        sheet.dot([x, 104.0], 3.0, [0.55; 3]);
    }
}

fn us(sheet: &mut Sheet, colours: [Rgb; 2], ink: Rgb, print: [&str; 2], text: &str) {
    sheet.wash(0.0, sheet.height, colours[0], colours[1]);
    sheet.border(3.0, 1.5, 12.0, ink);
    for x in [62.0, 243.0] {
        for y in [10.0, 142.0] {
            sheet.fill(Path::round_rect(x - 8.0, y - 3.0, x + 8.0, y + 3.0, 3.0), [0.35; 3]);
        }
    }
    sheet.write(&SMALL, print[0], [152.5, 12.0], 18.0, 160.0, Ink::flat(ink));
    sheet.write(&US, text, [152.5, 39.0], 74.0, 272.0, embossed(ink));
    sheet.write(&SMALL, print[1], [152.5, 127.0], 12.0, 150.0, Ink::flat(ink));
}

fn brazil_grey(sheet: &mut Sheet, city: &str, text: &str) {
    face(sheet, [0.70, 0.71, 0.72]);
    sheet.border(2.0, 3.0, 8.0, INK);
    sheet.fill(Path::round_rect(95.0, 9.0, 305.0, 36.0, 4.0), [0.62, 0.63, 0.64]);
    sheet.write(&SMALL, city, [200.0, 13.0], 18.0, 195.0, Ink::flat(INK));
    for x in [40.0, 360.0] {
        sheet.dot([x, 22.0], 5.0, [0.3; 3]);
    }
    sheet.write(&BRAZIL, text, [200.0, 46.0], 66.0, 376.0, embossed(INK));
}

fn mercosul(sheet: &mut Sheet, top: f32, lines: &[&str]) {
    face(sheet, WHITE);
    sheet.fill(Path::rect(0.0, 0.0, sheet.width, top), [0.02, 0.2, 0.6]);
    let middle = sheet.width / 2.0;
    sheet.write(&SMALL, "BRASIL", [middle, 9.0], 14.0, 120.0, Ink::flat(WHITE));
    let flag = sheet.width - 36.0;
    sheet.fill(Path::round_rect(flag, 6.0, flag + 26.0, 24.0, 2.0), [0.05, 0.5, 0.25]);
    sheet.fill(
        Path::polygon(&[[flag + 13.0, 8.0], [flag + 23.0, 15.0], [flag + 13.0, 22.0], [flag + 3.0, 15.0]]),
        YELLOW,
    );
    sheet.dot([flag + 13.0, 15.0], 4.0, BLUE);
    sheet.border(1.0, 2.5, 8.0, INK);
    let room = sheet.height - top - 10.0;
    let height = (room / lines.len() as f32 - 6.0).min(66.0);
    let step = room / lines.len() as f32;
    for (i, line) in lines.iter().enumerate() {
        let y = top + 4.0 + step * i as f32 + (step - height) / 2.0;
        sheet.write(&DIN, line, [middle, y], height, sheet.width - 26.0, embossed(INK));
    }
}

fn india(sheet: &mut Sheet, yellow: bool, text: &str) {
    face(sheet, if yellow { YELLOW } else { WHITE });
    sheet.border(2.0, 3.0, 10.0, INK);
    sheet.write(&SMALL, "IND", [28.0, 92.0], 12.0, 36.0, Ink::flat(BLUE));
    for (i, line) in lines(text).iter().enumerate() {
        sheet.write(&UK, line, [176.0, 18.0 + 90.0 * i as f32], 74.0, 284.0, embossed(INK));
    }
}
