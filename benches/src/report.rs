//! What a case found: a table for people, the numbers for programs, and the machine they are from.

use anyhow::Result;
use serde::Serialize;
use serde_json::Value;
use std::fs;
use std::path::Path;

/// A finished case.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    /// Heading.
    pub(crate) title: String,
    /// How it was measured, a paragraph.
    pub(crate) how: String,
    /// The machine.
    pub(crate) machine: String,
    /// Column heads.
    pub(crate) columns: Vec<String>,
    /// Rows.
    pub(crate) rows: Vec<Vec<String>>,
    /// What follows from them, a line each.
    pub(crate) findings: Vec<String>,
    /// The numbers behind the table.
    pub(crate) data: Value,
}

impl Report {
    /// As Markdown.
    pub(crate) fn markdown(&self) -> String {
        let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
        let mut text = format!("# {}\n\n{}\n\nMachine: {}\n\n", self.title, self.how, self.machine);
        text += &line(&self.columns);
        text += &line(&vec!["---".into(); self.columns.len()]);
        self.rows.iter().for_each(|row| text += &line(row));
        text.push('\n');
        self.findings.iter().for_each(|f| text += &format!("- {f}\n"));
        text
    }

    /// Writes `STEM.md` and `STEM.json`.
    pub(crate) fn save(&self, stem: &Path) -> Result<()> {
        if let Some(dir) = stem.parent() {
            fs::create_dir_all(dir)?;
        }
        fs::write(stem.with_extension("md"), self.markdown())?;
        fs::write(stem.with_extension("json"), serde_json::to_string_pretty(self)? + "\n")?;
        Ok(())
    }
}

/// Processor, cores and kernel, without anything that names the host.
pub(crate) fn machine() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let field = |name: &str| {
        let line = info.lines().find(|l| l.starts_with(name))?;
        Some(line.split(':').nth(1)?.trim().to_owned())
    };
    let model = field("model name").unwrap_or_else(|| std::env::consts::ARCH.into());
    let flags = field("flags").unwrap_or_default();
    let vector = ["avx2", "avx512f", "avx512_vnni"].into_iter().filter(|f| flags.split(' ').any(|x| x == *f));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    format!("{model}, {cores} cores, {}", vector.collect::<Vec<_>>().join(" "))
}
