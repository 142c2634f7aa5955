//! A real kill -9 in the middle of the load.

use std::collections::HashSet;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use tollgate_sinks::queue::{Ask, Message, Queues, QueuesOptions, Settings};

use super::common::{T0, open, queue, strict};

/// The folder that the process that is killed works in: it is this test program again.
const FOLDER: &str = "TOLLGATE_TEST_QUEUE_KILL";
/// What it has said it did when it is killed.
const LINES: usize = 600;

/// Not a test by itself: sends and completes as fast as it can, and says what was acknowledged.
#[test]
fn works_until_it_is_killed() {
    let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else { return };
    let queues = open(&folder);
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let queues = &queues;
            scope.spawn(move || load(queues, thread));
        }
    });
}

fn load(queues: &Queues, thread: usize) {
    for n in 0.. {
        let id = format!("{thread}-{n}");
        let message = Message { id: id.clone(), body: vec![b'x'; 300], ..Message::default() };
        queues.send("q", &[message], T0).expect("it is taken").wait().expect("it is durable");
        println!("\nsent {id}");
        if n % 2 == 0 {
            let got = queues.receive("q", Ask::ONE, T0).expect("the queue is there").wait().expect("it is durable");
            for one in got {
                println!("\ncompleting {}", one.message.id);
                queues.complete("q", strict(&one), T0).expect("the lock holds").wait().expect("it is durable");
                println!("\ncompleted {}", one.message.id);
            }
        }
    }
}

#[test]
fn nothing_acknowledged_is_lost_and_nothing_completed_comes_back() {
    let dir = tempfile::tempdir().unwrap();
    drop(queue(dir.path(), Settings::default()));
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["queue::kill::works_until_it_is_killed", "--exact", "--nocapture"])
        .env(FOLDER, dir.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let mut said: Vec<String> = lines.by_ref().filter(|line| !line.is_empty()).take(LINES).collect();
    child.kill().unwrap();
    child.wait().unwrap();
    said.extend(lines);
    let after = |word: &str| -> HashSet<String> {
        said.iter().filter_map(|line| line.strip_prefix(word)).map(str::to_owned).collect()
    };
    let (sent, begun, completed) = (after("sent "), after("completing "), after("completed "));
    assert!(sent.len() > 100 && completed.len() > 20, "{} sent, {} completed", sent.len(), completed.len());
    let (queues, opened) = Queues::open(dir.path(), QueuesOptions::default()).unwrap();
    let left = queues.peek("q", 0, 1_000_000, T0).unwrap().wait().unwrap();
    assert_eq!(opened.messages, left.len() as u64);
    let left: HashSet<String> = left.into_iter().map(|one| one.message.id).collect();
    let lost: Vec<_> = sent.difference(&begun).filter(|id| !left.contains(*id)).collect();
    assert!(lost.is_empty(), "lost: {lost:?}");
    let back: Vec<_> = completed.intersection(&left).collect();
    assert!(back.is_empty(), "came back: {back:?}");
}
