//! The shapes of the requests that are understood: what they are checked against before they are decoded.
//!
//! The codec's decoder sets memory aside for as many elements as an array *claims* to have. A request is therefore
//! walked through first, without allocating: every length must fit into the bytes that came. The shapes follow the
//! message definitions of Apache Kafka (`clients/src/main/resources/common/message`).

use super::wire::Reader;

/// What a field is made of.
enum Kind {
    /// This many bytes.
    Fixed(usize),
    Str,
    Blob,
    /// An array of things that have no tagged fields of their own.
    Plain(&'static Kind),
    /// An array of structures.
    Structs(&'static [Field]),
}

/// A field, and the versions of the request that have it.
struct Field(i16, i16, Kind);

/// A field of all versions.
const fn all(kind: Kind) -> Field {
    Field(0, i16::MAX, kind)
}

/// A field of a version and the later ones.
const fn since(version: i16, kind: Kind) -> Field {
    Field(version, i16::MAX, kind)
}

use Kind::{Blob, Fixed, Plain, Str, Structs};

const I8: Kind = Fixed(1);
const I16: Kind = Fixed(2);
const I32: Kind = Fixed(4);
const I64: Kind = Fixed(8);

pub(super) const METADATA: Shape = Shape(&[all(Structs(&[all(Str)])), since(4, I8), since(8, I8), since(8, I8)]);
pub(super) const FETCH: Shape = Shape(&[
    all(I32),
    all(I32),
    all(I32),
    all(I32),
    all(I8),
    since(7, I32),
    since(7, I32),
    all(Structs(&[
        all(Str),
        all(Structs(&[all(I32), since(9, I32), all(I64), since(12, I32), since(5, I64), all(I32)])),
    ])),
    since(7, Structs(&[all(Str), all(Plain(&I32))])),
    since(11, Str),
]);
pub(super) const LIST_OFFSETS: Shape =
    Shape(&[all(I32), since(2, I8), all(Structs(&[all(Str), all(Structs(&[all(I32), since(4, I32), all(I64)]))]))]);
pub(super) const OFFSET_COMMIT: Shape = Shape(&[
    all(Str),
    all(I32),
    all(Str),
    since(7, Str),
    Field(2, 4, I64),
    all(Structs(&[all(Str), all(Structs(&[all(I32), all(I64), since(6, I32), all(Str)]))])),
]);
pub(super) const OFFSET_FETCH: Shape = Shape(&[all(Str), all(Structs(&[all(Str), all(Plain(&I32))])), since(7, I8)]);
pub(super) const FIND_COORDINATOR: Shape = Shape(&[all(Str), since(1, I8)]);
pub(super) const JOIN_GROUP: Shape = Shape(&[
    all(Str),
    all(I32),
    since(1, I32),
    all(Str),
    since(5, Str),
    all(Str),
    all(Structs(&[all(Str), all(Blob)])),
    since(8, Str),
]);
pub(super) const SYNC_GROUP: Shape = Shape(&[
    all(Str),
    all(I32),
    all(Str),
    since(3, Str),
    since(5, Str),
    since(5, Str),
    all(Structs(&[all(Str), all(Blob)])),
]);
pub(super) const HEARTBEAT: Shape = Shape(&[all(Str), all(I32), all(Str), since(3, Str)]);
pub(super) const LEAVE_GROUP: Shape =
    Shape(&[all(Str), Field(0, 2, Str), since(3, Structs(&[all(Str), all(Str), since(5, Str)]))]);
pub(super) const DESCRIBE_GROUPS: Shape = Shape(&[all(Plain(&Str)), since(3, I8)]);
pub(super) const LIST_GROUPS: Shape = Shape(&[since(4, Plain(&Str))]);
pub(super) const DELETE_GROUPS: Shape = Shape(&[all(Plain(&Str))]);
pub(super) const SASL_HANDSHAKE: Shape = Shape(&[all(Str)]);
pub(super) const SASL_AUTHENTICATE: Shape = Shape(&[all(Blob)]);
pub(super) const API_VERSIONS: Shape = Shape(&[since(3, Str), since(3, Str)]);
pub(super) const CREATE_TOPICS: Shape = Shape(&[
    all(Structs(&[
        all(Str),
        all(I32),
        all(I16),
        all(Structs(&[all(I32), all(Plain(&I32))])),
        all(Structs(&[all(Str), all(Str)])),
    ])),
    all(I32),
    all(I8),
]);
pub(super) const DELETE_TOPICS: Shape = Shape(&[all(Plain(&Str)), all(I32)]);
pub(super) const CREATE_PARTITIONS: Shape =
    Shape(&[all(Structs(&[all(Str), all(I32), all(Structs(&[all(Plain(&I32))]))])), all(I32), all(I8)]);
pub(super) const DESCRIBE_CONFIGS: Shape =
    Shape(&[all(Structs(&[all(I8), all(Str), all(Plain(&Str))])), all(I8), since(3, I8)]);
pub(super) const INIT_PRODUCER_ID: Shape = Shape(&[all(Str), all(I32), since(3, I64), since(3, I16)]);
pub(super) const DESCRIBE_CLUSTER: Shape = Shape(&[all(I8), since(1, I8)]);

/// The shape of a request's body.
#[derive(Clone, Copy)]
pub(super) struct Shape(&'static [Field]);

impl Shape {
    /// Whether a request's body is of this shape. What lies behind is left alone, as Apache Kafka does: librdkafka
    /// (2.16) sends three bytes too many when it asks for all topics.
    pub(super) fn fits(&self, mut body: Reader<'_>, version: i16) -> bool {
        structure(&mut body, self.0, version).is_some()
    }
}

fn structure(reader: &mut Reader<'_>, fields: &[Field], version: i16) -> Option<()> {
    for Field(first, last, kind) in fields {
        if (*first..=*last).contains(&version) {
            field(reader, kind, version)?;
        }
    }
    reader.tags()
}

fn field(reader: &mut Reader<'_>, kind: &Kind, version: i16) -> Option<()> {
    match kind {
        Fixed(bytes) => reader.skip(*bytes).map(|_| ()),
        Str => reader.string().map(|_| ()),
        Blob => reader.blob().map(|_| ()),
        Plain(kind) => (0..reader.array()?.unwrap_or(0)).try_for_each(|_| field(reader, kind, version)),
        Structs(fields) => (0..reader.array()?.unwrap_or(0)).try_for_each(|_| structure(reader, fields, version)),
    }
}
