//! A frame: `magic | checksum | length | number | records`. All or nothing of it is durable.

/// Bytes before the records.
pub(in super::super) const HEADER: usize = 20;
/// What a frame begins with.
pub(super) const MAGIC: [u8; 4] = *b"tgqf";

/// Fills the header of a frame whose records are there.
pub(super) fn seal(frame: &mut [u8], number: u64) {
    let length = (frame.len() - HEADER) as u32;
    frame[..4].copy_from_slice(&MAGIC);
    frame[8..12].copy_from_slice(&length.to_le_bytes());
    frame[12..20].copy_from_slice(&number.to_le_bytes());
    let checksum = crc32c::crc32c(&frame[8..]);
    frame[4..8].copy_from_slice(&checksum.to_le_bytes());
}

/// What lies at the beginning of some bytes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Seen<'a> {
    /// A whole frame: its number and records.
    Whole(u64, &'a [u8]),
    /// Nothing was written here.
    Blank,
    /// The beginning of a frame that was not written to its end, or damage.
    Torn,
}

/// Looks at the bytes where a frame may begin.
pub(super) fn look(bytes: &[u8]) -> Seen<'_> {
    let Some((header, rest)) = bytes.split_at_checked(HEADER) else {
        return if bytes.iter().all(|byte| *byte == 0) { Seen::Blank } else { Seen::Torn };
    };
    if header.iter().all(|byte| *byte == 0) {
        return Seen::Blank;
    }
    let number =
        |range: std::ops::Range<usize>| header[range].iter().rev().fold(0, |n, byte| n << 8 | u64::from(*byte));
    let length = number(8..12) as usize;
    let whole = header[..4] == MAGIC && rest.len() >= length;
    if !whole || u64::from(crc32c::crc32c(&bytes[8..HEADER + length])) != number(4..8) {
        return Seen::Torn;
    }
    Seen::Whole(number(12..20), &rest[..length])
}

/// Splits records off a frame: offset in the frame's records, kind, content. Ends where one makes no sense.
pub(super) fn records(records: &[u8]) -> impl Iterator<Item = Option<(usize, u8, &[u8])>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = records.get(at..).filter(|rest| !rest.is_empty())?;
        let one = record(rest).map(|(kind, content)| (at, kind, content));
        at = one.map_or(records.len(), |(start, _, content)| start + 5 + content.len());
        Some(one)
    })
}

/// The record at the beginning of some bytes: its kind and content.
pub(in super::super) fn record(bytes: &[u8]) -> Option<(u8, &[u8])> {
    let length = u32::from_le_bytes(bytes.first_chunk().copied()?) as usize;
    let (kind, content) = bytes.get(4..length)?.split_first()?;
    Some((*kind, content))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn framed(records: &[u8], number: u64) -> Vec<u8> {
        let mut frame = vec![0; HEADER];
        frame.extend_from_slice(records);
        seal(&mut frame, number);
        frame
    }

    #[test]
    fn frames_come_back_and_damage_is_seen() {
        let frame = framed(b"\x06\0\0\0\x07x\x05\0\0\0\x09", 3);
        let Seen::Whole(3, content) = look(&frame) else { panic!("not whole") };
        let all: Option<Vec<_>> = records(content).collect();
        assert_eq!(all, Some(vec![(0, 7, &b"x"[..]), (6, 9, &b""[..])]));
        for i in 0..frame.len() {
            let mut damaged = frame.clone();
            damaged[i] ^= 1;
            assert_eq!(look(&damaged), Seen::Torn, "byte {i}");
            assert_eq!(look(&frame[..i]), if i == 0 { Seen::Blank } else { Seen::Torn }, "cut at {i}");
        }
        assert_eq!(look(&[0; 64]), Seen::Blank);
    }

    #[test]
    fn records_that_make_no_sense_end_the_frame() {
        for bad in [&b"\x04\0\0\0\x01"[..], b"\xff\0\0\0\x01", b"\x01"] {
            assert_eq!(records(bad).collect::<Vec<_>>(), [None], "{bad:?}");
        }
    }
}
