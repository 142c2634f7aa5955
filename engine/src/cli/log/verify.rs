//! `tollgate log verify`: every batch of a data folder against its checksum and its place.

use super::super::Exit;
use crate::Result;
use std::path::Path;
use tollgate_ingest::log::{Store, StoreOptions};

pub(super) fn run(data: &Path, hub: Option<&str>) -> Result<Exit> {
    if !data.join("hubs").is_dir() {
        return Err(crate::Error::NoData { dir: data.into() });
    }
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
