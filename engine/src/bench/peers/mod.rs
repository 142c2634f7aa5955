//! Others on the same photos, where they are installed.

use super::Request;
use super::photos::Photos;
use super::report::Peer;
use super::spread::Spread;
use serde::Deserialize;
use std::io::{self, Write};
use std::process::{Command, Stdio};

/// Photos that a peer is given at most.
const MOST: usize = 64;
const SCRIPT: &str = include_str!("opencv.py");

/// What the script prints.
#[derive(Deserialize)]
struct Answer {
    name: String,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    about: String,
    ms: Vec<f64>,
}

/// OpenCV, on one thread: its decoder is libjpeg-turbo. Not there is no error.
pub(super) fn measure(request: &Request, photos: &Photos, notices: &mut Vec<String>) -> Vec<Peer> {
    match ask(request, photos) {
        Ok(answer) => {
            let peer = |case: Case| {
                let spread = Spread::of(&case.ms)?;
                Some(Peer { name: answer.name.clone(), about: case.about, ms: spread.median, spread })
            };
            answer.cases.into_iter().filter_map(peer).collect()
        }
        Err(reason) => {
            let python = request.python.display();
            notices.push(format!(
                "no OpenCV to compare with ({reason}); `{python} -m pip install opencv-python-headless` brings it"
            ));
            Vec::new()
        }
    }
}

fn ask(request: &Request, photos: &Photos) -> Result<Answer, String> {
    let mut child = Command::new(&request.python)
        .args(["-c", SCRIPT, &format!("{}", request.seconds)])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("{}: {error}", request.python.display()))?;
    let sent = child.stdin.take().map(|pipe| send(pipe, photos));
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

/// Each photo with its length before it, as four bytes, the lowest first.
fn send(mut pipe: impl Write, photos: &Photos) -> io::Result<()> {
    for bytes in photos.bytes().take(MOST) {
        let length = u32::try_from(bytes.len()).map_err(io::Error::other)?;
        pipe.write_all(&length.to_le_bytes())?;
        pipe.write_all(bytes)?;
    }
    Ok(())
}
