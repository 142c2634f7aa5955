//! Brokers as processes: on free ports, killed with SIGKILL, started again in the same folder.

use std::net::TcpStream;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::PATIENCE;

/// What can be killed and come back.
pub(super) trait Mortal {
    /// Waits until what it was told to set up (not: the messages) survives a SIGKILL, where that takes more than its word.
    fn settle(&mut self) {}
    /// SIGKILL, to all of its processes.
    fn kill(&mut self);
    /// Starts it as before, in the same folder, and waits until it serves.
    fn start_again(&mut self);
}

/// A broker in a process group of its own; killed with its handle.
pub(super) struct Broker {
    command: Box<dyn Fn() -> Command>,
    child: Child,
    port: u16,
}

impl Broker {
    /// Starts it and waits until it listens; `command` is made anew for each start.
    #[track_caller]
    pub(super) fn start(port: u16, command: impl Fn() -> Command + 'static) -> Self {
        let child = spawn(command());
        let mut broker = Self { command: Box::new(command), child, port };
        broker.wait();
        broker
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    #[track_caller]
    fn wait(&mut self) {
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            let ended = self.child.try_wait().expect("a child");
            assert!(ended.is_none(), "the broker ended: {ended:?}");
            assert!(Instant::now() < deadline, "the broker does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Mortal for Broker {
    fn kill(&mut self) {
        let group = format!("-{}", self.child.id());
        let killed = Command::new("kill").args(["-9", "--", &group]).stderr(Stdio::null()).status();
        assert!(killed.is_ok(), "there is a kill");
        self.child.wait().expect("a child");
        // The child may be a script, and what it started take a moment longer to end.
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
            assert!(Instant::now() < deadline, "a killed broker listens");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn start_again(&mut self) {
        self.child = spawn((self.command)());
        self.wait();
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.kill();
    }
}

fn spawn(mut command: Command) -> Child {
    command.process_group(0).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().expect("it starts")
}

/// Whether a program is there; says loudly when it is not, which is a failure with `REQUIRE_PEERS=1`.
pub(super) fn is_there(program: &str, package: &str) -> bool {
    let probe = Command::new("sh").args(["-c", &format!("command -v {program}")]).stdout(Stdio::null()).status();
    let there = probe.is_ok_and(|status| status.success());
    if !there {
        assert_ne!(std::env::var("REQUIRE_PEERS").as_deref(), Ok("1"), "{program} is needed; .ci/test installs it");
        eprintln!("SKIPPED: no {program} ({package}); .ci/test installs it");
    }
    there
}
