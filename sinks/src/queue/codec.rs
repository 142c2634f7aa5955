//! Bytes of the journal: varints and counted strings. Reading gives `None` where the bytes end too early or say
//! something impossible, and takes no memory by what they claim.

use super::message::{Message, Value};

pub(super) fn put_u64(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Small numbers of either sign are short.
pub(super) fn put_i64(out: &mut Vec<u8>, value: i64) {
    put_u64(out, ((value << 1) ^ (value >> 63)) as u64);
}

pub(super) fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_u64(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// What is left to read.
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn u8(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    pub(super) fn u64(&mut self) -> Option<u64> {
        let (mut value, mut shift) = (0, 0);
        loop {
            let byte = self.u8()?;
            if shift == 63 && byte > 1 {
                return None;
            }
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
            shift += 7;
            if shift > 63 {
                return None;
            }
        }
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        self.u64()?.try_into().ok()
    }

    pub(super) fn i64(&mut self) -> Option<i64> {
        let value = self.u64()?;
        Some((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    pub(super) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    pub(super) fn bytes(&mut self) -> Option<&'a [u8]> {
        let count = self.u64()?.try_into().ok()?;
        self.take(count)
    }

    pub(super) fn text(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.bytes()?).ok()
    }

    pub(super) fn string(&mut self) -> Option<String> {
        self.text().map(str::to_owned)
    }
}

/// Writes a message: its fields, each with its code, then its properties and the body.
pub(super) fn put_message(out: &mut Vec<u8>, message: &Message, enqueued_ms: i64) {
    put_i64(out, enqueued_ms);
    put_bytes(out, message.id.as_bytes());
    let present =
        || message.system.fields().into_iter().enumerate().filter_map(|(i, (_, value))| Some((i, value.as_ref()?)));
    put_u64(out, present().count() as u64);
    for (code, value) in present() {
        out.push(code as u8);
        put_bytes(out, value.as_bytes());
    }
    put_u64(out, message.properties.len() as u64);
    for (name, value) in &message.properties {
        put_bytes(out, name.as_bytes());
        put_value(out, value);
    }
    put_u64(out, message.time_to_live_ms.map_or(0, |ms| ms.saturating_add(1)));
    put_i64(out, message.visible_ms.unwrap_or(i64::MIN));
    put_bytes(out, &message.body);
}

fn put_value(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Text(text) => {
            out.push(0);
            put_bytes(out, text.as_bytes());
        }
        Value::Int(number) => {
            out.push(1);
            put_i64(out, *number);
        }
        Value::Float(number) => {
            out.push(2);
            out.extend_from_slice(&number.to_le_bytes());
        }
        Value::Bool(value) => out.push(3 + u8::from(*value)),
    }
}

/// Reads a message and when it was enqueued.
pub(super) fn message(from: &mut Reader<'_>) -> Option<(Message, i64)> {
    let enqueued_ms = from.i64()?;
    let mut message = Message { id: from.string()?, ..Message::default() };
    for _ in 0..from.u64()? {
        let code = usize::from(from.u8()?);
        let value = from.string()?;
        let mut fields = message.system.fields_mut();
        *fields.get_mut(code)?.1 = Some(value);
    }
    for _ in 0..from.u64()? {
        message.properties.push((from.string()?, value(from)?));
    }
    message.time_to_live_ms = from.u64()?.checked_sub(1);
    message.visible_ms = Some(from.i64()?).filter(|at| *at != i64::MIN);
    message.body = from.bytes()?.to_vec();
    Some((message, enqueued_ms))
}

fn value(from: &mut Reader<'_>) -> Option<Value> {
    Some(match from.u8()? {
        0 => Value::Text(from.string()?),
        1 => Value::Int(from.i64()?),
        2 => Value::Float(f64::from_le_bytes(from.take(8)?.try_into().ok()?)),
        tag @ 3..=4 => Value::Bool(tag == 4),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn numbers_come_back(a: u64, b: i64) {
            let mut out = Vec::new();
            put_u64(&mut out, a);
            put_i64(&mut out, b);
            let mut from = Reader(&out);
            prop_assert_eq!((from.u64(), from.i64(), from.0.len()), (Some(a), Some(b), 0));
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
            // No panic, and nothing that is longer than what there was.
            if let Some((message, _)) = message(&mut Reader(&bytes)) {
                prop_assert!(message.body.len() <= bytes.len());
            }
        }
    }

    #[test]
    fn messages_come_back_and_cut_ones_do_not() {
        let mut sent = Message { id: "a".into(), body: vec![1, 2, 3], ..Message::default() };
        sent.system.session_id = Some("s".into());
        sent.system.partition_key = Some("p".into());
        sent.time_to_live_ms = Some(0);
        sent.visible_ms = Some(-1);
        let values = [Value::from("x"), Value::Int(-5), Value::Float(0.5), Value::Bool(true), Value::Bool(false)];
        sent.properties = values.into_iter().enumerate().map(|(i, value)| (i.to_string(), value)).collect();
        let mut out = Vec::new();
        put_message(&mut out, &sent, 77);
        assert_eq!(message(&mut Reader(&out)), Some((sent, 77)));
        for end in 0..out.len() {
            assert_eq!(message(&mut Reader(&out[..end])), None, "cut at {end}");
        }
    }
}
