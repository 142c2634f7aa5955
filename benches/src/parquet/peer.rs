//! pyarrow, in a process of its own that has the table in memory and writes it when it is told to.

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use super::Turn;

const SCRIPT: &str = include_str!("../../peers/parquet_writer.py");

/// The process. Ends with its handle.
pub(super) struct Peer {
    child: Child,
    ask: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Peer {
    /// Starts it on one core.
    pub(super) fn start(python: &Path, table: &Path, dir: &Path, core: usize) -> Result<Self> {
        let mut command = Command::new("taskset");
        command.args(["-c", &core.to_string()]).arg(python).args(["-c", SCRIPT]).arg(table).arg(dir);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().context("cannot start pyarrow")?;
        let ask = child.stdin.take().context("no stdin")?;
        let answers = BufReader::new(child.stdout.take().context("no stdout")?);
        Ok(Self { child, ask, answers })
    }

    fn ask(&mut self, question: &str) -> Result<Value> {
        writeln!(self.ask, "{question}")?;
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        serde_json::from_str(&line).with_context(|| format!("pyarrow did not answer {question:?}: {line:?}"))
    }

    /// Writes the table once.
    pub(super) fn write(&mut self, codec: &str, told: &str, rows: usize) -> Result<Turn> {
        let answer = self.ask(&format!("{codec} {told}"))?;
        ensure!(answer["rows"] == rows, "pyarrow has another table: {answer}");
        let seconds = answer["seconds"].as_f64().context("no seconds")?;
        Ok(Turn { rows_per_s: rows as f64 / seconds, bytes: answer["bytes"].as_u64().context("no bytes")? })
    }

    /// Its name and version.
    pub(super) fn version(&mut self) -> Result<String> {
        Ok(self.ask("version")?.as_str().context("no version")?.to_owned())
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
