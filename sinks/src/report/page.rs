//! The page itself, written part by part.

use super::escape::Text;
use super::summary::{AccuracyRow, Run, Summary};
use super::times::StageTimes;
use super::{ReportBuilder, Section, chart};
use crate::event::ModelRole;

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");
/// The page may load nothing: even a fault in escaping could not make it ask a server.
const POLICY: &str = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'";
const STAGES: [&str; 4] = ["decode", "detect", "read", "judge"];

/// Hands the page to `put`, from top to bottom.
pub(super) fn write<E>(
    report: &ReportBuilder,
    summary: &Summary,
    mut put: impl FnMut(&str) -> Result<(), E>,
) -> Result<(), E> {
    put(&head(&summary.title))?;
    put(&header(summary))?;
    put(&tiles(report, summary))?;
    put(&charts(report, summary))?;
    put(&accuracy(&summary.accuracy))?;
    put(&toolbar(report))?;
    misses(report, &mut put)?;
    let parts = [
        ("manual", "Manual checks", &report.manual, "A person is asked about these plates."),
        (
            "reads",
            "Reads",
            &report.reads,
            "Characters under 80 % confidence are underlined. Reads that the labels call wrong stand among the misses.",
        ),
    ];
    for (id, name, section, about) in parts {
        put(&section_head(id, name, about, section))?;
        grid(section, &mut put)?;
        put("</section>\n")?;
    }
    rejected(&report.rejected, &mut put)?;
    put(&footer(report, summary))
}

fn head(title: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n",
        Text(title)
    )
}

fn header(summary: &Summary) -> String {
    let Run { version, source, backend, workers, reader, reader_reason, models } = &summary.run;
    let workers = format!("{workers} worker{}", if *workers == 1 { "" } else { "s" });
    let mut html = format!(
        "<header><h1>{}</h1><p class=\"source\">{}</p>\n<dl class=\"run\">\
         <div><dt>Reader</dt><dd>{}<small>{}</small></dd></div>\
         <div><dt>Runs on</dt><dd>{}, {workers}<small>tollgate {}</small></dd></div>",
        Text(&summary.title),
        Text(source),
        Text(reader),
        Text(reader_reason),
        Text(backend),
        Text(version),
    );
    for model in models {
        let role = match model.role {
            ModelRole::Detector => "Detector model",
            ModelRole::Reader => "Reader model",
            ModelRole::SecondReader => "Second opinion",
        };
        let hash: String = model.sha256.chars().take(16).collect();
        html.push_str(&format!(
            "<div><dt>{role}</dt><dd>{}<small title=\"{}\">sha256 {}…</small></dd></div>",
            Text(&model.name),
            Text(&model.sha256),
            Text(&hash)
        ));
    }
    html.push_str("</dl></header>\n");
    html
}

fn tiles(report: &ReportBuilder, summary: &Summary) -> String {
    let counts = &report.counts;
    let total = counts.reads + counts.manual + counts.rejected;
    let share = |n: u64| format!("{:.1} %", 100.0 * n as f64 / total.max(1) as f64);
    let tile = |class: &str, name: &str, value: String, note: &str| {
        format!("<div class=\"tile {class}\"><b>{value}</b><span>{name}</span><small>{note}</small></div>")
    };
    let per_second = format!("{:.1}", summary.images_per_s);
    let seconds = format!("{:.1} s", summary.seconds);
    [
        "<section class=\"tiles\" aria-label=\"Totals\">".to_owned(),
        tile("", "images", thousands(counts.images), ""),
        tile("", "plates", thousands(counts.plates), ""),
        tile("read", "reads", thousands(counts.reads), &share(counts.reads)),
        tile("manual", "manual checks", thousands(counts.manual), &share(counts.manual)),
        tile("rejected", "rejected", thousands(counts.rejected), &share(counts.rejected)),
        tile("", "images a second", per_second, &seconds),
        "</section>\n".to_owned(),
    ]
    .concat()
}

fn charts(report: &ReportBuilder, summary: &Summary) -> String {
    format!(
        "<section class=\"panels\">\
         <figure><figcaption>Confidence<span class=\"legend\"><i class=\"read\"></i>read<i class=\"manual\"></i>manual\
         <i class=\"rejected\"></i>rejected</span></figcaption>{}</figure>\n\
         <figure><figcaption>Images a second over time</figcaption>{}</figure>\n\
         <figure><figcaption>Time by stage</figcaption>{}</figure></section>\n",
        chart::histogram(&report.histogram),
        chart::throughput(&summary.throughput),
        stages(&report.times)
    )
}

fn stages(times: &[StageTimes; 4]) -> String {
    let all: f64 = times.iter().map(|t| t.sum_ms).sum();
    let row = |(name, t): (&str, &StageTimes)| {
        let share = 100.0 * t.sum_ms / all.max(f64::MIN_POSITIVE);
        format!(
            "<tr><th>{name}</th><td>{:.2}</td><td>{:.2}</td><td>{share:.1} %</td>\
             <td class=\"wide\"><span class=\"bar\"><i style=\"width:{share:.1}%\"></i></span></td></tr>",
            t.quantile(0.5),
            t.quantile(0.95)
        )
    };
    let rows: String = STAGES.into_iter().zip(times).map(row).collect();
    format!(
        "<table class=\"numbers\"><thead><tr><th>stage</th><td>median ms</td><td>p95 ms</td><td>share</td>\
         <td class=\"wide\"></td></tr></thead><tbody>{rows}</tbody></table>\
         <p class=\"note\">Per image, all its plates together; quantiles to 1 %.</p>"
    )
}

fn accuracy(rows: &[AccuracyRow]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let percent = |share: f64| format!("{:.1}", 100.0 * share);
    let row = |r: &AccuracyRow| {
        let precision = r.read_precision.map_or_else(|| "–".to_owned(), percent);
        let [recall, exact, folded, chars, chars_folded] =
            [r.recall, r.exact, r.exact_folded, r.chars, r.chars_folded].map(percent);
        format!(
            "<tr><th>{}</th><td>{}</td><td>{recall}</td><td>{exact}</td><td>{folded}</td><td>{chars}</td>\
             <td>{chars_folded}</td><td>{precision}</td></tr>",
            Text(&r.name),
            thousands(r.plates)
        )
    };
    let rows: String = rows.iter().map(row).collect();
    format!(
        "<section id=\"accuracy\"><h2>Accuracy</h2><p class=\"about\">Per cent of the labelled plates. Folded counts O \
         as 0 and I as 1. The last column is how often a plate in the band <em>read</em> is exactly right.</p>\
         <div class=\"scroll\"><table class=\"numbers accuracy\"><thead><tr><th>folder</th><td>plates</td>\
         <td>recall@0.5</td><td>exact</td><td>exact, folded</td><td>characters</td><td>characters, folded</td>\
         <td>precision of reads</td></tr></thead><tbody>{rows}</tbody></table></div></section>\n"
    )
}

fn toolbar(report: &ReportBuilder) -> String {
    let link = |id: &str, name: &str, n: usize| format!("<a href=\"#{id}\">{name} <b>{}</b></a>", thousands(n as u64));
    let misses = report.wrong_reads.total + report.wrong_partial.total + report.not_found.total;
    let first = if report.labelled { link("misses", "Misses", misses) } else { String::new() };
    format!(
        "<nav><div class=\"links\">{first}{}{}{}</div><label><input id=\"filter\" type=\"search\" \
         placeholder=\"Filter by plate or file\" autocomplete=\"off\" aria-label=\"Filter by plate or file\">\
         <output id=\"found\"></output></label></nav>\n",
        link("manual", "Manual checks", report.manual.total),
        link("reads", "Reads", report.reads.total),
        link("rejected", "Rejected", report.rejected.total),
    )
}

fn misses<E>(report: &ReportBuilder, put: &mut impl FnMut(&str) -> Result<(), E>) -> Result<(), E> {
    if !report.labelled {
        return Ok(());
    }
    put(
        "<section id=\"misses\"><h2>Misses</h2><p class=\"about\">Every labelled plate that was not read exactly, with \
         its picture.</p>\n",
    )?;
    let kinds = [
        ("Read with confidence, but wrong", &report.wrong_reads),
        ("Sent to a manual check with a wrong partial text", &report.wrong_partial),
        ("Not found or not read", &report.not_found),
    ];
    if kinds.iter().all(|(_, section)| section.total == 0) {
        put("<p class=\"note\">None.</p>")?;
    }
    for (name, section) in kinds.into_iter().filter(|(_, section)| section.total > 0) {
        put(&format!("<h3>{name} <span class=\"count\">{}</span></h3>", shown_of(section)))?;
        grid(section, put)?;
    }
    put("</section>\n")
}

fn rejected<E>(section: &Section, put: &mut impl FnMut(&str) -> Result<(), E>) -> Result<(), E> {
    put(&section_head("rejected", "Rejected", "These gave no plate; the reason stands beside each.", section))?;
    if section.total > 0 {
        put("<div class=\"scroll\"><table class=\"list\"><thead><tr><th>file</th><th>code</th><th>reason</th>\
             <th class=\"num\">pixels</th></tr></thead><tbody>\n")?;
        put(&section.html)?;
        put("</tbody></table></div>")?;
    }
    put("</section>\n")
}

fn section_head(id: &str, name: &str, about: &str, section: &Section) -> String {
    let about = if section.total == 0 { "None." } else { about };
    let count = shown_of(section);
    format!("<section id=\"{id}\"><h2>{name} <span class=\"count\">{count}</span></h2><p class=\"about\">{about}</p>\n")
}

fn grid<E>(section: &Section, put: &mut impl FnMut(&str) -> Result<(), E>) -> Result<(), E> {
    put("<div class=\"grid\">\n")?;
    put(&section.html)?;
    put("</div>\n")
}

fn shown_of(section: &Section) -> String {
    let total = thousands(section.total as u64);
    if section.shown == section.total { total } else { format!("the first {} of {total}", section.shown) }
}

fn footer(report: &ReportBuilder, summary: &Summary) -> String {
    let omitted = match report.pictures.omitted {
        0 => String::new(),
        n => format!(" {} pictures were left out to keep the page small.", thousands(n as u64)),
    };
    format!(
        "<footer>Made by tollgate {}. All results, shown here or not, are in events.jsonl and plates.parquet.{omitted}\
         </footer>\n</main>\n<script>\n{SCRIPT}</script>\n</body>\n</html>\n",
        Text(&summary.run.version)
    )
}

/// A number with its thousands set apart.
fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push('\u{202f}');
        }
        out.push(digit);
    }
    out
}
