//! Running a program to its end, pinned to processors, with the operating system's own account of it.

use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

/// A finished run.
pub(crate) struct Run {
    /// The last line of its stdout, which every program measured here prints as JSON.
    pub(crate) json: Value,
    /// Its largest resident set, in bytes.
    pub(crate) peak_bytes: u64,
    /// Processor seconds it used, user and system.
    pub(crate) cpu_s: f64,
}

/// Keeps this thread on one processor from now on.
pub(crate) fn pin(core: usize) -> Result<()> {
    let mut one = rustix::thread::CpuSet::new();
    one.set(core);
    rustix::thread::sched_setaffinity(None, &one).context("cannot pin this thread")
}

/// Runs `command` on the processors `cpus` (as `taskset -c` takes them) and waits for it.
pub(crate) fn run(command: &[String], cpus: &str, env: &[(&str, &str)]) -> Result<Run> {
    let mut pinned = Command::new("taskset");
    pinned.args(["-c", cpus]).args(command).envs(env.iter().copied());
    pinned.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).process_group(0);
    let child = pinned.spawn().with_context(|| format!("cannot start {}", command.join(" ")))?;
    let (stdout, usage) = wait(child)?;
    let last = stdout.lines().last().unwrap_or_default();
    let json =
        serde_json::from_str(last).with_context(|| format!("{} printed no JSON: {last:?}", command.join(" ")))?;
    Ok(Run { json, ..usage })
}

/// Collects the output, then the exit status and the account, which `std` does not give.
#[expect(unsafe_code, reason = "wait4 has no wrapper in std; it writes one status and one rusage that we own")]
fn wait(mut child: Child) -> Result<(String, Run)> {
    let mut stdout = String::new();
    if let Some(mut pipe) = child.stdout.take() {
        std::io::Read::read_to_string(&mut pipe, &mut stdout)?;
    }
    let mut status = 0;
    let mut usage = std::mem::MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: the pid is that of our own child, not waited for yet; both pointers are to live, properly sized memory.
    let waited = unsafe { libc::wait4(child.id().cast_signed(), &raw mut status, 0, usage.as_mut_ptr()) };
    if waited < 0 {
        bail!("cannot wait for a child: {}", std::io::Error::last_os_error());
    }
    if status != 0 {
        bail!("a measured program failed with wait status {status}");
    }
    // SAFETY: all-zero is a valid rusage, and wait4 has filled it.
    let usage = unsafe { usage.assume_init() };
    let seconds = |t: libc::timeval| t.tv_sec as f64 + t.tv_usec as f64 * 1e-6;
    let cpu_s = seconds(usage.ru_utime) + seconds(usage.ru_stime);
    // Linux counts the resident set in KiB.
    Ok((stdout, Run { json: Value::Null, peak_bytes: usage.ru_maxrss.unsigned_abs() * 1024, cpu_s }))
}
