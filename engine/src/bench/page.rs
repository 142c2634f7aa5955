//! `bench.html`: the report as one self-contained page.

use super::chart::{Pair, bars, number};
use super::report::{Report, StageRow};
use super::table::{spread, took};
use std::fmt::{self, Display, Formatter, Write};

const STYLE: &str = include_str!("style.css");
/// The page may load nothing: even a fault in escaping could not make it ask a server.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";

/// Shows text with everything escaped that means something in HTML.
pub(super) struct Text<'a>(pub(super) &'a str);

impl Display for Text<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|c| match c {
            '&' => out.write_str("&amp;"),
            '<' => out.write_str("&lt;"),
            '>' => out.write_str("&gt;"),
            '"' => out.write_str("&quot;"),
            c => out.write_char(c),
        })
    }
}

/// The whole page.
pub(super) fn page(report: &Report) -> String {
    let parts = [
        head(report),
        charts(report),
        stages(report),
        passes(report),
        facts(report),
        notices(report),
        format!("<footer class=\"about\"><p>Made by tollgate {}.</p></footer>", Text(&report.version)),
        "</main></body></html>\n".to_owned(),
    ];
    parts.concat()
}

fn head(report: &Report) -> String {
    let adapter = report.adapter.as_ref().map_or("no GPU path".to_owned(), |adapter| {
        let software = if adapter.software { " <span class=\"software\">software adapter, no GPU</span>" } else { "" };
        format!("{} ({}, {}){software}", Text(&adapter.name), Text(&adapter.backend), Text(&adapter.driver))
    });
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\
         <meta name=\"color-scheme\" content=\"light dark\"><title>tollgate bench</title>\n<style>\n{STYLE}</style></head>\n\
         <body><main><h1>CPU path against GPU path</h1><p class=\"about\">{} photos: {}, {} KB each. CPU: {}. GPU: {adapter}. \
         Nets of the GPU path: {}. {} photos decoded at once.</p>\n",
        report.photos.count,
        Text(&report.photos.source),
        number(report.photos.mean_bytes / 1e3),
        Text(&report.machine),
        Text(&report.inference),
        report.batch
    )
}

fn charts(report: &Report) -> String {
    const LEGEND: &str = "<small class=\"legend\"><i class=\"cpu\"></i>CPU<i class=\"gpu\"></i>GPU</small>";
    let pair = |row: &StageRow| Pair { label: row.name, cpu: row.cpu_ms, gpu: row.gpu_ms };
    let stages: Vec<_> = report.stages.iter().map(pair).collect();
    let end = &report.end_to_end;
    let median = |spread: &Option<super::Spread>| spread.map(|spread| spread.median);
    let peers = peers(report);
    let pace = [Pair { label: "end to end", cpu: median(&end.cpu), gpu: median(&end.gpu) }];
    format!(
        "<section class=\"panels\"><figure><figcaption>Milliseconds a photo, one thread{LEGEND}</figcaption>{}</figure>\n\
         <figure><figcaption>Images a second, {} lanes{LEGEND}</figcaption>{}</figure>{peers}</section>\n",
        bars("Milliseconds a photo by stage", "ms", &stages),
        report.workers,
        bars("Images a second", "images/s", &pace)
    )
}

/// The CPU path's stages that others do as well, and the others.
fn peers(report: &Report) -> String {
    if report.peers.is_empty() {
        return String::new();
    }
    let of = |name: &str| report.stages.iter().find(|row| row.name == name).and_then(|row| row.cpu_ms);
    let both = of("decode").zip(of("letterbox")).map(|(decode, letterbox)| decode + letterbox);
    let ours = [("decode", of("decode")), ("decode and letterbox", both), ("bytes to texts", of("total"))];
    let ours = ours.map(|(about, ms)| (format!("tollgate: {about}"), ms, None));
    let theirs = report.peers.iter().map(|peer| {
        let name = peer.name.split_once(" (").map_or(peer.name.as_str(), |(name, _)| name);
        (format!("{name}: {}", peer.about), None, Some(peer.ms))
    });
    let rows: Vec<_> = ours.into_iter().chain(theirs).collect();
    let pairs: Vec<_> = rows.iter().map(|(label, cpu, gpu)| Pair { label, cpu: *cpu, gpu: *gpu }).collect();
    format!(
        "\n<figure><figcaption>Beside the peers: milliseconds a photo, one thread<small class=\"legend\">\
         <i class=\"cpu\"></i>CPU path<i class=\"gpu\"></i>peers</small></figcaption>{}</figure>",
        bars("Milliseconds a photo beside the peers", "ms", &pairs)
    )
}

fn stages(report: &Report) -> String {
    let row = |row: &StageRow| {
        format!(
            "<tr><th>{}</th><td>{}</td><td>{}</td><td>{}</td><td class=\"text\">{}</td></tr>",
            row.name,
            spread(row.cpu.as_ref()),
            spread(row.gpu.as_ref()),
            row.gpu_busy_ms.map_or("–".to_owned(), |ms| format!("{ms:.3}")),
            row.about
        )
    };
    let rows: String = report.stages.iter().map(row).collect();
    format!(
        "<section class=\"card\"><h2>Stages</h2><p class=\"about\">Medians with the tenth and ninetieth percentile. GPU times \
         are wall times with a wait for the device after each stage; beside them what the device's own clock says of its \
         passes.</p><table><thead><tr><th>stage</th><td>CPU, ms</td><td>GPU, ms</td><td>device busy, ms</td>\
         <td></td></tr></thead><tbody>{rows}</tbody></table></section>\n"
    )
}

fn passes(report: &Report) -> String {
    if report.passes.is_empty() {
        return String::new();
    }
    let row = |row: &super::PassRow| {
        format!(
            "<tr><th>{}</th><td class=\"text\">{}</td><td class=\"text\">{}</td><td>{}</td><td>{:.3}</td></tr>",
            row.stage, row.kernel, row.entry, row.passes, row.ms
        )
    };
    let rows: String = report.passes.iter().map(row).collect();
    format!(
        "<section class=\"card\"><h2>Passes of one batch</h2><table><thead><tr><th>stage</th><td class=\"text\">kernel</td>\
         <td class=\"text\">entry</td><td>dispatches</td><td>ms a photo</td></tr></thead><tbody>{rows}</tbody></table>\
         </section>\n"
    )
}

fn facts(report: &Report) -> String {
    let mut rows = String::new();
    let mut row = |name: &str, value: String| {
        // Writing to a string cannot fail.
        let _ = write!(rows, "<tr><th>{}</th><td class=\"text\">{}</td></tr>", Text(name), Text(&value));
    };
    if let Some(same) = &report.agreement {
        row("photos with the same texts", format!("{} of {}", same.same_text, same.photos));
        let iou = |value: Option<f64>| value.map_or("–".into(), |iou| format!("{iou:.3}"));
        row("overlap of boxes (IoU)", format!("{} on average, {} at least", iou(same.mean_iou), iou(same.least_iou)));
    }
    if let Some(decoding) = &report.decoding {
        row("GPU path", decoding.to_string());
    }
    if let Some(moved) = &report.moved {
        let kb = |bytes: f64| number(bytes / 1e3);
        row(
            "over the bus, a photo",
            format!(
                "{} KB to the device, {} KB back; the photo has {} KB",
                kb(moved.to_device_bytes),
                kb(moved.from_device_bytes),
                kb(moved.photo_bytes)
            ),
        );
    }
    let mib = |bytes: Option<u64>| bytes.map_or("unknown".to_owned(), |bytes| format!("{} MiB", bytes >> 20));
    row("memory of the process at most", mib(report.memory.peak_rss_bytes));
    row("buffers of the device at most", mib(report.memory.device_peak_bytes));
    for peer in &report.peers {
        row(&format!("{}: {}", peer.name, peer.about), took(peer));
    }
    format!("<section class=\"card\"><h2>Beside the times</h2><table><tbody>{rows}</tbody></table></section>\n")
}

fn notices(report: &Report) -> String {
    if report.notices.is_empty() {
        return String::new();
    }
    let items: String = report.notices.iter().map(|notice| format!("<li>{}</li>", Text(notice))).collect();
    format!("<section class=\"card\"><h2>To be known</h2><ul>{items}</ul></section>\n")
}
