//! The report for a terminal.

use super::report::{Peer, Report, StageRow};
use super::spread::Spread;
use std::fmt::Write;

/// All of it.
pub(super) fn text(report: &Report) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = write(report, &mut out);
    out
}

fn write(report: &Report, out: &mut String) -> std::fmt::Result {
    let photos = &report.photos;
    writeln!(out, "{} photos: {}, {:.0} KB each", photos.count, photos.source, photos.mean_bytes / 1e3)?;
    writeln!(out, "CPU: {}", report.machine)?;
    match &report.adapter {
        Some(adapter) => {
            let software = if adapter.software { " – SOFTWARE, no GPU" } else { "" };
            writeln!(out, "GPU: {} ({}, {}){software}", adapter.name, adapter.backend, adapter.driver)?;
            writeln!(out, "nets of the GPU path: {}; {} photos decoded at once", report.inference, report.batch)?;
        }
        None => writeln!(out, "GPU: none")?,
    }
    stages(report, out)?;
    let end = &report.end_to_end;
    writeln!(out, "\nend to end, {} lanes, images/s (median, 10th–90th percentile)", report.workers)?;
    writeln!(out, "  CPU {}\n  GPU {}", spread(end.cpu.as_ref()), spread(end.gpu.as_ref()))?;
    agreement(report, out)?;
    for peer in &report.peers {
        writeln!(out, "{}: {}, {}", peer.name, peer.about, took(peer))?;
    }
    report.notices.iter().try_for_each(|notice| writeln!(out, "note: {notice}"))
}

fn stages(report: &Report, out: &mut String) -> std::fmt::Result {
    writeln!(out, "\nms a photo on one thread: median (10th–90th percentile); GPU times with a wait for the device")?;
    writeln!(out, "{:<10} {:>26} {:>26} {:>12}", "stage", "CPU", "GPU", "device busy")?;
    for StageRow { name, cpu, gpu, gpu_busy_ms, .. } in &report.stages {
        let busy = gpu_busy_ms.map_or("–".to_owned(), |ms| format!("{ms:.3}"));
        writeln!(out, "{name:<10} {:>26} {:>26} {busy:>12}", spread(cpu.as_ref()), spread(gpu.as_ref()))?;
    }
    if !report.timestamps && report.adapter.is_some() {
        writeln!(out, "the device has no clock for its passes: there are wall times alone")?;
    }
    Ok(())
}

fn agreement(report: &Report, out: &mut String) -> std::fmt::Result {
    if let Some(same) = &report.agreement {
        let share = 100.0 * same.same_text_share;
        write!(out, "agreement: {} of {} photos with the same texts ({share:.1} %)", same.same_text, same.photos)?;
        match (same.mean_iou, same.least_iou) {
            (Some(mean), Some(least)) => writeln!(out, "; boxes overlap by {mean:.3} (least {least:.3})")?,
            _ => writeln!(out)?,
        }
        for (file, cpu, gpu) in &same.differing {
            writeln!(out, "  {file}: CPU {}, GPU {}", cpu.join(" "), gpu.join(" "))?;
        }
    }
    if let Some(decoding) = &report.decoding {
        writeln!(out, "{decoding}")?;
    }
    if let Some(moved) = &report.moved {
        let (photo, to, from) = (moved.photo_bytes / 1e3, moved.to_device_bytes / 1e3, moved.from_device_bytes / 1e3);
        writeln!(out, "over the bus, a photo of {photo:.1} KB: {to:.1} KB to the GPU, {from:.1} KB back")?;
    }
    let mib = |bytes: Option<u64>| bytes.map_or("unknown".to_owned(), |bytes| format!("{} MiB", bytes >> 20));
    let memory = &report.memory;
    writeln!(
        out,
        "memory at most: {} of the process, {} of the device's buffers",
        mib(memory.peak_rss_bytes),
        mib(memory.device_peak_bytes)
    )
}

/// What a peer took a photo, and whether it read the same.
pub(super) fn took(peer: &Peer) -> String {
    let same = peer.same_text_share.map(|share| format!(", {:.0} % of texts as the CPU path's", 100.0 * share));
    format!("{} ms{}", spread(Some(&peer.spread)), same.unwrap_or_default())
}

/// Median with its spread.
pub(super) fn spread(spread: Option<&Spread>) -> String {
    let digits = |value: f64| if value >= 100.0 { 0 } else { 2 };
    match spread {
        None => "–".into(),
        Some(Spread { median, low, high, .. }) => {
            format!("{median:.0$} ({low:.0$}–{high:.0$})", digits(*median))
        }
    }
}
