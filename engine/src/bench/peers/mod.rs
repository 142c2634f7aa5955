//! Others on the same photos, where they are installed.

use super::Request;
use super::agreement::Found;
use super::photos::Photos;
use super::report::Peer;
use super::spread::Spread;
use crate::setup::Chosen;
use serde::Deserialize;
use std::io::{self, Write};
use std::process::{Command, Stdio};
use tollgate_ingest::{Payload, Record};
use tollgate_models::Decode;

/// Photos that a peer is given at most.
const MOST: usize = 64;

/// A program in Python, and what it needs.
struct Script {
    what: &'static str,
    parts: &'static [&'static str],
    packages: &'static str,
}

const COMMON: &str = include_str!("common.py");
const OPENCV: &str = include_str!("opencv.py");
const SCRIPTS: [Script; 3] = [
    // Its decoder is libjpeg-turbo as well, of another version and built in another way.
    Script {
        what: "OpenCV",
        parts: &[COMMON, OPENCV, include_str!("opencv_run.py")],
        packages: "opencv-python-headless",
    },
    Script { what: "libjpeg-turbo", parts: &[COMMON, include_str!("turbojpeg.py")], packages: "simplejpeg" },
    Script {
        what: "Python reference",
        parts: &[COMMON, OPENCV, include_str!("reference.py")],
        packages: "opencv-python-headless onnxruntime",
    },
];

/// What a script prints.
#[derive(Deserialize)]
struct Answer {
    name: String,
    cases: Vec<Case>,
    /// The text of each photo's best plate, of a peer that reads.
    #[serde(default)]
    texts: Vec<String>,
}

#[derive(Deserialize)]
struct Case {
    about: String,
    ms: Vec<f64>,
}

/// What the peers are given.
pub(super) struct Peers<'a> {
    pub(super) request: &'a Request,
    pub(super) photos: &'a Photos,
    pub(super) chosen: &'a Chosen,
    /// What the CPU path found.
    pub(super) expected: &'a Found,
}

impl Peers<'_> {
    /// All of them, each on one thread. One that is not there is no error, but said.
    pub(super) fn measure(&self, notices: &mut Vec<String>) -> Vec<Peer> {
        let mut peers = Vec::new();
        for script in &SCRIPTS {
            match self.ask(script) {
                Ok(answer) => peers.extend(self.rows(answer)),
                Err(reason) => {
                    let (what, packages, python) = (script.what, script.packages, self.request.python.display());
                    notices.push(format!(
                        "no {what} to compare with ({reason}); `{python} -m pip install {packages}` brings it"
                    ));
                }
            }
        }
        peers
    }

    fn rows(&self, answer: Answer) -> Vec<Peer> {
        let Answer { name, cases, texts } = answer;
        let same_text_share = self.same(&texts);
        let peer = |case: Case| {
            let spread = Spread::of(&case.ms)?;
            Some(Peer { name: name.clone(), about: case.about, ms: spread.median, spread, same_text_share })
        };
        cases.into_iter().filter_map(peer).collect()
    }

    /// The share of photos whose best plate the peer read as the CPU path did.
    fn same(&self, texts: &[String]) -> Option<f64> {
        let ours = |record: &Record| {
            let best = self.expected.get(&record.position).and_then(|entries| entries.first());
            best.map_or("", |entry| entry.event.data.license_plate_text.as_str())
        };
        let same =
            with_bytes(self.photos).zip(texts).filter(|((record, _), text)| ours(record) == text.as_str()).count();
        (!texts.is_empty()).then(|| same as f64 / texts.len() as f64)
    }

    fn ask(&self, script: &Script) -> Result<Answer, String> {
        let Chosen { detector, reader, .. } = self.chosen;
        let rule = if reader.decode == Decode::Slots { "slots" } else { "ctc" };
        let mut child = Command::new(&self.request.python)
            .args(["-c", &script.parts.concat(), &self.request.seconds.to_string()])
            .args([&detector.path, &reader.path])
            .arg(rule)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{}: {error}", self.request.python.display()))?;
        let sent = child.stdin.take().map(|pipe| send(pipe, self.photos));
        let output = child.wait_with_output().map_err(|error| error.to_string())?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(said.lines().last().unwrap_or("it failed without a word").to_owned());
        }
        if let Some(Err(error)) = sent {
            return Err(format!("it did not take the photos: {error}"));
        }
        serde_json::from_slice(&output.stdout).map_err(|error| format!("its answer was not understood: {error}"))
    }
}

/// The photos that peers are given.
fn with_bytes(photos: &Photos) -> impl Iterator<Item = (&Record, &[u8])> {
    let with = photos.records.iter().filter_map(|record| match &record.payload {
        Payload::Bytes(bytes) => Some((record, bytes.as_slice())),
        Payload::Reference(_) | Payload::Refused(_) => None,
    });
    with.take(MOST)
}

/// Each photo with its length before it, as four bytes, the lowest first.
fn send(mut pipe: impl Write, photos: &Photos) -> io::Result<()> {
    for (_, bytes) in with_bytes(photos) {
        let length = u32::try_from(bytes.len()).map_err(io::Error::other)?;
        pipe.write_all(&length.to_le_bytes())?;
        pipe.write_all(bytes)?;
    }
    Ok(())
}
