//! The plain reference of the parallel decoder: the shaders' algorithm, chunk by chunk and round by round.
//!
//! The entropy-coded data are cut into chunks of [`CHUNK_BITS`]. Where a chunk begins, nobody knows what the bits mean,
//! so each is first decoded from a guess. Wrong guesses mostly fall into step with the right reading within the chunk;
//! a chunk whose predecessor ended in another state than the chunk was begun with is decoded again from that state,
//! until all agree ([`settle`]). Agreement is proof: the first chunk begins rightly, and each goes on where the one
//! before ended. A running sum then tells every chunk its place and its DC predictions ([`place`]), and a last pass
//! writes the coefficients.

mod chunk;
mod pixels;
mod settle;

use chunk::{Chunk, Coder};
use settle::{place, settle};

use super::prepare::Prepared;
use super::{Orientation, Status};
use crate::error::Result;

/// Bits of a chunk. Long enough that most guesses fall into step within one, short enough that a photo has thousands.
pub(super) const CHUNK_BITS: u32 = 1024;
/// Chunks that settle among themselves before they look at their neighbours: a workgroup.
pub(super) const GROUP: usize = 128;
/// How often chunks of a group look at the one before at a time. Photos are expected to need two or three rounds (not counted yet); codes that are all of
/// a length never fall into step, and what has not done so by now is left to the sequential decoder.
pub(super) const ROUNDS: usize = 32;
/// How often groups look at their neighbours. The photos that were tried need no more; who needs more goes to the sequential decoder.
pub(super) const STITCHES: usize = 4;

/// A photo's coefficients, from which pictures of any scale and part are made.
#[derive(Debug)]
pub struct Coefficients {
    prepared: Prepared,
    /// 64 a block in zigzag order, not dequantised, blocks in the order of the file.
    values: Vec<i16>,
    status: Status,
}

/// Decodes a file's coefficients in the order of the parallel algorithm.
///
/// Fails as [`JpegDecoder::open`](super::JpegDecoder::open) does, and on missing restart intervals. What else cannot be
/// decoded is a [`Status`].
pub fn decode(file: &[u8], orientation: Orientation, max_pixels: u64) -> Result<Coefficients> {
    let prepared = Prepared::new(file, orientation, max_pixels, Vec::new())?;
    let coder = Coder::new(&prepared);
    let mut chunks = guesses(&coder);
    settle(&coder, &mut chunks);
    let mut values = vec![0; prepared.blocks() * 64];
    let status = match place(&mut chunks) {
        false => Status::Unsettled,
        true if write(&coder, &chunks, &mut values) => Status::Decoded,
        true => Status::Damaged,
    };
    Ok(Coefficients { prepared, values, status })
}

/// Every chunk decoded as if a block of the first component began with it.
fn guesses(coder: &Coder<'_>) -> Vec<Chunk> {
    let starts = (0..coder.bits()).step_by(CHUNK_BITS as usize);
    let mut chunks: Vec<_> = starts.map(|bit| Chunk::new(coder.guess(bit), bit + CHUNK_BITS)).collect();
    chunks.iter_mut().for_each(|chunk| chunk.run(coder));
    chunks
}

/// Writes the coefficients; returns whether every block was there.
fn write(coder: &Coder<'_>, chunks: &[Chunk], values: &mut [i16]) -> bool {
    let mut is_whole = true;
    for chunk in chunks {
        is_whole &= chunk.write(coder, |block, index, value| values[block as usize * 64 + index] = value as i16);
    }
    is_whole
}

impl Coefficients {
    /// Whether the coefficients may be used.
    pub fn status(&self) -> Status {
        self.status
    }
}
