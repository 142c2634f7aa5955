//! A captured file: an Avro object container with the schema of Event Hubs' Capture.
//!
//! Written here and not by a library: the encoding of one fixed schema is a few dozen lines, and `apache-avro` would bring
//! thirty crates for its generality. Avro's own readers read it back in the tests.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::avro::{put_bytes, put_length, put_long, put_map};
use crate::depot::Draft;
use crate::error::Result;

/// As Event Hubs writes it.
const SCHEMA: &str = concat!(
    r#"{"type":"record","name":"EventData","namespace":"Microsoft.ServiceBus.Messaging","fields":["#,
    r#"{"name":"SequenceNumber","type":"long"},{"name":"Offset","type":"string"},"#,
    r#"{"name":"EnqueuedTimeUtc","type":"string"},"#,
    r#"{"name":"SystemProperties","type":{"type":"map","values":["long","double","string","bytes"]}},"#,
    r#"{"name":"Properties","type":{"type":"map","values":["long","double","string","bytes","null"]}},"#,
    r#"{"name":"Body","type":["null","bytes"]}]}"#
);
const MAGIC: &[u8] = b"Obj\x01";
/// Bytes of a block. A record that is larger is a block by itself.
const BLOCK_BYTES: usize = 256 << 10;

/// Places in the unions of the schema's properties.
const LONG: usize = 0;
const STRING: usize = 2;
const BYTES: usize = 3;
const NULL: usize = 4;

/// A record of the hub.
#[derive(Debug, Clone, Copy)]
pub struct Captured<'a> {
    /// Its offset, which is its sequence number too.
    pub offset: u64,
    /// When it was appended.
    pub appended: DateTime<Utc>,
    /// Its key.
    pub key: Option<&'a [u8]>,
    /// Its body.
    pub body: Option<&'a [u8]>,
}

/// A property of a record: name and value.
pub type Property<'a> = (&'a [u8], Option<&'a [u8]>);

/// A captured file under construction. What it holds in memory is a block.
#[derive(Debug)]
pub struct CaptureFile {
    out: Draft,
    marker: [u8; 16],
    block: Vec<u8>,
    records: usize,
}

impl CaptureFile {
    /// Begins the file of a key in a draft. The marker between its blocks derives from the key, so that a file that is
    /// made again is the same.
    ///
    /// # Errors
    /// [`Error::Io`](crate::Error::Io).
    pub fn begin(mut out: Draft, key: &str) -> Result<Self> {
        let marker = Uuid::new_v5(&Uuid::NAMESPACE_URL, key.as_bytes()).into_bytes();
        let mut head = MAGIC.to_vec();
        put_map(&mut head, &[("avro.schema", SCHEMA), ("avro.codec", "null")], |head, (name, value)| {
            put_bytes(head, name.as_bytes());
            put_bytes(head, value.as_bytes());
        });
        head.extend_from_slice(&marker);
        out.put(&head)?;
        Ok(Self { out, marker, block: Vec::new(), records: 0 })
    }

    /// Adds a record with its properties.
    ///
    /// # Errors
    /// [`Error::Io`](crate::Error::Io).
    pub fn push<'a>(&mut self, record: &Captured<'_>, properties: impl Iterator<Item = Property<'a>>) -> Result<()> {
        let block = &mut self.block;
        put_long(block, record.offset.cast_signed());
        put_bytes(block, record.offset.to_string().as_bytes());
        put_bytes(block, record.appended.format("%-m/%-d/%Y %-I:%M:%S %p").to_string().as_bytes());
        put_system(block, record);
        put_map(block, &properties.collect::<Vec<_>>(), |block, (name, value)| {
            put_bytes(block, String::from_utf8_lossy(name).as_bytes());
            put_property(block, *value);
        });
        match record.body {
            None => put_length(block, 0),
            Some(body) => {
                put_length(block, 1);
                put_bytes(block, body);
            }
        }
        self.records += 1;
        if self.block.len() >= BLOCK_BYTES { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<()> {
        if self.records == 0 {
            return Ok(());
        }
        let mut head = Vec::new();
        put_length(&mut head, self.records);
        put_length(&mut head, self.block.len());
        for part in [&head, &self.block, self.marker.as_slice()] {
            self.out.put(part)?;
        }
        self.block.clear();
        self.records = 0;
        Ok(())
    }

    /// Writes what is left.
    ///
    /// # Errors
    /// [`Error::Io`](crate::Error::Io).
    pub fn finish(mut self) -> Result<Draft> {
        self.flush()?;
        Ok(self.out)
    }
}

/// The names are those of Event Hubs' AMQP annotations.
fn put_system(block: &mut Vec<u8>, record: &Captured<'_>) {
    put_length(block, 1 + usize::from(record.key.is_some()));
    put_bytes(block, b"x-opt-enqueued-time");
    put_length(block, LONG);
    put_long(block, record.appended.timestamp_millis());
    if let Some(key) = record.key {
        put_bytes(block, b"x-opt-partition-key");
        put_property(block, Some(key));
    }
    put_long(block, 0);
}

/// A text where it is one.
fn put_property(block: &mut Vec<u8>, value: Option<&[u8]>) {
    let Some(value) = value else { return put_length(block, NULL) };
    put_length(block, if std::str::from_utf8(value).is_ok() { STRING } else { BYTES });
    put_bytes(block, value);
}
