//! The record batch of the Kafka protocol, version 2 (magic 2): its header, and what a batch must fulfil.
//!
//! Layout, big endian (Kafka protocol guide, "Record Batch"): base offset 0..8, length of what follows 8..12, leader
//! epoch 12..16, magic 16, CRC32C of all behind it 17..21, attributes 21..23, last offset delta 23..27, base timestamp
//! 27..35, max timestamp 35..43, producer id 43..51, producer epoch 51..53, base sequence 53..57, record count 57..61,
//! records. The log sets the base offset, the leader epoch and the append time, and keeps the rest as it came.

use std::fmt;

use super::record::Records;

/// The bytes before the first record.
pub const HEADER_BYTES: usize = 61;
/// Where the part begins that the checksum covers.
const CHECKED: usize = 21;
/// Attribute bits.
pub(super) const CODEC: u16 = 0b111;
pub(super) const APPEND_TIME: u16 = 1 << 3;
const TRANSACTIONAL: u16 = 1 << 4;
const CONTROL: u16 = 1 << 5;

/// Why bytes are not a batch that can be appended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum BatchFault {
    /// Fewer bytes than a header, or a length field below one.
    TooShort,
    /// The length field does not fit the bytes that came.
    Length,
    /// A format other than version 2.
    Magic(u8),
    /// The checksum does not fit the content.
    Checksum,
    /// No records, or counts that contradict each other.
    Count,
    /// Records that do not parse, or whose offsets do not follow one another.
    Records,
    /// An unknown compression codec.
    Codec,
    /// A transactional or control batch: transactions are not offered.
    Transaction,
    /// More bytes than a batch may have.
    TooLarge,
    /// The records are compressed, where they should be read one by one.
    Compressed,
    /// The records cannot be decompressed.
    Decompression,
}

impl fmt::Display for BatchFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooShort => write!(f, "it is shorter than a batch header"),
            Self::Length => write!(f, "its length field does not fit its bytes"),
            Self::Magic(magic) => {
                write!(f, "it is of format version {magic}; send version 2 (Kafka clients from 0.11 on do)")
            }
            Self::Checksum => write!(f, "its checksum does not fit its content; it was damaged on its way"),
            Self::Count => write!(f, "its record count is 0 or does not fit its offsets"),
            Self::Records => write!(f, "its records do not parse"),
            Self::Codec => write!(f, "its compression codec is unknown"),
            Self::Transaction => write!(f, "it belongs to a transaction, which is not offered"),
            Self::TooLarge => write!(f, "it has more bytes than a batch may have; send smaller batches"),
            Self::Compressed => write!(f, "its records are compressed; decompress them first"),
            Self::Decompression => write!(f, "its records cannot be decompressed; its sender is at fault"),
        }
    }
}

/// Who sent a batch, and as which of their batches: what recognises a repeat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProducerMark {
    /// The producer's id.
    pub id: i64,
    /// Its incarnation.
    pub epoch: i16,
    /// The sequence number of the batch's first record in this partition.
    pub base_sequence: i32,
}

/// The header of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchHeader {
    /// The offset of the first record.
    pub base_offset: u64,
    /// The bytes of the whole batch, header and all.
    pub length: usize,
    /// The number of records.
    pub records: u32,
    /// Milliseconds since the epoch that the records' timestamps count from.
    pub base_timestamp_ms: i64,
    /// The append time in a batch from the log; the latest record's time in one from a producer.
    pub max_timestamp_ms: i64,
    /// The idempotent producer, if it is one.
    pub producer: Option<ProducerMark>,
    attributes: u16,
    last_offset_delta: u32,
    checksum: u32,
}

impl BatchHeader {
    /// Reads a header from the front of some bytes, which need not hold the whole batch.
    ///
    /// # Errors
    /// Where a field cannot be meant. The checksum and the records are not looked at.
    pub fn parse(bytes: &[u8]) -> Result<Self, BatchFault> {
        let head: &[u8; HEADER_BYTES] = bytes.first_chunk().ok_or(BatchFault::TooShort)?;
        let magic = head[16];
        if magic != 2 {
            return Err(BatchFault::Magic(magic));
        }
        let base_offset = u64::try_from(i64::from_be_bytes(field(head, 0))).ok().ok_or(BatchFault::Count)?;
        let length = usize::try_from(i32::from_be_bytes(field(head, 8))).ok().ok_or(BatchFault::Length)? + 12;
        let last_offset_delta = u32::try_from(i32::from_be_bytes(field(head, 23))).ok().ok_or(BatchFault::Count)?;
        let records = u32::try_from(i32::from_be_bytes(field(head, 57))).ok().ok_or(BatchFault::Count)?;
        if length < HEADER_BYTES {
            return Err(BatchFault::TooShort);
        }
        let mark = ProducerMark {
            id: i64::from_be_bytes(field(head, 43)),
            epoch: i16::from_be_bytes(field(head, 51)),
            base_sequence: i32::from_be_bytes(field(head, 53)),
        };
        Ok(Self {
            base_offset,
            length,
            records,
            base_timestamp_ms: i64::from_be_bytes(field(head, 27)),
            max_timestamp_ms: i64::from_be_bytes(field(head, 35)),
            producer: (mark.id >= 0).then_some(mark),
            attributes: u16::from_be_bytes(field(head, 21)),
            last_offset_delta,
            checksum: u32::from_be_bytes(field(head, 17)),
        })
    }

    /// The offset behind the last record.
    #[must_use]
    pub fn end_offset(&self) -> u64 {
        self.base_offset.saturating_add(u64::from(self.last_offset_delta) + 1)
    }

    /// Whether the records are compressed (gzip, snappy, lz4 or zstd).
    #[must_use]
    pub fn is_compressed(&self) -> bool {
        self.codec() != 0
    }

    /// The number of the compression codec.
    pub(super) fn codec(&self) -> u16 {
        self.attributes & CODEC
    }

    /// Whether the log set the time.
    #[must_use]
    pub fn has_append_time(&self) -> bool {
        self.attributes & APPEND_TIME != 0
    }

    /// Whether the checksum fits a whole batch.
    pub(super) fn fits(&self, batch: &[u8]) -> bool {
        batch.len() == self.length && crc32c::crc32c(&batch[CHECKED..]) == self.checksum
    }

    fn check(&self) -> Result<(), BatchFault> {
        if self.codec() > 4 {
            return Err(BatchFault::Codec);
        }
        if self.attributes & (TRANSACTIONAL | CONTROL) != 0 {
            return Err(BatchFault::Transaction);
        }
        if self.records == 0 || self.last_offset_delta != self.records - 1 {
            return Err(BatchFault::Count);
        }
        Ok(())
    }
}

/// A whole batch that was checked and may be appended.
#[derive(Debug)]
pub struct ValidBatch<'a> {
    bytes: &'a mut [u8],
    header: BatchHeader,
}

impl<'a> ValidBatch<'a> {
    /// Checks a batch as it came over the wire: length, checksum, counts, attributes, and, where they are not
    /// compressed, that the records parse and are as many as stated.
    ///
    /// # Errors
    /// The first fault that is found.
    pub fn check(bytes: &'a mut [u8]) -> Result<Self, BatchFault> {
        let header = BatchHeader::parse(bytes)?;
        if header.length != bytes.len() {
            return Err(BatchFault::Length);
        }
        if !header.fits(bytes) {
            return Err(BatchFault::Checksum);
        }
        header.check()?;
        if !header.is_compressed() {
            let mut count = 0;
            for record in Records::new(bytes)? {
                let in_place = record?.offset == header.base_offset + u64::from(count);
                count += u32::from(in_place);
                if !in_place {
                    return Err(BatchFault::Records);
                }
            }
        }
        Ok(Self { bytes, header })
    }

    /// The header as it stands.
    #[must_use]
    pub fn header(&self) -> &BatchHeader {
        &self.header
    }

    /// The whole batch.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.bytes
    }

    /// Sets what the log decides: the place in the partition and the append time. The time lies in the part that the
    /// checksum covers, which is therefore computed anew.
    pub(super) fn stamp(&mut self, base_offset: u64, append_ms: i64) {
        self.header.base_offset = base_offset;
        self.header.attributes |= APPEND_TIME;
        self.header.max_timestamp_ms = append_ms;
        self.bytes[0..8].copy_from_slice(&base_offset.to_be_bytes());
        self.bytes[12..16].fill(0);
        self.bytes[21..23].copy_from_slice(&self.header.attributes.to_be_bytes());
        self.bytes[35..43].copy_from_slice(&append_ms.to_be_bytes());
        self.header.checksum = seal(self.bytes);
    }
}

/// Sets the checksum of a whole batch.
pub(super) fn seal(batch: &mut [u8]) -> u32 {
    let checksum = crc32c::crc32c(&batch[CHECKED..]);
    batch[17..21].copy_from_slice(&checksum.to_be_bytes());
    checksum
}

fn field<const N: usize>(head: &[u8; HEADER_BYTES], at: usize) -> [u8; N] {
    std::array::from_fn(|i| head[at + i])
}
