//! The few parts of Avro's binary encoding that a captured file needs (Avro 1.11, "Binary Encoding").

/// A number: zigzag, then seven bits a byte, the lowest first.
pub(super) fn put_long(out: &mut Vec<u8>, value: i64) {
    let mut rest = ((value << 1) ^ (value >> 63)).cast_unsigned();
    while rest >= 0x80 {
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

/// Bytes, or a text.
pub(super) fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_length(out, bytes.len());
    out.extend_from_slice(bytes);
}

/// A length, or a place in a union.
pub(super) fn put_length(out: &mut Vec<u8>, length: usize) {
    // A length fits by far.
    put_long(out, length as i64);
}

/// A map: one block of entries, where there are any, and its end.
pub(super) fn put_map<T>(out: &mut Vec<u8>, entries: &[T], mut put: impl FnMut(&mut Vec<u8>, &T)) {
    if !entries.is_empty() {
        put_length(out, entries.len());
        entries.iter().for_each(|entry| put(out, entry));
    }
    put_long(out, 0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_in_the_specification() {
        let long = |value| {
            let mut out = Vec::new();
            put_long(&mut out, value);
            out
        };
        assert_eq!([long(0), long(-1), long(1), long(-2), long(63)], [[0], [1], [2], [3], [126]]);
        assert_eq!([long(-64), long(64)], [vec![0x7f], vec![0x80, 0x01]]);
        assert_eq!(long(i64::MIN), [[0xff; 9].as_slice(), &[0x01]].concat());
        let mut text = Vec::new();
        put_bytes(&mut text, b"foo");
        assert_eq!(text, b"\x06foo");
    }
}
