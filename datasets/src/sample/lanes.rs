//! The scenes themselves: three lanes of one morning, and one night.

use super::backdrop::Place::{Country, Garage, Plaza, Street};
use super::canvas::Rgb;
use super::lens::{GOOD, Lens};
use super::plate::Style;
use super::plate::Style::{
    BrazilGrey, Eu, EuSquare, EuTwoBands, EuYellow, India, Mercosul, MercosulMotorcycle, UkFront, UkRear,
};
use super::shot::{Shot, car, shot};
use super::vehicle::Body::{HatchRear, Motorcycle, SedanFront, SedanRear, SuvFront, SuvRear, VanRear};

const SILVER: Rgb = [0.66, 0.68, 0.70];
const BLACK: Rgb = [0.13, 0.13, 0.15];
const PEARL: Rgb = [0.86, 0.86, 0.85];
const NAVY: Rgb = [0.14, 0.22, 0.40];
const WINE: Rgb = [0.52, 0.11, 0.12];
const GREEN: Rgb = [0.16, 0.33, 0.26];
const SAND: Rgb = [0.66, 0.58, 0.46];
const GREY: Rgb = [0.36, 0.38, 0.40];

const CALIFORNIA: Style =
    Style::Us { face: [[0.95; 3], [0.92; 3]], ink: [0.09, 0.14, 0.36], header: "CALIFORNIA", footer: "SAMPLE.ORG" };
const TEXAS: Style =
    Style::Us { face: [[0.94; 3], [0.94; 3]], ink: [0.07, 0.07, 0.08], header: "TEXAS", footer: "THE LONE STAR STATE" };
const FLORIDA: Style = Style::Us {
    face: [[0.80, 0.90, 0.82], [0.96, 0.94, 0.88]],
    ink: [0.05, 0.32, 0.22],
    header: "FLORIDA",
    footer: "SUNSHINE STATE",
};
const NEW_YORK: Style = Style::Us {
    face: [[0.95, 0.72, 0.16], [0.93, 0.68, 0.14]],
    ink: [0.06, 0.09, 0.26],
    header: "NEW YORK",
    footer: "EMPIRE STATE",
};
const OREGON: Style = Style::Us {
    face: [[0.70, 0.82, 0.93], [0.95, 0.93, 0.90]],
    ink: [0.12, 0.17, 0.32],
    header: "OREGON",
    footer: "PACIFIC WONDERLAND",
};

const NIGHT: Lens = Lens { ambient: 0.10, flash: 0.62, glare: 0.6, noise: 0.012, defocus: 0.8, ..GOOD };
const DUSK: Lens = Lens { ambient: 0.45, flash: 0.15, glare: 0.22, noise: 0.009, ..GOOD };
const RAIN: Lens = Lens { ambient: 0.75, rain: 0.55, noise: 0.006, defocus: 0.8, ..GOOD };

/// All scenes, lane by lane.
pub(super) fn shots() -> Vec<Shot> {
    [europe(), americas(), far_and_wide()].concat()
}

fn europe() -> Vec<Shot> {
    vec![
        shot(
            1,
            "081502",
            Plaza,
            vec![car(HatchRear, SILVER, [0.0, 6.6], 0.02, Eu("D"), "B*KW 4217")],
            "German plate with seals, by day",
        ),
        shot(
            1,
            "081519",
            Plaza,
            vec![car(SedanRear, BLACK, [0.1, 6.2], -0.03, Eu("D"), "HH*TK 815")],
            "German plate on a black sedan",
        ),
        shot(
            1,
            "081544",
            Plaza,
            vec![car(SuvRear, PEARL, [-0.1, 6.8], 0.0, EuTwoBands("F"), "GT-482-LM")],
            "French plate with two blue bands",
        ),
        shot(
            1,
            "081611",
            Street,
            vec![car(HatchRear, NAVY, [0.2, 6.4], 0.08, UkRear, "LK68 XPR")],
            "British rear plate, from the side",
        )
        .view(2.1, 0.0, 0.02, 0.01),
        shot(
            1,
            "081637",
            Street,
            vec![car(SedanFront, WINE, [0.0, 6.3], -0.06, UkFront, "WN19 HBE")],
            "British front plate",
        ),
        shot(
            1,
            "081702",
            Country,
            vec![car(SedanRear, GREEN, [0.0, 6.9], 0.04, EuYellow("NL"), "82-KRV-5")],
            "Dutch yellow plate",
        )
        .sized(1152, 720),
        shot(
            1,
            "081730",
            Plaza,
            vec![car(HatchRear, GREY, [0.1, 6.6], 0.0, Eu("PL"), "WA 7H253").dirty(0.6)],
            "Polish plate, dusty",
        )
        .view(2.6, 0.0, 0.06, 0.0)
        .zoom(1650.0, 260.0),
        shot(
            1,
            "081755",
            Street,
            vec![car(SuvFront, SAND, [-0.1, 6.8], 0.05, EuTwoBands("I"), "EV 904 KT")],
            "Italian plate, front",
        ),
        shot(
            1,
            "081823",
            Country,
            vec![car(VanRear, PEARL, [0.1, 7.6], -0.05, Eu("E"), "4718 JRX")],
            "Spanish plate on a van",
        ),
        shot(1, "081901", Plaza, vec![], "an empty lane"),
        shot(
            1,
            "081926",
            Country,
            vec![
                car(HatchRear, SILVER, [0.9, 6.4], -0.02, UkRear, "MT21 KVA"),
                car(HatchRear, WINE, [-1.9, 9.4], 0.0, Eu("A"), "W 58214 K"),
            ],
            "two cars, two plates",
        )
        .sized(1152, 720),
        shot(
            1,
            "204112",
            Plaza,
            vec![car(SedanFront, BLACK, [0.0, 6.6], 0.02, Eu("D"), "M*XR 3064").lit()],
            "night, headlights on",
        )
        .lens(NIGHT)
        .hard(),
    ]
}

fn americas() -> Vec<Shot> {
    vec![
        shot(
            2,
            "081508",
            Street,
            vec![car(SedanRear, PEARL, [0.0, 5.6], 0.03, CALIFORNIA, "7KRW392")],
            "Californian plate",
        ),
        shot(
            2,
            "081531",
            Country,
            vec![car(SuvRear, BLACK, [0.1, 5.8], 0.0, TEXAS, "MPT 4821")],
            "Texan plate on an SUV",
        ),
        shot(
            2,
            "081559",
            Plaza,
            vec![car(SedanRear, SAND, [0.0, 5.6], -0.05, FLORIDA, "HX4 83T")],
            "Floridian plate from the side",
        )
        .view(2.0, 0.0, 0.02, -0.012),
        shot(
            2,
            "081623",
            Street,
            vec![car(SuvRear, NAVY, [-0.1, 5.9], 0.04, NEW_YORK, "KDJ 4829")],
            "New York's yellow plate",
        ),
        shot(
            2,
            "081649",
            Country,
            vec![car(HatchRear, GREEN, [0.0, 5.6], 0.0, OREGON, "583 NFW")],
            "Oregon's plate in the rain",
        )
        .lens(RAIN),
        shot(
            2,
            "081715",
            Plaza,
            vec![car(SedanRear, SILVER, [0.0, 6.2], 0.02, BrazilGrey("BA-SALVADOR"), "JRD 4182")],
            "Brazilian grey plate",
        ),
        shot(
            2,
            "081742",
            Street,
            vec![car(HatchRear, WINE, [0.1, 6.0], -0.04, BrazilGrey("SP-CAMPINAS"), "NKH 7035").dirty(0.5)],
            "Brazilian grey plate, dusty",
        ),
        shot(2, "081808", Plaza, vec![car(HatchRear, PEARL, [0.0, 6.0], 0.0, Mercosul, "RKV2D84")], "Mercosul plate"),
        shot(
            2,
            "081836",
            Country,
            vec![car(SuvFront, GREY, [0.0, 6.2], 0.06, Mercosul, "FSH8E27")],
            "Mercosul plate, front",
        ),
        shot(
            2,
            "081905",
            Street,
            vec![car(SedanRear, NAVY, [0.0, 6.0], 0.0, TEXAS, "").without_plate()],
            "a car without a plate",
        ),
        shot(
            2,
            "081940",
            Street,
            vec![
                car(SuvRear, SILVER, [0.8, 5.8], 0.0, CALIFORNIA, "6BXT417"),
                car(SedanRear, WINE, [-1.8, 8.2], 0.02, BrazilGrey("PR-CURITIBA"), "AYR 3951"),
            ],
            "two cars, two plates",
        )
        .sized(1152, 720),
        shot(
            2,
            "203955",
            Plaza,
            vec![car(HatchRear, NAVY, [0.0, 6.0], 0.0, BrazilGrey("RJ-NITEROI"), "LTB 2906").lit()],
            "night, tail lights on",
        )
        .lens(NIGHT)
        .hard(),
        shot(2, "204230", Country, vec![car(SedanRear, GREY, [0.3, 17.4], 0.0, TEXAS, "BKX 7134")], "far away").hard(),
    ]
}

fn far_and_wide() -> Vec<Shot> {
    vec![
        shot(
            3,
            "081511",
            Street,
            vec![car(SuvRear, PEARL, [0.0, 5.8], 0.0, India { yellow: false }, "KA05|MH4127")],
            "Indian plate in two lines",
        ),
        shot(
            3,
            "081538",
            Country,
            vec![car(VanRear, SAND, [0.3, 6.6], 0.03, India { yellow: true }, "MH12|QT7349")],
            "Indian commercial plate",
        ),
        shot(
            3,
            "081604",
            Garage,
            vec![car(SuvRear, BLACK, [0.0, 6.0], 0.04, EuSquare("B"), "1KH|835")],
            "Belgian plate in two lines",
        ),
        shot(
            3,
            "081633",
            Street,
            vec![car(Motorcycle, WINE, [0.0, 4.4], 0.0, MercosulMotorcycle, "QXB|4F19")],
            "motorcycle, two lines",
        ),
        shot(3, "081658", Garage, vec![car(SedanRear, SILVER, [0.0, 6.4], 0.0, Eu("D"), "K*LP 5928")], "in a garage")
            .lens(Lens { ambient: 0.8, ..GOOD }),
        shot(
            3,
            "081727",
            Garage,
            vec![car(HatchRear, WINE, [-0.1, 6.3], -0.06, UkRear, "YB07 TKG")],
            "in a garage, from the side",
        )
        .lens(Lens { ambient: 0.7, noise: 0.009, ..GOOD }),
        shot(3, "181204", Country, vec![car(SedanRear, BLACK, [0.0, 6.6], 0.0, Eu("S"), "RTM 417").lit()], "dusk")
            .lens(DUSK),
        shot(
            3,
            "181240",
            Country,
            vec![car(SuvFront, SILVER, [0.0, 6.6], -0.03, Eu("SK"), "BA 629 HC").lit()],
            "rain at dusk, lights on",
        )
        .lens(Lens { ambient: 0.55, rain: 0.5, glare: 0.15, defocus: 0.9, ..GOOD }),
        shot(
            3,
            "204033",
            Street,
            vec![car(HatchRear, GREY, [0.0, 6.4], 0.0, Eu("D"), "S*GN 1746").lit()],
            "night, moving",
        )
        .lens(Lens { motion: [6.0, 1.0], glare: 0.4, ..NIGHT })
        .hard(),
        shot(3, "204101", Street, vec![car(SedanRear, NAVY, [0.0, 6.4], 0.0, UkRear, "FP62 DWN")], "out of focus")
            .lens(Lens { defocus: 4.5, ambient: 0.8, ..GOOD })
            .hard(),
    ]
}
