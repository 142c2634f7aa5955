//! The one documented table: a row is an event. `plates.parquet`, `plates.arrow` and every later Arrow output have it.
//!
//! | column | type | unit and meaning |
//! |---|---|---|
//! | `event_id` | utf8 | UUID of the event, in lower-case hex with hyphens |
//! | `type` | utf8 | CloudEvents type |
//! | `source` | utf8 | URI of the record the event came from |
//! | `subject` | utf8 | `lane/file` |
//! | `file_name` | utf8 | as the source gave it |
//! | `lane` | utf8, nullable | booth or lane |
//! | `capture_time` | timestamp(µs, UTC) | time of capture, never of export |
//! | `time_source` | utf8 | `exif`, `name` or `record` |
//! | `band` | utf8 | `read`, `manual`, `rejected` or `reviewed` |
//! | `plate_index` | int32 | number of the plate in its image, from 0 |
//! | `plates_in_image` | int32 | plates in the image |
//! | `plate` | utf8, nullable | text after the text rules; unsure where `band` is not `read`; null where there is none |
//! | `raw_text` | utf8, nullable | text as the reader gave it; null where nothing was read |
//! | `confidence` | float32, nullable | 0 to 1: the least sure character; null where nothing was read |
//! | `mean_confidence` | float32, nullable | 0 to 1: mean over the characters; null where nothing was read |
//! | `char_confidences` | list of float32 | 0 to 1, one a character; empty where nothing was read |
//! | `candidates` | list of struct (`text` utf8, `confidence` float32) | up to 5, the likeliest first |
//! | `region` | utf8, nullable | country or state |
//! | `region_confidence` | float32, nullable | 0 to 1 |
//! | `detection_score` | float32, nullable | 0 to 1; null, as the box and corners, where nothing was detected |
//! | `box_x`, `box_y` | float32, nullable | px: the box's top left, in the upright full-size image |
//! | `box_w`, `box_h` | float32, nullable | px: the box's size |
//! | `corners` | list of float32, nullable | px: 8 numbers, `x, y` of top left, top right, bottom right, bottom left |
//! | `image_width`, `image_height` | int32, nullable | px; null where the image could not be decoded |
//! | `reason_code` | utf8, nullable | why it was rejected or must be checked, for programs |
//! | `reason_detail` | utf8, nullable | the same for people |
//! | `detector`, `detector_sha256` | utf8, nullable | model that found the plate, and the SHA-256 of its file in hex |
//! | `reader`, `reader_sha256` | utf8, nullable | model whose text stands, and the SHA-256 of its file in hex |
//! | `decode_ms`, `detect_ms`, `read_ms`, `judge_ms` | float32 | ms spent on the image, all its plates together |
//!
//! The schema's metadata holds [`VERSION_KEY`]. Columns are only ever added, at the end; anything else is a new version.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef, TimeUnit};

/// Key in the schema's (and the Parquet file's) metadata.
pub const VERSION_KEY: &str = "tollgate.schema_version";
/// Value under [`VERSION_KEY`].
pub const VERSION: &str = "1";

/// The schema of the plate table.
pub fn schema() -> SchemaRef {
    let fields = [identity(), text(), place(), reason_and_models(), times()].concat();
    let metadata = HashMap::from([(VERSION_KEY.to_owned(), VERSION.to_owned())]);
    Arc::new(Schema::new_with_metadata(fields, metadata))
}

fn identity() -> Vec<Field> {
    vec![
        required("event_id", DataType::Utf8),
        required("type", DataType::Utf8),
        required("source", DataType::Utf8),
        required("subject", DataType::Utf8),
        required("file_name", DataType::Utf8),
        optional("lane", DataType::Utf8),
        required("capture_time", DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))),
        required("time_source", DataType::Utf8),
        required("band", DataType::Utf8),
        required("plate_index", DataType::Int32),
        required("plates_in_image", DataType::Int32),
    ]
}

fn text() -> Vec<Field> {
    vec![
        optional("plate", DataType::Utf8),
        optional("raw_text", DataType::Utf8),
        optional("confidence", DataType::Float32),
        optional("mean_confidence", DataType::Float32),
        required("char_confidences", DataType::List(float_item())),
        required("candidates", DataType::List(candidate_item())),
        optional("region", DataType::Utf8),
        optional("region_confidence", DataType::Float32),
    ]
}

fn place() -> Vec<Field> {
    vec![
        optional("detection_score", DataType::Float32),
        optional("box_x", DataType::Float32),
        optional("box_y", DataType::Float32),
        optional("box_w", DataType::Float32),
        optional("box_h", DataType::Float32),
        optional("corners", DataType::List(float_item())),
        optional("image_width", DataType::Int32),
        optional("image_height", DataType::Int32),
    ]
}

fn reason_and_models() -> Vec<Field> {
    vec![
        optional("reason_code", DataType::Utf8),
        optional("reason_detail", DataType::Utf8),
        optional("detector", DataType::Utf8),
        optional("detector_sha256", DataType::Utf8),
        optional("reader", DataType::Utf8),
        optional("reader_sha256", DataType::Utf8),
    ]
}

fn times() -> Vec<Field> {
    vec![
        required("decode_ms", DataType::Float32),
        required("detect_ms", DataType::Float32),
        required("read_ms", DataType::Float32),
        required("judge_ms", DataType::Float32),
    ]
}

fn required(name: &str, kind: DataType) -> Field {
    Field::new(name, kind, false)
}

fn optional(name: &str, kind: DataType) -> Field {
    Field::new(name, kind, true)
}

/// Item of the lists of numbers.
pub(crate) fn float_item() -> Arc<Field> {
    Arc::new(required("item", DataType::Float32))
}

/// Fields of a candidate.
pub(crate) fn candidate_fields() -> Fields {
    Fields::from(vec![required("text", DataType::Utf8), required("confidence", DataType::Float32)])
}

/// Item of the list of candidates.
pub(crate) fn candidate_item() -> Arc<Field> {
    Arc::new(required("item", DataType::Struct(candidate_fields())))
}
