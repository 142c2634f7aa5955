//! The program that works on a message.

use std::io::Write;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::Duration;

use tollgate_sinks::queue::azure::client::Got;

use super::lease::Lease;
use crate::{Error, Result};

/// How often it is looked whether the program has ended: soon at first, since most are short.
const FIRST_LOOK: Duration = Duration::from_millis(1);
const LONGEST_LOOK: Duration = Duration::from_millis(20);

/// How a program ended.
pub(super) enum Ended {
    /// With 0.
    Well,
    /// With something else, or by a signal.
    Badly(ExitStatus),
    /// It was stopped, because the message is ours no more.
    LeaseLost,
}

/// Runs the program for a message, and keeps the lease meanwhile.
pub(super) fn run(command: &str, got: &Got, lease: &mut Lease<'_>) -> Result<Ended> {
    let failed = |what| move |source| Error::Exec { what, command: command.to_owned(), source };
    let mut child = shell(command)
        .env("TOLLGATE_MESSAGE_ID", &got.id)
        .env("TOLLGATE_DEQUEUE_COUNT", got.dequeue_count.to_string())
        .stdin(Stdio::piped())
        // Stdout is for the two lines a message.
        .stdout(std::io::stderr())
        .spawn()
        .map_err(failed("start"))?;
    if let Some(mut stdin) = child.stdin.take() {
        let text = got.text.clone();
        // A program need not read it: then the pipe is closed, sooner or later, and this thread ends.
        thread::spawn(move || drop(stdin.write_all(text.as_bytes())));
    }
    let mut look = FIRST_LOOK;
    loop {
        if let Some(status) = child.try_wait().map_err(failed("wait for"))? {
            return Ok(if status.success() { Ended::Well } else { Ended::Badly(status) });
        }
        if !lease.keep() {
            stop(&mut child);
            child.wait().map_err(failed("wait for"))?;
            return Ok(Ended::LeaseLost);
        }
        thread::sleep(look);
        look = (look * 2).min(LONGEST_LOOK);
    }
}

/// The command in a shell, in a process group of its own: a Ctrl-C is for the listener, which lets it finish.
#[cfg(unix)]
fn shell(command: &str) -> Command {
    use std::os::unix::process::CommandExt;
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", command]).process_group(0);
    shell
}

#[cfg(not(unix))]
fn shell(command: &str) -> Command {
    let mut shell = Command::new("cmd");
    shell.args(["/C", command]);
    shell
}

/// Kills the shell and what it started.
fn stop(child: &mut Child) {
    #[cfg(unix)]
    if let Some(group) = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw)
        && rustix::process::kill_process_group(group, rustix::process::Signal::KILL).is_ok()
    {
        return;
    }
    if let Err(error) = child.kill() {
        tracing::warn!(%error, "the program could not be stopped");
    }
}
