//! A consumer of a group dies, another takes over.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use tollgate_ingest::log::NewRecord;

use crate::peers::python;
use crate::server::{Server, eventually};

/// What a consumer printed: partition and offset of each record, in order.
type Seen = Arc<Mutex<Vec<(u32, u64)>>>;

struct Consumer {
    child: Child,
    seen: Seen,
    /// How many partitions it was given last.
    given: Arc<Mutex<usize>>,
}

impl Consumer {
    fn start(mut command: Command, address: &str) -> Self {
        let mut child = command.arg(address).stdout(Stdio::piped()).spawn().expect("a consumer");
        let (seen, given) = (Seen::default(), Arc::new(Mutex::new(0)));
        let lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let (of_thread, its_given) = (Arc::clone(&seen), Arc::clone(&given));
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let numbers: Vec<u64> = line.split(' ').skip(1).filter_map(|word| word.parse().ok()).collect();
                match numbers.as_slice() {
                    [count] => *its_given.lock().expect("sound") = *count as usize,
                    [partition, offset] => of_thread.lock().expect("sound").push((*partition as u32, *offset)),
                    _ => panic!("{line}"),
                }
            }
        });
        Self { child, seen, given }
    }

    fn given(&self) -> usize {
        *self.given.lock().expect("sound")
    }

    fn seen(&self) -> Vec<(u32, u64)> {
        self.seen.lock().expect("sound").clone()
    }
}

impl Drop for Consumer {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

#[test]
fn when_one_dies_another_takes_over() {
    let Some(command) = python("confluent_kafka", "member.py") else { return };
    let server = Server::start();
    let partitions = 4;
    server.create("shared", partitions);
    let first = Consumer::start(command, &server.address());
    eventually("the first has all", || first.given() == 4);
    let second = Consumer::start(python("confluent_kafka", "member.py").expect("as before"), &server.address());
    eventually("they share", || (first.given(), second.given()) == (2, 2));

    let append = |count: u64| {
        let record = NewRecord { value: Some(b"value"), ..NewRecord::default() };
        for number in 0..count {
            server.append("shared", (number % u64::from(partitions)) as u32, &[record; 5], 1);
        }
    };
    append(40);
    eventually("all is seen", || first.seen().len() + second.seen().len() == 200);
    append(40);
    // Somewhere in the middle: what it has seen and not committed is seen again.
    eventually("the second goes on", || second.seen().len() > 110);
    let mut second = second;
    second.child.kill().expect("killed");
    second.child.wait().expect("dead");
    let committed: BTreeMap<u32, u64> =
        server.store.checkpoints("takeover").iter().map(|one| (one.partition, one.offset)).collect();
    append(40);
    let all = |seen: &[(u32, u64)]| {
        let mut distinct = seen.to_vec();
        distinct.sort_unstable();
        distinct.dedup();
        distinct.len()
    };
    let both = || [first.seen(), second.seen()].concat();
    eventually("the first has all again", || first.given() == 4);
    eventually("nothing is lost", || all(&both()) == 600);
    let of_second = second.seen();
    for (partition, offset) in first.seen() {
        let twice = of_second.contains(&(partition, offset));
        let was_committed = offset < committed.get(&partition).copied().unwrap_or(0);
        assert!(!(twice && was_committed), "{partition} {offset} was committed and is seen twice: {committed:?}");
    }
}
