//! `tollgate log verify`: every batch of a data folder against its checksum and its place.

use super::super::Exit;
use crate::Result;
use std::path::Path;
use tollgate_ingest::log::{Store, StoreOptions};

/// Mends what can be mended.
pub(super) fn repair(data: &Path) -> Result<Exit> {
    check(data)?;
    let lost = Store::repair(data)?;
    for one in &lost {
        let (partition, from, to) = (one.partition.display(), one.from_offset, one.to_offset);
        let kept = match &one.kept_as {
            Some(kept) => format!("what was there is kept as {}", kept.display()),
            None => "their segment was missing".into(),
        };
        println!("{partition}: offsets {from} to {to} are lost; {kept}");
    }
    println!("{} places mended", lost.len());
    Ok(Exit::Done)
}

fn check(data: &Path) -> Result<()> {
    if data.join("hubs").is_dir() { Ok(()) } else { Err(crate::Error::NoData { dir: data.into() }) }
}

pub(super) fn run(data: &Path, hub: Option<&str>) -> Result<Exit> {
    check(data)?;
    let (store, torn) = Store::open(data, StoreOptions::default())?;
    for tail in torn {
        println!(
            "{}: {} torn bytes were cut off behind offset {}",
            tail.partition.display(),
            tail.bytes,
            tail.end_offset
        );
    }
    let hubs = match hub {
        Some(name) => vec![store.hub(name)?],
        None => store.hubs(),
    };
    for hub in hubs {
        for number in 0..hub.config().partitions {
            let partition = hub.partition(number)?;
            partition.verify()?;
            println!(
                "{}/{number}: offsets {} to {} are whole",
                hub.name(),
                partition.start_offset(),
                partition.end_offset()
            );
        }
    }
    Ok(Exit::Done)
}
