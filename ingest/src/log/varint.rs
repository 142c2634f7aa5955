//! Zig-zag varints, as the records of a batch are written in (the encoding of Protocol Buffers' `sint64`).

/// Appends a number.
pub(super) fn put(out: &mut Vec<u8>, value: i64) {
    let mut rest = ((value << 1) ^ (value >> 63)) as u64;
    while rest >= 0x80 {
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

/// A cursor over bytes; every read is `None` when they run out.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor<'a> {
    pub(super) rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    /// A number; `None` also for an encoding of more than ten bytes.
    pub(super) fn number(&mut self) -> Option<i64> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let (&byte, rest) = self.rest.split_first()?;
            self.rest = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some((value >> 1) as i64 ^ -((value & 1) as i64));
            }
        }
        None
    }

    pub(super) fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(head)
    }

    /// Bytes behind their length; the inner `None` is the protocol's null, of length -1.
    pub(super) fn sized(&mut self) -> Option<Option<&'a [u8]>> {
        match self.number()? {
            -1 => Some(None),
            length => self.bytes(usize::try_from(length).ok()?).map(Some),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back() {
        for value in [0, -1, 1, 63, 64, -64, -65, 300, i64::from(i32::MIN), i64::MAX, i64::MIN] {
            let mut bytes = Vec::new();
            put(&mut bytes, value);
            let mut cursor = Cursor { rest: &bytes };
            assert_eq!((cursor.number(), cursor.rest.len()), (Some(value), 0));
            assert_eq!(Cursor { rest: &bytes[..bytes.len() - 1] }.number(), None);
        }
        assert_eq!(Cursor { rest: &[0x80; 11] }.number(), None);
    }
}
