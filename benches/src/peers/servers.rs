//! Starting and stopping what is compared, each in a data folder of its own, one at a time.

use anyhow::{Context, Result, bail, ensure};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A program that serves.
#[derive(Clone)]
pub(super) enum Program {
    /// `tollgate serve` with these lines of configuration.
    Tollgate { binary: PathBuf, config: &'static str },
    /// Apache Kafka with these settings besides its own.
    Kafka { settings: &'static [&'static str] },
    /// NATS with JetStream.
    Nats,
    /// A broker of ours that keeps nothing.
    Null,
    /// Whatever speaks Kafka at this HOST:PORT, and is neither started nor stopped here.
    Running(String),
}

/// A running server; it is ended when this is dropped.
pub(super) struct Server {
    pub(super) address: String,
    /// The script that ends it, and its data folder.
    script: Option<(PathBuf, PathBuf)>,
    child: Option<Child>,
}

impl Server {
    /// Starts a program in an empty folder, and waits until it serves.
    pub(super) fn start(program: &Program, scripts: &Path, data: &Path) -> Result<Self> {
        let (port, other) = (free_port()?, free_port()?);
        let address = format!("127.0.0.1:{port}");
        match program {
            Program::Tollgate { binary, config } => tollgate(binary, config, data, address, other),
            Program::Kafka { settings } => {
                let script = scripts.join("kafka.sh");
                let mut command = Command::new(&script);
                command.arg("start").arg(data).args([port.to_string(), other.to_string()]).args(*settings);
                succeed(&mut command)?;
                Ok(Self { address, script: Some((script, data.to_path_buf())), child: None })
            }
            Program::Running(address) => Ok(Self { address: address.clone(), script: None, child: None }),
            Program::Null => {
                let mut command = Command::new(std::env::current_exe().context("cannot find this program")?);
                command.args(["null-broker", "--listen", &address]);
                child(command, address)
            }
            Program::Nats => {
                let script = scripts.join("nats.sh");
                succeed(Command::new(&script).arg("start").arg(data).arg(port.to_string()))?;
                Ok(Self { address, script: Some((script, data.to_path_buf())), child: None })
            }
        }
    }
}

fn tollgate(binary: &Path, config: &str, data: &Path, address: String, http_port: u16) -> Result<Server> {
    std::fs::create_dir_all(data)?;
    let file = data.join("tollgate.toml");
    std::fs::write(&file, config)?;
    let mut command = Command::new(binary);
    command.arg("serve").arg("--config").arg(&file).arg("--data").arg(data.join("data"));
    command.args(["--kafka", &address, "--http", &format!("127.0.0.1:{http_port}")]);
    command.args(["--tasks", "127.0.0.1:0", "--bus", "127.0.0.1:0"]);
    child(command, address)
}

/// Starts a server that is a process of its own, and waits until it serves.
fn child(mut command: Command, address: String) -> Result<Server> {
    let name = command.get_program().to_os_string();
    let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let child = child.with_context(|| format!("cannot start {}", name.display()))?;
    let mut server = Server { address, script: None, child: Some(child) };
    let begin = Instant::now();
    while TcpStream::connect(&server.address).is_err() {
        if let Some(status) = server.child.as_mut().and_then(|child| child.try_wait().ok().flatten()) {
            bail!("{} ended: {status}", name.display());
        }
        ensure!(begin.elapsed() < Duration::from_secs(60), "{} was not ready within 60 s", name.display());
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(server)
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some((script, data)) = &self.script
            && let Err(error) = succeed(Command::new(script).arg("stop").arg(data))
        {
            eprintln!("{error:#}");
        }
        if let Some(child) = &mut self.child {
            // It has nothing to lose: the data folder goes with it.
            child.kill().ok();
            child.wait().ok();
        }
    }
}

/// Runs a command that must succeed; gives its stdout.
pub(super) fn succeed(command: &mut Command) -> Result<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output();
    let output = output.with_context(|| format!("cannot start {}", command.get_program().display()))?;
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    ensure!(output.status.success(), "{command:?} failed ({}): {stdout}", output.status);
    Ok(stdout)
}

/// A port that nobody had a moment ago.
fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}
