//! The two charts, as inline SVG: confidence by band, and speed over time.

use super::summary::ThroughputPoint;

const WIDTH: f64 = 420.0;
const HEIGHT: f64 = 250.0;
const LEFT: f64 = 40.0;
const RIGHT: f64 = 8.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 28.0;
/// Height of the smallest bar that is not nothing: one among thousands must still be seen.
const LEAST_BAR: f64 = 2.0;
/// Points drawn of a longer line; runs of points are averaged.
const MAX_POINTS: usize = 320;

const BANDS: [&str; 3] = ["read", "manual", "rejected"];

/// Stacked bars of the number of plates by confidence; `bins` divide 0 to 1 evenly.
pub(super) fn histogram(bins: &[[u32; 3]]) -> String {
    let most = bins.iter().map(|b| b.iter().sum::<u32>()).max().unwrap_or(0);
    if most == 0 {
        return empty("no plate was read");
    }
    let top = ceiling(f64::from(most));
    let mut svg = start("Histogram of confidence, stacked by band");
    axis_y(&mut svg, top);
    let step = (WIDTH - LEFT - RIGHT) / bins.len() as f64;
    for (i, bin) in bins.iter().enumerate() {
        let x = LEFT + i as f64 * step;
        let (from, to) = (i as f64 / bins.len() as f64, (i + 1) as f64 / bins.len() as f64);
        let mut base = HEIGHT - BOTTOM;
        for (band, n) in BANDS.iter().zip(bin).filter(|(_, n)| **n > 0) {
            let height = (f64::from(*n) / top * plot_height()).max(LEAST_BAR);
            base -= height;
            svg.push_str(&format!(
                "<rect class=\"{band}\" x=\"{:.1}\" y=\"{base:.1}\" width=\"{:.1}\" height=\"{height:.1}\">\
                 <title>{n} {band}, confidence {from:.2} to {to:.2}</title></rect>",
                x + 0.5,
                step - 1.0
            ));
        }
    }
    for tick in 0..=5 {
        let share = f64::from(tick) / 5.0;
        label_x(&mut svg, share, &format!("{:.0} %", share * 100.0));
    }
    svg.push_str("</svg>");
    svg
}

/// Images a second over time.
pub(super) fn throughput(points: &[ThroughputPoint]) -> String {
    let points: Vec<_> = points.iter().filter(|p| p.at_s.is_finite() && p.images_per_s.is_finite()).copied().collect();
    let points = thinned(&points);
    let end = points.last().map_or(0.0, |p| p.at_s);
    if points.len() < 2 || end <= 0.0 {
        return empty("the run was too short for a line");
    }
    let top = ceiling(points.iter().map(|p| p.images_per_s).fold(0.0, f64::max));
    let at = |p: &ThroughputPoint| {
        let x = LEFT + p.at_s.max(0.0) / end * (WIDTH - LEFT - RIGHT);
        format!("{x:.1},{:.1}", HEIGHT - BOTTOM - p.images_per_s.max(0.0) / top * plot_height())
    };
    let line: Vec<String> = points.iter().map(at).collect();
    let (line, base) = (line.join(" "), HEIGHT - BOTTOM);
    let first = LEFT + points[0].at_s.max(0.0) / end * (WIDTH - LEFT - RIGHT);
    let mut svg = start("Images a second over the time of the run");
    axis_y(&mut svg, top);
    svg.push_str(&format!("<polygon class=\"area\" points=\"{first:.1},{base} {line} {},{base}\"/>", WIDTH - RIGHT));
    svg.push_str(&format!("<polyline class=\"line\" points=\"{line}\"/>"));
    for tick in 0..=4 {
        let share = f64::from(tick) / 4.0;
        label_x(&mut svg, share, &seconds(share * end, end));
    }
    svg.push_str("</svg>");
    svg
}

/// Time `s` on an axis that goes to `end`: seconds, or minutes and seconds.
fn seconds(s: f64, end: f64) -> String {
    match end {
        end if end < 40.0 => format!("{s:.1} s"),
        end if end < 180.0 => format!("{s:.0} s"),
        _ => format!("{:.0}:{:02.0} min", (s / 60.0).floor(), (s % 60.0).floor()),
    }
}

fn thinned(points: &[ThroughputPoint]) -> Vec<ThroughputPoint> {
    let run = points.len().div_ceil(MAX_POINTS).max(1);
    let mean = |part: &[ThroughputPoint]| {
        let sum: f64 = part.iter().map(|p| p.images_per_s).sum();
        let at_s = part.last().map_or(0.0, |p| p.at_s);
        ThroughputPoint { at_s, images_per_s: sum / part.len() as f64 }
    };
    points.chunks(run).map(mean).collect()
}

fn plot_height() -> f64 {
    HEIGHT - TOP - BOTTOM
}

/// The next 1, 2, 2.5, 4 or 5 times a power of ten, so that quarters of it are easy numbers.
fn ceiling(value: f64) -> f64 {
    let power = 10f64.powf(value.max(1e-3).log10().floor());
    let steps = [1.0, 2.0, 2.5, 4.0, 5.0, 10.0];
    steps.iter().map(|s| s * power).find(|top| *top >= value).unwrap_or(10.0 * power)
}

fn start(label: &str) -> String {
    format!("<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{label}\">")
}

fn axis_y(svg: &mut String, top: f64) {
    for tick in 0..=4 {
        let share = f64::from(tick) / 4.0;
        let y = HEIGHT - BOTTOM - share * plot_height();
        let value = share * top;
        let digits = if top >= 4.0 && (top / 4.0).fract() == 0.0 { 0 } else { 2 - usize::from(top >= 4.0) };
        svg.push_str(&format!(
            "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\
             <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{value:.digits$}</text>",
            WIDTH - RIGHT,
            LEFT - 8.0,
            y + 4.0
        ));
    }
}

fn label_x(svg: &mut String, share: f64, text: &str) {
    let x = LEFT + share * (WIDTH - LEFT - RIGHT);
    let anchor = if share >= 1.0 { "end" } else { "middle" };
    svg.push_str(&format!("<text x=\"{x:.1}\" y=\"{}\" text-anchor=\"{anchor}\">{text}</text>", HEIGHT - 8.0));
}

fn empty(why: &str) -> String {
    format!("<p class=\"note\">Nothing to draw: {why}.</p>")
}
