//! `tollgate serve` with queues alone.

use anyhow::{Context, Result, bail};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A running server; it is ended when this is dropped.
pub(super) struct Server {
    child: Child,
    pub(super) bus: SocketAddr,
    pub(super) tasks: SocketAddr,
}

impl Server {
    pub(super) fn start(tollgate: &Path, dir: &Path) -> Result<Self> {
        let config = dir.join("tollgate.toml");
        std::fs::write(&config, "[source]\nkind = \"none\"\n[queues.queue.bus]\n[queues.queue.tasks]\n")?;
        let mut command = Command::new(tollgate);
        command.arg("serve").arg("--config").arg(&config).arg("--data").arg(dir.join("data"));
        for face in ["--kafka", "--http", "--tasks", "--bus"] {
            command.args([face, "127.0.0.1:0"]);
        }
        let mut child = command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().context("cannot start tollgate")?;
        let stderr = child.stderr.take().context("no stderr")?;
        let mut lines = BufReader::new(stderr).lines().map_while(Result::ok);
        let (mut bus, mut tasks) = (None, None);
        for line in lines.by_ref() {
            let mut words = line.split_whitespace();
            let face = words.next();
            let mut address = || words.next()?.strip_prefix("http://")?.parse().ok();
            match face {
                Some("bus") => bus = address(),
                Some("tasks") => tasks = address(),
                Some("ready;") => break,
                _ => {}
            }
        }
        // Whoever writes to a closed pipe dies of it.
        std::thread::spawn(move || lines.for_each(drop));
        match (bus, tasks) {
            (Some(bus), Some(tasks)) => Ok(Self { child, bus, tasks }),
            _ => {
                child.kill().ok();
                bail!("tollgate did not serve")
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
