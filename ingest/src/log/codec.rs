//! Batches that came compressed, made readable. The log itself never opens them: they go out as they came.

use std::io::{self, Read};

use super::batch::{BatchFault, BatchHeader, CODEC, HEADER_BYTES};

/// What Java's clients put before snappy's blocks: a magic, and two versions of 4 bytes.
const XERIAL_MAGIC: &[u8] = b"\x82SNAPPY\0";
const XERIAL_HEAD: usize = 16;
/// The window that a zstd decoder should at least offer (RFC 8878, section 3.1.1.1.2): 8 MiB.
const ZSTD_WINDOW_LOG: u32 = 23;

/// Makes batches readable, one after another; its buffer is reused.
#[derive(Debug)]
pub struct Decompressor {
    max_bytes: usize,
    buffer: Vec<u8>,
}

impl Decompressor {
    /// For batches of at most `max_bytes` when they are decompressed. What is larger is refused before more memory is
    /// taken for it; the codecs' own memory is at most 16 MiB beside it.
    #[must_use]
    pub fn new(max_bytes: usize) -> Self {
        Self { max_bytes, buffer: Vec::new() }
    }

    /// The batch that some bytes begin with, in a form that [`Records`](super::Records) reads: the same bytes where it is
    /// not compressed, else a copy in the own buffer, whose checksum is not set.
    ///
    /// # Errors
    /// [`BatchFault::Length`] when it is not whole, [`BatchFault::TooLarge`] beyond the limit,
    /// [`BatchFault::Decompression`] where the codec finds nonsense.
    pub fn open<'a>(&'a mut self, bytes: &'a [u8]) -> Result<&'a [u8], BatchFault> {
        let header = BatchHeader::parse(bytes)?;
        let batch = bytes.get(..header.length).ok_or(BatchFault::Length)?;
        if !header.is_compressed() {
            return Ok(batch);
        }
        let (head, records) = batch.split_at(HEADER_BYTES);
        self.buffer.clear();
        self.buffer.extend_from_slice(head);
        let out = &mut Bounded { bytes: &mut self.buffer, max: self.max_bytes };
        match header.codec() {
            1 => out.read(flate2::read::MultiGzDecoder::new(records)),
            2 => snappy(records, out),
            3 => out.read(lz4_flex::frame::FrameDecoder::new(records)),
            4 => zstd_decoder(records).ok().ok_or(BatchFault::Decompression).and_then(|decoder| out.read(decoder)),
            _ => Err(BatchFault::Codec),
        }?;
        let length = i32::try_from(self.buffer.len() - 12).ok().ok_or(BatchFault::TooLarge)?;
        self.buffer[8..12].copy_from_slice(&length.to_be_bytes());
        // The codec lies in the low byte of the attributes.
        self.buffer[22] &= !(CODEC as u8);
        Ok(&self.buffer)
    }
}

fn zstd_decoder(records: &[u8]) -> io::Result<impl Read> {
    let mut decoder = zstd::stream::read::Decoder::with_buffer(records)?;
    decoder.window_log_max(ZSTD_WINDOW_LOG)?;
    Ok(decoder)
}

/// Snappy has no stream format of its own: some clients send one block, Java's and those that follow it a row of
/// blocks, each behind its length.
fn snappy(records: &[u8], out: &mut Bounded<'_>) -> Result<(), BatchFault> {
    if !records.starts_with(XERIAL_MAGIC) {
        return out.block(records);
    }
    let mut rest = records.get(XERIAL_HEAD..).ok_or(BatchFault::Decompression)?;
    while let Some((length, behind)) = rest.split_first_chunk::<4>() {
        let length = u32::from_be_bytes(*length) as usize;
        let (block, behind) = behind.split_at_checked(length).ok_or(BatchFault::Decompression)?;
        out.block(block)?;
        rest = behind;
    }
    if rest.is_empty() { Ok(()) } else { Err(BatchFault::Decompression) }
}

/// A buffer that takes so much and no more.
struct Bounded<'a> {
    bytes: &'a mut Vec<u8>,
    max: usize,
}

impl Bounded<'_> {
    fn room(&self) -> usize {
        self.max.saturating_sub(self.bytes.len())
    }

    /// Takes all that a decoder gives.
    fn read(&mut self, decoder: impl Read) -> Result<(), BatchFault> {
        let room = self.room();
        let read = decoder.take(room as u64 + 1).read_to_end(self.bytes);
        match read {
            Ok(count) if count > room => Err(BatchFault::TooLarge),
            Ok(_) => Ok(()),
            Err(_nonsense) => Err(BatchFault::Decompression),
        }
    }

    /// Takes one block of snappy, which begins with its decompressed length.
    fn block(&mut self, block: &[u8]) -> Result<(), BatchFault> {
        let length = snap::raw::decompress_len(block).ok().ok_or(BatchFault::Decompression)?;
        if length > self.room() {
            return Err(BatchFault::TooLarge);
        }
        let begin = self.bytes.len();
        self.bytes.resize(begin + length, 0);
        let written = snap::raw::Decoder::new().decompress(block, &mut self.bytes[begin..]);
        if written == Ok(length) { Ok(()) } else { Err(BatchFault::Decompression) }
    }
}
