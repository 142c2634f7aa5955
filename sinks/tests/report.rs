//! The report: self-contained, escaped, capped, and with every miss in it.

use std::fs;

use tollgate_sinks::event::EventKind;
use tollgate_sinks::report::{
    AccuracyRow, MAX_MANUAL, MAX_MISSES, MAX_PICTURE_BYTES, MAX_READS, MAX_REJECTED, ReportBuilder, Run, Summary,
    ThroughputPoint, Truth,
};
use tollgate_sinks::{Entry, Result};

use crate::common;

fn summary() -> Summary {
    Summary {
        title: "Replay of photos".into(),
        run: Run {
            version: "0.1.0".into(),
            source: "file:///photos".into(),
            backend: "cpu".into(),
            workers: 2,
            reader: "cct_xs_v2_global".into(),
            reader_reason: "the best reader could be had".into(),
            models: common::run_info().models,
        },
        seconds: 12.5,
        images_per_s: 80.0,
        accuracy: Vec::new(),
        throughput: (1..100).map(|i| ThroughputPoint { at_s: f64::from(i), images_per_s: 80.0 }).collect(),
    }
}

fn page(report: ReportBuilder, summary: &Summary) -> Result<String> {
    let dir = common::scratch();
    let path = dir.path().join("report.html");
    report.finish(&path, summary)?;
    assert_eq!(fs::read_dir(dir.path()).expect("the folder can be listed").count(), 1, "only the page is left");
    Ok(fs::read_to_string(path).expect("the page is UTF-8"))
}

fn missed(expected: &str) -> Truth {
    Truth { expected: expected.into(), hit: false }
}

fn count(html: &str, what: &str) -> usize {
    html.matches(what).count()
}

#[test]
fn the_page_asks_nothing_of_any_server() {
    let mut report = ReportBuilder::new();
    for entry in common::entries(60) {
        report.add(&entry, None, None);
    }
    let html = page(report, &summary()).unwrap();
    for outside in ["http:", "https:", "//cdn", "<link", "@import", "url(", "fetch(", "XMLHttpRequest"] {
        assert!(!html.contains(outside), "the page contains {outside}");
    }
    assert!(html.contains("default-src 'none'"));
    assert_eq!(count(&html, " src=\""), count(&html, " src=\"data:image/jpeg;base64,"));
    assert_eq!(count(&html, "<img "), 54, "each plate of the sixty has its crop, the six rejected have none");
    for opened in ["article", "section", "table", "svg", "figure", "div", "p"] {
        let starts = count(&html, &format!("<{opened} ")) + count(&html, &format!("<{opened}>"));
        assert_eq!(starts, count(&html, &format!("</{opened}>")), "<{opened}> is not closed everywhere");
    }
}

#[test]
fn everything_from_outside_is_escaped() {
    let evil = "<script>alert('1')</script>\" onload=\"x&amp;";
    let mut entries: Vec<Entry> =
        [EventKind::Processed, EventKind::ManualCheck, EventKind::Rejected].map(|k| entry_of(4, k)).into();
    for entry in &mut entries {
        let data = &mut entry.event.data;
        data.file_name = evil.into();
        data.license_plate_text = evil.into();
        data.raw_text = evil.into();
        data.candidates.iter_mut().for_each(|c| c.text = format!("{evil}2"));
        data.region.iter_mut().for_each(|r| r.name = evil.into());
        data.reason.iter_mut().for_each(|r| (r.code, r.detail) = (evil.into(), evil.into()));
    }
    let mut report = ReportBuilder::new();
    for entry in &entries {
        report.add(entry, Some(&missed(&format!("{evil}3"))), Some(b"jpeg"));
        report.add(entry, None, None);
    }
    report.add_unfound(evil, evil, None);
    let mut summary = summary();
    summary.title = evil.into();
    let Run { version, source, backend, reader, reader_reason, models, .. } = &mut summary.run;
    for text in [version, source, backend, reader, reader_reason, &mut models[0].name] {
        *text = evil.into();
    }
    summary.accuracy.push(AccuracyRow { name: evil.into(), ..AccuracyRow::default() });
    let html = page(report, &summary).unwrap();
    assert_eq!(count(&html, "<script>"), 1, "our own");
    assert!(!html.contains("\" onload"));
    assert!(html.contains("&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&quot; onload=&quot;x&amp;amp;"));
}

fn entry_of(n: usize, kind: EventKind) -> Entry {
    Entry { event: common::event_of(n, kind), crop: vec![0xff, 0xd8, n as u8] }
}

#[test]
fn every_miss_shows_expected_beside_got_with_the_difference_marked() {
    let mut wrong = entry_of(1, EventKind::Processed);
    wrong.event.data.license_plate_text = "ABC1Z34".into();
    wrong.event.data.candidates[1].text = "ABC1234".into();
    let mut folded = entry_of(2, EventKind::ManualCheck);
    folded.event.data.license_plate_text = "OX1".into();
    let mut report = ReportBuilder::new();
    report.add(&wrong, Some(&missed("ABC1234")), Some(b"whole picture"));
    report.add(&folded, Some(&missed("0X1")), None);
    report.add(&entry_of(3, EventKind::Rejected), Some(&missed("XYZ")), Some(b"p"));
    report.add(&entry_of(5, EventKind::Processed), Some(&Truth { expected: "any".into(), hit: true }), None);
    report.add_unfound("two cars.jpg", "SECOND1", None);
    let html = page(report, &summary()).unwrap();
    let row = "<th>expected</th><td>A</td><td>B</td><td>C</td><td>1</td><td class=\"x\">2</td><td>3</td><td>4</td>";
    assert!(html.contains(row));
    assert!(html.contains("<th>got</th><td>A</td><td>B</td><td>C</td><td>1</td><td class=\"x\">Z</td>"));
    assert!(html.contains("the right text was candidate 2"));
    assert!(html.contains("only O/0 or I/1 differ"));
    assert!(html.contains("base64,d2hvbGUgcGljdHVyZQ=="), "the picture given for the miss is shown");
    assert_eq!(count(&html, "<article class=\"card miss"), 4);
    assert!(html.contains("two cars.jpg"));
    assert!(html.contains("href=\"#misses\">Misses <b>4</b>"));
}

#[test]
fn over_the_caps_the_rest_is_counted_and_the_page_says_so() {
    let mut report = ReportBuilder::new();
    let wanted = [
        (EventKind::Processed, MAX_READS, "reads"),
        (EventKind::ManualCheck, MAX_MANUAL, "manual"),
        (EventKind::Rejected, MAX_REJECTED, "rejected"),
    ];
    for (kind, cap, _) in wanted {
        for n in 0..cap + 7 {
            report.add(&entry_of(n, kind), None, None);
        }
    }
    for n in 0..MAX_MISSES + 1 {
        report.add(&entry_of(n, EventKind::Processed), Some(&missed("X")), None);
    }
    let html = page(report, &summary()).unwrap();
    assert_eq!(count(&html, "<article class=\"card read"), MAX_READS);
    assert_eq!(count(&html, "<article class=\"card manual"), MAX_MANUAL);
    assert_eq!(count(&html, "<article class=\"card miss"), MAX_MISSES);
    for (_, cap, name) in wanted {
        assert!(html.contains(&format!("the first {cap} of {}", cap + 7)), "{name}");
    }
}

#[test]
fn a_huge_picture_is_left_out_and_said_to_be() {
    let mut report = ReportBuilder::new();
    let mut entry = entry_of(1, EventKind::Processed);
    entry.crop = vec![0; MAX_PICTURE_BYTES + 1];
    report.add(&entry, None, None);
    let html = page(report, &summary()).unwrap();
    assert!(html.contains("1 pictures were left out"));
    assert!(html.len() < MAX_PICTURE_BYTES);
}

#[test]
fn numbers_stand_where_they_belong() {
    let mut report = ReportBuilder::new();
    for entry in common::entries(1230) {
        report.add(&entry, None, None);
    }
    let mut summary = summary();
    let all = AccuracyRow {
        name: "all".into(),
        plates: 226,
        recall: 0.996,
        exact: 0.885,
        exact_folded: 0.92,
        chars: 0.97,
        chars_folded: 0.981,
        read_precision: None,
    };
    summary.accuracy = vec![all];
    let html = page(report, &summary).unwrap();
    for part in [
        "<b>1\u{202f}230</b><span>images</span>",
        "<b>1\u{202f}107</b><span>plates</span>",
        "<b>861</b><span>reads</span><small>70.0 %</small>",
        "<b>80.0</b><span>images a second</span><small>12.5 s</small>",
        "<th>all</th><td>226</td><td>99.6</td><td>88.5</td><td>92.0</td><td>97.0</td><td>98.1</td><td>–</td>",
    ] {
        assert!(html.contains(part), "{part}");
    }
    let stages = html.split("<th>decode</th><td>").nth(1).unwrap();
    let median: f64 = stages.split('<').next().unwrap().parse().unwrap();
    assert!((median / 7.5 - 1.0).abs() < 0.02, "{median}");
}

#[test]
fn an_empty_run_makes_a_page_too() {
    let html = page(ReportBuilder::new(), &Summary::default()).unwrap();
    assert!(html.contains("Nothing to draw: no plate was read."));
    assert!(html.contains("the run was too short for a line"));
    assert!(!html.contains("NaN") && !html.contains("inf"));
}
