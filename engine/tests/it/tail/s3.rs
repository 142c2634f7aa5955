//! A real S3 server: moto's, in a process of its own.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use super::python;

/// The bucket that is there.
pub(super) const BUCKET: &str = "plates";

/// The server. Ends with its handle.
pub(super) struct S3 {
    child: Child,
    ask: ChildStdin,
    answers: BufReader<ChildStdout>,
    endpoint: String,
}

impl S3 {
    pub(super) fn start() -> Option<Self> {
        let mut command = python::script("s3.py", "moto.server, boto3, flask")?;
        let mut child = command.arg(BUCKET).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let child = child.as_mut().ok().map(|child| (child.stdin.take(), child.stdout.take())).zip(child.ok());
        let ((ask, answers), child) = child.expect("it starts");
        let (ask, answers) = (ask.expect("stdin"), BufReader::new(answers.expect("stdout")));
        let mut s3 = Self { child, ask, answers, endpoint: String::new() };
        s3.endpoint = s3.line();
        Some(s3)
    }

    /// What object_store reads from the environment.
    pub(super) fn env(&self) -> [(&str, &str); 5] {
        [
            ("AWS_ENDPOINT", &self.endpoint),
            ("AWS_ALLOW_HTTP", "true"),
            ("AWS_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
        ]
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("an answer");
        line.trim().to_owned()
    }

    /// Carries a command out: `down`, `up`, `get KEY FILE`, `fetch FOLDER`.
    pub(super) fn tell(&mut self, command: &str) -> String {
        writeln!(self.ask, "{command}").expect("it listens");
        self.line()
    }

    /// The keys of all objects.
    pub(super) fn keys(&mut self) -> Vec<String> {
        serde_json::from_str(&self.tell("list")).expect("JSON")
    }

    /// How many uploads were begun and not ended.
    pub(super) fn uploads(&mut self) -> usize {
        self.tell("uploads").parse().expect("a number")
    }
}

impl Drop for S3 {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
