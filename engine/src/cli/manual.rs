//! `tollgate manual`: the manual-check queue of a replay, for people and for scripts.

use super::Exit;
use super::args::{ManualArgs, ManualCommand};
use crate::{Error, Result};
use chrono::{TimeDelta, Utc};
use serde_json::{Value, json};
use std::path::Path;
use tollgate_sinks::manual::{self, Answer, Item, ManualQueue};

pub(super) fn run(args: &ManualArgs) -> Result<Exit> {
    match &args.command {
        ManualCommand::List { out, most } => {
            open(out)?.peek(*most)?.iter().for_each(|item| println!("{}", shown(item)));
        }
        ManualCommand::Next { out, lock_s, crop } => return next(out, *lock_s, crop.as_deref()),
        ManualCommand::Answer { out, id, token, text, .. } => {
            let answer = text.as_ref().map_or(Answer::Unreadable, |text| Answer::Text(text.trim().to_uppercase()));
            open(out)?.complete(*id, *token, &answer, Utc::now())?;
        }
        ManualCommand::Abandon { out, id, token } => open(out)?.abandon(*id, *token)?,
    }
    Ok(Exit::Done)
}

/// Opens the queue of a replay; where there is none, none is made.
fn open(out: &Path) -> Result<ManualQueue> {
    let path = out.join(manual::FILE);
    if !path.is_file() {
        return Err(Error::NoQueue { dir: out.into() });
    }
    Ok(ManualQueue::open(&path)?)
}

fn next(out: &Path, lock_s: u32, crop: Option<&Path>) -> Result<Exit> {
    let queue = open(out)?;
    let Some(locked) = queue.receive(Utc::now(), TimeDelta::seconds(i64::from(lock_s)))? else {
        eprintln!("nothing is waiting");
        return Ok(Exit::Done);
    };
    if let Some(path) = crop {
        std::fs::write(path, &locked.item.crop).map_err(|source| Error::Io {
            what: "write",
            path: path.into(),
            source,
        })?;
    }
    let mut line = shown(&locked.item);
    line["token"] = json!(locked.token);
    line["lockedUntil"] = json!(locked.locked_until);
    line["deliveryCount"] = json!(locked.delivery_count);
    println!("{line}");
    Ok(Exit::Done)
}

/// An item without its picture.
fn shown(item: &Item) -> Value {
    json!({
        "id": item.event_id, "fileName": item.file_name, "source": item.position, "captureTime": item.capture_time,
        "partialText": item.partial_text, "confidence": item.confidence, "candidates": item.candidates,
        "reason": item.reason,
    })
}
