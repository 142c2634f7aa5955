//! The cards of the page: a plate with its crop, a miss, a rejected image.

use super::diff::{self, Pair};
use super::escape::{Text, jpeg_uri};
use crate::event::{Data, Event};

/// A character with less confidence than this is marked.
const UNSURE: f32 = 0.8;

/// A read or a manual check.
pub(super) fn plate(event: &Event, picture: Option<&[u8]>) -> String {
    let data = &event.data;
    let shown = if data.license_plate_text.is_empty() { &data.raw_text } else { &data.license_plate_text };
    let mut html = open(event.kind.band(), &[shown, &data.file_name]);
    html.push_str(&image(picture, shown));
    html.push_str("<div class=\"body\">");
    html.push_str(&format!("<p class=\"plate\">{}</p>", characters(data, shown)));
    html.push_str(&meter(data.confidence, event.kind.band()));
    html.push_str(&other_candidates(data, shown));
    html.push_str(&region(data));
    html.push_str(&reason(data));
    html.push_str(&file(&data.file_name));
    html.push_str("</div></article>\n");
    html
}

/// A labelled plate that was not read as it should have been.
pub(super) fn miss(event: &Event, expected: &str, picture: Option<&[u8]>) -> String {
    let data = &event.data;
    let band = event.kind.band();
    let got = &data.license_plate_text;
    let mut html = open(&format!("miss {band}"), &[expected, got, &data.file_name]);
    html.push_str(&image(picture, expected));
    html.push_str("<div class=\"body\">");
    html.push_str(&comparison(expected, got));
    if data.raw_text.is_empty() {
        html.push_str("<p class=\"note\">nothing was read</p>");
    } else {
        html.push_str(&meter(data.confidence, band));
    }
    html.push_str(&leads(data, expected));
    html.push_str(&region(data));
    html.push_str(&reason(data));
    html.push_str(&file(&data.file_name));
    html.push_str("</div></article>\n");
    html
}

/// A labelled plate nothing was found of, in a photo that gave others.
pub(super) fn unfound(file_name: &str, expected: &str, picture: Option<&[u8]>) -> String {
    let mut html = open("miss rejected", &[expected, file_name]);
    html.push_str(&image(picture, expected));
    html.push_str("<div class=\"body\">");
    html.push_str(&comparison(expected, ""));
    html.push_str("<p class=\"note\">not found among the plates of this photo</p>");
    html.push_str(&file(file_name));
    html.push_str("</div></article>\n");
    html
}

/// A row of the table of rejected images.
pub(super) fn rejected(event: &Event) -> String {
    let data = &event.data;
    let (code, detail) = data.reason.as_ref().map_or(("", ""), |r| (&r.code, &r.detail));
    let size = data.image.map_or_else(|| "–".to_owned(), |i| format!("{} × {}", i.width, i.height));
    format!(
        "<tr data-find=\"{find} {key}\"><td class=\"file\">{find}</td><td><code>{key}</code></td><td>{detail}</td>\
         <td class=\"num\">{size}</td></tr>\n",
        find = Text(&data.file_name),
        key = Text(code),
        detail = Text(detail),
    )
}

fn open(class: &str, find: &[&str]) -> String {
    format!("<article class=\"card {class}\" data-find=\"{}\">", Text(&find.join(" ")))
}

fn image(picture: Option<&[u8]>, alt: &str) -> String {
    match picture {
        Some(jpeg) => {
            let (uri, alt) = (jpeg_uri(jpeg), Text(alt));
            format!(
                "<div class=\"pic\"><img loading=\"lazy\" decoding=\"async\" alt=\"Plate {alt}\" src=\"{uri}\"></div>"
            )
        }
        None => "<div class=\"pic none\">no picture</div>".to_owned(),
    }
}

/// The text with its unsure characters marked, where there is a confidence for each.
fn characters(data: &Data, text: &str) -> String {
    if data.char_confidences.len() != text.chars().count() {
        return Text(text).to_string();
    }
    let mark = |(c, confidence): (char, &f32)| {
        let mut buffer = [0; 4];
        let c = Text(c.encode_utf8(&mut buffer)).to_string();
        if *confidence >= UNSURE {
            return c;
        }
        format!("<u title=\"{:.1} %\">{c}</u>", confidence * 100.0)
    };
    text.chars().zip(&data.char_confidences).map(mark).collect()
}

fn meter(confidence: f32, band: &str) -> String {
    let percent = confidence.clamp(0.0, 1.0) * 100.0;
    format!(
        "<div class=\"meter\"><span class=\"bar\"><i class=\"{band}\" style=\"width:{percent:.1}%\"></i></span>\
         <b>{percent:.1} %</b><span class=\"tag {band}\">{band}</span></div>"
    )
}

fn other_candidates(data: &Data, text: &str) -> String {
    let others = data.candidates.iter().filter(|c| c.text != text).take(3);
    let list: Vec<String> =
        others.map(|c| format!("<code>{}</code> {:.0} %", Text(&c.text), c.confidence * 100.0)).collect();
    if list.is_empty() { String::new() } else { format!("<p class=\"note\">or {}</p>", list.join(", ")) }
}

/// What makes a miss easier to understand.
fn leads(data: &Data, expected: &str) -> String {
    let mut leads = Vec::new();
    let got = &data.license_plate_text;
    if got != expected && diff::same_when_folded(expected, got) {
        leads.push("only O/0 or I/1 differ".to_owned());
    }
    let place = data.candidates.iter().position(|c| c.text == expected);
    if let Some(place) = place.filter(|p| *p > 0) {
        leads.push(format!("the right text was candidate {}", place + 1));
    }
    if leads.is_empty() { String::new() } else { format!("<p class=\"note lead\">{}</p>", leads.join("; ")) }
}

fn region(data: &Data) -> String {
    let Some(region) = &data.region else { return String::new() };
    format!(
        "<p class=\"note\">{} <span class=\"dim\">{:.0} %</span></p>",
        Text(&region.name),
        region.confidence * 100.0
    )
}

fn reason(data: &Data) -> String {
    let Some(reason) = &data.reason else { return String::new() };
    format!("<p class=\"note\">{}</p>", Text(&reason.detail))
}

fn file(name: &str) -> String {
    format!("<p class=\"file\" title=\"{0}\">{0}</p>", Text(name))
}

/// Expected above got, character under character, with what differs marked.
fn comparison(expected: &str, got: &str) -> String {
    let pairs = diff::align(expected, got);
    let row = |name: &str, class: &str, side: fn(&Pair) -> Option<char>| {
        let cells: String = pairs.iter().map(|pair| cell(side(pair), pair.0 == pair.1)).collect();
        format!("<tr class=\"{class}\"><th>{name}</th>{cells}</tr>")
    };
    let expected = row("expected", "want", |p| p.0);
    format!("<table class=\"diff\">{expected}{}</table>", row("got", "got", |p| p.1))
}

fn cell(c: Option<char>, same: bool) -> String {
    let class = if same { "" } else { " class=\"x\"" };
    match c {
        Some(c) => format!("<td{class}>{}</td>", Text(c.encode_utf8(&mut [0; 4]))),
        None => format!("<td{class}>·</td>"),
    }
}
