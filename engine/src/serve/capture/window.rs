//! Where windows begin and end: seen from the batches' sizes and append times alone, which never go back.

use tollgate_ingest::log::BatchHeader;

/// How long after its end by the clock a window is closed: batches that are being appended may be given the time
/// before it.
const GRACE_MS: i64 = 1_000;

/// When a window ends: what comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bounds {
    /// This long after its first batch was appended.
    pub(super) ms: i64,
    /// Before the batch that would make it larger than this. A larger batch is a window by itself.
    pub(super) bytes: u64,
}

/// Batches in a row of one partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Window {
    /// The first offset.
    pub(super) from: u64,
    /// The offset behind the last.
    pub(super) to: u64,
    /// When the first batch was appended.
    pub(super) began_ms: i64,
    bytes: u64,
}

impl Window {
    fn at(header: &BatchHeader) -> Self {
        let from = header.base_offset;
        Self { from, to: header.end_offset(), began_ms: header.max_timestamp_ms, bytes: header.length as u64 }
    }
}

/// Cuts the batches of a partition into windows.
#[derive(Debug)]
pub(super) struct Cutter {
    bounds: Bounds,
    open: Option<Window>,
    /// The offset that is looked at next.
    pub(super) next: u64,
}

impl Cutter {
    pub(super) fn new(bounds: Bounds, from: u64) -> Self {
        Self { bounds, open: None, next: from }
    }

    /// Takes the next batch; a window that ends before it is closed.
    pub(super) fn add(&mut self, header: &BatchHeader) -> Option<Window> {
        self.next = header.end_offset();
        let Bounds { ms, bytes } = self.bounds;
        match &mut self.open {
            Some(open)
                if header.max_timestamp_ms - open.began_ms < ms && open.bytes + header.length as u64 <= bytes =>
            {
                open.to = header.end_offset();
                open.bytes += header.length as u64;
                None
            }
            open => open.replace(Window::at(header)),
        }
    }

    /// Closes the window that the clock has passed. Every batch that there is must have been added.
    pub(super) fn passed(&mut self, now_ms: i64) -> Option<Window> {
        let ms = self.bounds.ms;
        self.open.take_if(|open| now_ms - open.began_ms >= ms + GRACE_MS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_ingest::log::{BatchBuilder, NewRecord, ValidBatch};

    /// A batch of one record at an offset, appended at a time.
    fn header(offset: u64, ms: i64, bytes: usize) -> BatchHeader {
        let mut builder = BatchBuilder::new(1 << 20);
        let value = vec![0; bytes];
        builder.push(&NewRecord { key: None, value: Some(&value), headers: &[], timestamp_ms: 0 }).unwrap();
        let mut header = *ValidBatch::check(builder.finish().unwrap()).unwrap().header();
        (header.base_offset, header.max_timestamp_ms) = (offset, ms);
        header
    }

    fn ends(cutter: &mut Cutter, batches: &[(u64, i64, usize)]) -> Vec<(u64, u64)> {
        let closed = batches.iter().filter_map(|&(offset, ms, bytes)| cutter.add(&header(offset, ms, bytes)));
        closed.map(|window| (window.from, window.to)).collect()
    }

    #[test]
    fn time_or_size_whichever_is_first() {
        let mut cutter = Cutter::new(Bounds { ms: 60_000, bytes: 1_000 }, 0);
        let batches =
            [(0, 0, 100), (1, 59_999, 100), (2, 60_000, 400), (3, 60_001, 700), (4, 60_002, 5_000), (5, 60_003, 1)];
        assert_eq!(ends(&mut cutter, &batches), [(0, 2), (2, 3), (3, 4), (4, 5)]);
        assert_eq!(cutter.next, 6);
        assert_eq!(cutter.passed(120_003 + GRACE_MS - 1), None);
        assert_eq!(cutter.passed(120_003 + GRACE_MS).map(|window| (window.from, window.to)), Some((5, 6)));
        assert_eq!(cutter.passed(i64::MAX), None, "nothing is open");
    }

    #[test]
    fn windows_are_the_same_from_any_of_their_beginnings() {
        let batches: Vec<_> = (0..200).map(|n| (n, n as i64 * 7_000, 37 * (n as usize % 11))).collect();
        let bounds = Bounds { ms: 60_000, bytes: 1_500 };
        let all = ends(&mut Cutter::new(bounds, 0), &batches);
        for (i, &(from, _)) in all.iter().enumerate() {
            assert_eq!(ends(&mut Cutter::new(bounds, from), &batches[from as usize..]), all[i..]);
        }
    }
}
