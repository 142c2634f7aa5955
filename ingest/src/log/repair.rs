//! Making a damaged log readable again, at the price of what is damaged.
//!
//! The offsets of what is lost are not given to other records: an empty batch takes their place, as Kafka's compaction
//! leaves them, so that whoever stands among them reads on behind them, and ids made of offsets stay unique.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use super::build::empty_batch;
use super::disk::{failed, sync_folder, write_at};
use super::scan::{self, Scan, Tail};
use super::segment::{list, log_path};
use crate::Result;

/// Records that a repair gave up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lost {
    /// The folder of the partition.
    pub partition: PathBuf,
    /// The first offset that is lost.
    pub from_offset: u64,
    /// The offset behind the last one that is lost.
    pub to_offset: u64,
    /// The segment as it was found, for whoever wants to look for more in it; none where the file was missing.
    pub kept_as: Option<PathBuf>,
}

/// Repairs the segments of a partition that nobody has open; all of its records before the offset `durable` should be
/// there, where that is known.
pub(super) fn repair(folder: &Path, durable: Option<u64>) -> Result<Vec<Lost>> {
    let (mut lost, mut append_ms) = (Vec::new(), 0);
    let bases = list(folder)?;
    for (i, &base) in bases.iter().enumerate() {
        let path = log_path(folder, base);
        let file = File::options().read(true).write(true).open(&path).map_err(failed("open the segment", &path))?;
        let scanned = scan::batches(&file, 0, base, |_, header| append_ms = header.max_timestamp_ms);
        let scan = scanned.map_err(failed("read the segment", &path))?;
        let (damaged, end) = match scan.tail {
            Tail::Damaged { next, .. } => (true, next),
            Tail::Clean | Tail::Torn(_) => (false, scan.next),
        };
        let end = bases.get(i + 1).copied().unwrap_or_else(|| end.max(durable.unwrap_or(0)));
        if damaged || end != scan.next {
            lost.push(give_up(&path, &file, &scan, end, append_ms)?);
        }
    }
    Ok(lost)
}

/// Keeps a copy of a segment, and ends it behind its last good batch with empty ones up to the offset `end`.
fn give_up(path: &Path, file: &File, scan: &Scan, end: u64, append_ms: i64) -> Result<Lost> {
    let partition = path.parent().unwrap_or(path).to_path_buf();
    let length = file.metadata().map_err(failed("look at the segment", path))?.len();
    let kept_as = (length > scan.position).then(|| path.with_extension(format!("damaged-{}", scan.next)));
    if let Some(copy) = &kept_as {
        let copied = fs::copy(path, copy).and_then(|_| File::open(copy)?.sync_all());
        copied.and_then(|()| sync_folder(&partition)).map_err(failed("keep the damaged segment as", copy))?;
    }
    let side = path.with_extension("index");
    if side.exists() {
        fs::remove_file(&side).map_err(failed("remove", &side))?;
    }
    let (mut position, mut next) = (scan.position, scan.next);
    while next < end {
        let empty = empty_batch(next, end, append_ms);
        write_at(file, &empty.bytes, position).map_err(failed("repair the segment", path))?;
        (position, next) = (position + empty.bytes.len() as u64, empty.end_offset);
    }
    let cut = file.set_len(position).and_then(|()| file.sync_all()).and_then(|()| sync_folder(&partition));
    cut.map_err(failed("repair the segment", path))?;
    Ok(Lost { partition, from_offset: scan.next, to_offset: end, kept_as })
}
