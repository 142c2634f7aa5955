//! A `tollgate serve` that only has queues, and a client of them.

use crate::common::tollgate;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};
use tollgate_sinks::queue::azure::client::{Client, Got, read_got};
use tollgate_sinks::queue::azure::{DEVELOPMENT_ACCOUNT, DEVELOPMENT_KEY, Key};
use ureq::http::{Method, Request};

pub(super) struct Server {
    child: Child,
    pub(super) port: u16,
}

impl Server {
    pub(super) fn start(dir: &Path) -> Self {
        let config = dir.join("tollgate.toml");
        std::fs::write(&config, "[source]\nkind = \"none\"\n").expect("a config");
        let mut command = tollgate();
        command.args([
            "serve",
            "--kafka",
            "127.0.0.1:0",
            "--http",
            "127.0.0.1:0",
            "--tasks",
            "127.0.0.1:0",
            "--bus",
            "127.0.0.1:0",
            "--config",
        ]);
        command.arg(config).arg("--data").arg(dir.join("data"));
        let mut child = command.stderr(Stdio::piped()).stdin(Stdio::null()).spawn().expect("the program starts");
        let mut lines = BufReader::new(child.stderr.take().expect("stderr")).lines().map_while(Result::ok);
        let (mut port, mut said) = (None, Vec::new());
        for line in lines.by_ref() {
            if let Some(address) = line.strip_prefix("tasks  http://") {
                let digits = address.split(':').nth(1).and_then(|rest| rest.split_whitespace().next());
                port = digits.and_then(|digits| digits.parse().ok());
            }
            let up = line.starts_with("ready;");
            said.push(line);
            if up {
                break;
            }
        }
        // Whoever writes to a closed pipe dies of it.
        std::thread::spawn(move || lines.for_each(drop));
        let port = port.unwrap_or_else(|| panic!("it did not serve:\n{}", said.join("\n")));
        Self { child, port }
    }

    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/{DEVELOPMENT_ACCOUNT}", self.port)
    }

    pub(super) fn queue(&self, name: &str) -> Queue {
        Queue(Client::new(&self.url(), Key::parse(DEVELOPMENT_KEY).expect("a key"), name).expect("a client"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A queue that is there.
pub(super) struct Queue(Client);

impl Queue {
    pub(super) fn create(&self) {
        send(self.0.create(now_ms()).expect("a request"));
    }

    pub(super) fn put(&self, text: &str) {
        send(self.0.put(text, now_ms()).expect("a request"));
    }

    /// Gets a message, and hides it for an hour.
    pub(super) fn get(&self) -> Option<Got> {
        let mut response = send(self.0.get(3600, now_ms()).expect("a request"));
        let body = response.body_mut().read_to_vec().expect("a body");
        read_got(&body).expect("messages").into_iter().next()
    }

    /// Messages that can be got; they are, and hidden by that.
    pub(super) fn count(&self) -> usize {
        std::iter::from_fn(|| self.get()).count()
    }
}

fn send(request: Request<String>) -> ureq::http::Response<ureq::Body> {
    let agent = ureq::Agent::new_with_defaults();
    let bodiless = matches!(*request.method(), Method::GET | Method::DELETE);
    let answer = if bodiless { agent.run(request.map(drop)) } else { agent.run(request) };
    answer.expect("a good answer")
}

fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("after the epoch");
    i64::try_from(since.as_millis()).expect("before the end of time")
}
