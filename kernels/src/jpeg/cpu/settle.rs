//! Bringing the chunks to agree.

use super::chunk::{Chunk, Coder, Cursor, Tally};
use super::{GROUP, ROUNDS, STITCHES};

/// Decodes chunks again until each of a group begins as the one before it ended, then lets groups look at their
/// neighbours, [`STITCHES`] times at most.
pub(super) fn settle(coder: &Coder<'_>, chunks: &mut [Chunk]) {
    for group in chunks.chunks_mut(GROUP) {
        let first = group[0].entry;
        settle_group(coder, group, first);
    }
    for _ in 0..STITCHES {
        // As they were before this turn, because all groups look at once.
        let exits: Vec<_> = chunks.chunks(GROUP).map(|group| group[group.len() - 1].exit).collect();
        for (group, first) in chunks.chunks_mut(GROUP).skip(1).zip(exits) {
            if group[0].entry != first {
                settle_group(coder, group, first);
            }
        }
    }
}

/// One round lets every chunk look at the one before it. After round k at least the first k begin as the ones before
/// them ended and change no more. Chunks that fell into step end as they did, so that the next ones need no round.
fn settle_group(coder: &Coder<'_>, group: &mut [Chunk], first: Cursor) {
    for _ in 0..ROUNDS {
        let entries: Vec<_> = std::iter::once(first).chain(group.iter().map(|chunk| chunk.exit)).collect();
        let mut is_stale = false;
        for (chunk, entry) in group.iter_mut().zip(entries).filter(|(chunk, entry)| chunk.entry != *entry) {
            chunk.entry = entry;
            chunk.run(coder);
            is_stale = true;
        }
        if !is_stale {
            return;
        }
    }
}

/// Replaces each chunk's tally by that of all chunks before it; returns whether they agree.
pub(super) fn place(chunks: &mut [Chunk]) -> bool {
    let agree = chunks.windows(2).all(|pair| pair[0].exit == pair[1].entry);
    let mut sum = Tally::default();
    for chunk in chunks {
        let next = sum.then(chunk.tally);
        chunk.tally = std::mem::replace(&mut sum, next);
    }
    agree
}
