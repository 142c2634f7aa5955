//! Pairs of bars as inline SVG.

use super::page::Text;
use std::fmt::Write;

const WIDTH: f64 = 560.0;
/// Room for labels at least, and at most.
const LABEL: (f64, f64) = (90.0, 300.0);
/// Of a letter, about.
const LETTER: f64 = 6.2;
const VALUE: f64 = 76.0;
const BAR: f64 = 13.0;
const GAP: f64 = 12.0;
/// The shortest bar of something that is not nothing.
const LEAST: f64 = 1.5;

/// A label with the value of each path.
pub(super) struct Pair<'a> {
    pub(super) label: &'a str,
    pub(super) cpu: Option<f64>,
    pub(super) gpu: Option<f64>,
}

/// Bars in proportion to the largest value.
pub(super) fn bars(about: &str, unit: &str, pairs: &[Pair<'_>]) -> String {
    let longest = pairs.iter().map(|pair| pair.label.chars().count()).max().unwrap_or_default();
    let label = (longest as f64 * LETTER).clamp(LABEL.0, LABEL.1);
    let most = pairs.iter().flat_map(|pair| [pair.cpu, pair.gpu]).flatten().fold(0.0, f64::max);
    let row = 2.0 * BAR + GAP;
    let height = row * pairs.len() as f64;
    let mut svg = format!("<svg viewBox=\"0 0 {WIDTH} {height:.0}\" role=\"img\" aria-label=\"{}\">", Text(about));
    for (index, pair) in pairs.iter().enumerate() {
        let y = index as f64 * row;
        // Writing to a string cannot fail.
        let _ = write!(svg, "<text x=\"0\" y=\"{:.1}\">{}</text>", y + BAR + 4.0, Text(pair.label));
        for (offset, class, value) in [(0.0, "cpu", pair.cpu), (BAR, "gpu", pair.gpu)] {
            let Some(value) = value else { continue };
            let width = (value / most.max(f64::MIN_POSITIVE) * (WIDTH - label - VALUE)).max(LEAST);
            let (top, text) = (y + offset, number(value));
            let _ = write!(
                svg,
                "<rect class=\"{class}\" x=\"{label:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{:.1}\">\
                 <title>{text} {unit}</title></rect><text x=\"{:.1}\" y=\"{:.1}\">{text}</text>",
                BAR - 1.5,
                label + width + 5.0,
                top + BAR - 2.5
            );
        }
    }
    svg.push_str("</svg>");
    svg
}

/// With as many digits as mean something.
pub(super) fn number(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 1.0 => format!("{value:.1}"),
        _ => format!("{value:.3}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_in_proportion_and_labels_are_escaped() {
        let pairs =
            [Pair { label: "a<b", cpu: Some(4.0), gpu: Some(2.0) }, Pair { label: "c", cpu: Some(0.0), gpu: None }];
        let svg = bars("stages", "ms", &pairs);
        let full = WIDTH - LABEL.0 - VALUE;
        assert!(svg.contains(&format!("width=\"{full:.1}\"")) && svg.contains(&format!("width=\"{:.1}\"", full / 2.0)));
        assert!(svg.contains("a&lt;b") && svg.matches("<rect").count() == 3, "{svg}");
    }
}
