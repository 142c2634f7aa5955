//! `tollgate listen`, as real processes.

use super::server::Server;
use crate::common::tollgate;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

/// How long anything here may take.
const PATIENCE: Duration = Duration::from_secs(90);
/// What works until its listener is dead.
const UNTIL_DEAD: &str = "while kill -0 $PPID 2>/dev/null; do sleep 0.05; done";

/// A listener whose lines go to a channel.
struct Listener(Child);

impl Listener {
    fn start(server: &Server, exec: &str, more: &[&str], lines: &Sender<String>) -> Self {
        let mut command = tollgate();
        command
            .args(["listen", "--queue", "jobs", "--poll-ms", "50", "--url", &server.url(), "--exec", exec])
            .args(more);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("it starts");
        let stdout = BufReader::new(child.stdout.take().expect("stdout"));
        let lines = lines.clone();
        std::thread::spawn(move || stdout.lines().map_while(Result::ok).try_for_each(|line| lines.send(line)));
        Self(child)
    }

    fn terminate(&self) {
        let sent = Command::new("kill").args(["-TERM", &self.0.id().to_string()]).status();
        assert!(sent.expect("kill").success());
    }

    fn end(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.0.try_wait().expect("a child") {
                Some(status) => return status,
                None => assert!(Instant::now() < deadline, "it did not end"),
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// The id in a line of this kind.
fn id_of<'a>(line: &'a str, what: &str) -> Option<&'a str> {
    line.strip_prefix("Message ")?.split_once(' ').filter(|(_, rest)| rest.starts_with(what)).map(|(id, _)| id)
}

#[track_caller]
fn next(lines: &Receiver<String>) -> String {
    lines.recv_timeout(PATIENCE).expect("a line in time")
}

/// Runs a listener until the queue is empty; its lines.
fn drain(server: &Server, exec: &str, more: &[&str]) -> Vec<String> {
    let (sender, lines) = channel();
    let mut listener = Listener::start(server, exec, &[more, &["--once"]].concat(), &sender);
    assert!(listener.end().success());
    drop(sender);
    lines.into_iter().collect()
}

fn server_with(dir: &Path, texts: &[&str]) -> Server {
    let server = Server::start(dir);
    let queue = server.queue("jobs");
    queue.create();
    texts.iter().for_each(|text| queue.put(text));
    server
}

#[test]
fn a_message_is_shown_worked_on_and_deleted() {
    let dir = tempfile::tempdir().unwrap();
    let server = server_with(dir.path(), &["{\"plate\": \"ABC 123\"}"]);
    let out = dir.path().join("out");
    let exec = format!("echo \"$TOLLGATE_MESSAGE_ID $TOLLGATE_DEQUEUE_COUNT $(cat)\" > {}; echo noise", out.display());
    let lines = drain(&server, &exec, &[]);
    let id = id_of(&lines[0], "dequeued").expect("an id");
    let whole =
        [format!("Message {id} dequeued: {{\"plate\": \"ABC 123\"}}"), format!("Message {id} successfully processed")];
    assert_eq!(lines, whole);
    assert_eq!(std::fs::read_to_string(out).unwrap(), format!("{id} 1 {{\"plate\": \"ABC 123\"}}\n"));
    assert_eq!(server.queue("jobs").count(), 0);
}

#[test]
fn a_kill_in_the_middle_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let texts: Vec<String> = (0..30).map(|n| format!("{{\"n\": {n}}}")).collect();
    let server = server_with(dir.path(), &texts.iter().map(String::as_str).collect::<Vec<_>>());
    let (sender, lines) = channel();
    let mut victim = Listener::start(&server, UNTIL_DEAD, &["--lock-s", "2"], &sender);
    let taken = next(&lines);
    let taken = id_of(&taken, "dequeued").expect("it has taken one").to_owned();
    // SIGKILL, with the message in hand.
    victim.0.kill().unwrap();
    victim.0.wait().unwrap();
    let (sender, lines) = channel();
    let others = [(); 3].map(|()| Listener::start(&server, "cat > /dev/null", &[], &sender));
    let mut processed = BTreeMap::new();
    while processed.len() < texts.len() {
        if let Some(id) = id_of(&next(&lines), "successfully") {
            *processed.entry(id.to_owned()).or_insert(0) += 1;
        }
    }
    assert!(processed.contains_key(&taken), "the message of the one that was killed");
    assert!(processed.values().all(|times| *times == 1), "{processed:?}");
    for mut other in others {
        other.terminate();
        assert!(other.end().success());
    }
    assert_eq!(server.queue("jobs").count(), 0);
}

#[test]
fn what_fails_too_often_is_put_aside() {
    let dir = tempfile::tempdir().unwrap();
    let server = server_with(dir.path(), &["<poison> & \"text\""]);
    let lines = drain(&server, "exit 3", &["--max-deliveries", "3"]);
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert!(lines.iter().all(|line| line.ends_with("dequeued: \"<poison> & \\\"text\\\"\"")), "{lines:?}");
    assert_eq!(server.queue("jobs").count(), 0);
    assert_eq!(server.queue("jobs-poison").get().expect("it is there").text, "<poison> & \"text\"");
}

#[test]
fn what_kills_its_listeners_is_put_aside_as_well() {
    let dir = tempfile::tempdir().unwrap();
    let server = server_with(dir.path(), &["deadly"]);
    for _ in 0..2 {
        let (sender, lines) = channel();
        let mut listener = Listener::start(&server, UNTIL_DEAD, &["--lock-s", "1", "--max-deliveries", "2"], &sender);
        next(&lines);
        listener.0.kill().unwrap();
        listener.0.wait().unwrap();
    }
    // Nobody gives it back; the lease ends by itself.
    let (sender, lines) = channel();
    let _last = Listener::start(&server, "true", &["--lock-s", "1", "--max-deliveries", "2"], &sender);
    let deadline = Instant::now() + PATIENCE;
    let poison = server.queue("jobs-poison");
    poison.create();
    let aside = loop {
        match poison.get() {
            Some(got) => break got,
            None => assert!(Instant::now() < deadline, "it was not put aside"),
        }
    };
    assert_eq!(aside.text, "deadly");
    assert!(lines.try_recv().is_err(), "it was worked on once more");
}

#[test]
fn a_lease_is_held_as_long_as_the_work_takes() {
    let dir = tempfile::tempdir().unwrap();
    let server = server_with(dir.path(), &["long"]);
    let (sender, lines) = channel();
    // Longer than two leases.
    let _worker = Listener::start(&server, "sleep 4.5", &["--lock-s", "2"], &sender);
    assert!(id_of(&next(&lines), "dequeued").is_some());
    let (other_sender, other_lines) = channel();
    let _other = Listener::start(&server, "true", &[], &other_sender);
    assert!(id_of(&next(&lines), "successfully").is_some());
    assert!(other_lines.try_recv().is_err(), "somebody else got it");
}

#[test]
fn a_signal_lets_it_finish_what_it_has() {
    let dir = tempfile::tempdir().unwrap();
    let server = server_with(dir.path(), &["first", "second"]);
    let gate = dir.path().join("gate");
    let (sender, lines) = channel();
    let exec = format!("while [ ! -e {} ]; do sleep 0.02; done", gate.display());
    let mut listener = Listener::start(&server, &exec, &[], &sender);
    let id = id_of(&next(&lines), "dequeued").expect("an id").to_owned();
    listener.terminate();
    std::fs::write(gate, "").unwrap();
    assert_eq!(next(&lines), format!("Message {id} successfully processed"));
    assert!(listener.end().success());
    assert_eq!(server.queue("jobs").count(), 1);
}

#[test]
fn a_wrong_key_is_said_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let server = server_with(dir.path(), &[]);
    let output = tollgate()
        .args(["listen", "--queue", "jobs", "--exec", "true", "--key", "c2VjcmV0", "--url", &server.url()])
        .output()
        .expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("403 AuthenticationFailed") && said.contains("--key"), "{said}");
}
