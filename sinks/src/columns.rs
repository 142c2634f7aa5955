//! Events into columns: the builders of [`crate::schema`], filled in one pass and emptied in bounded batches.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, Float32Array, Float32Builder, Int32Builder, ListArray, NullBufferBuilder, StringBuilder, StructArray,
    TimestampMicrosecondBuilder,
};
use arrow::buffer::{OffsetBuffer, ScalarBuffer};
use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;

use crate::error::{Error, Result};
use crate::event::{Candidate, Data, Event, ModelRole, Timings};
use crate::schema::{candidate_fields, candidate_item, float_item, schema};

/// Rows that are handed to a writer at once.
pub const BATCH_ROWS: usize = 8192;

/// A batch under construction.
#[derive(Debug)]
pub(crate) struct Columns {
    schema: SchemaRef,
    identity: Identity,
    text: Text,
    place: Place,
    models: ReasonAndModels,
    times: [Float32Builder; 4],
    rows: usize,
}

impl Columns {
    pub(crate) fn new() -> Self {
        Self {
            schema: schema(),
            identity: Identity::default(),
            text: Text::default(),
            place: Place::default(),
            models: ReasonAndModels::default(),
            times: Default::default(),
            rows: 0,
        }
    }

    pub(crate) fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    pub(crate) fn append(&mut self, event: &Event) {
        self.identity.append(event);
        self.text.append(&event.data);
        self.place.append(&event.data);
        self.models.append(event);
        let Timings { decode_ms, detect_ms, read_ms, judge_ms } = event.data.timings;
        for (column, value) in self.times.iter_mut().zip([decode_ms, detect_ms, read_ms, judge_ms]) {
            column.append_value(value);
        }
        self.rows += 1;
    }

    /// Takes the rows gathered so far as a batch; `path` is the file it is for.
    pub(crate) fn take(&mut self, path: &Path) -> Result<RecordBatch> {
        let mut arrays = Vec::with_capacity(self.schema.fields().len());
        self.identity.finish(&mut arrays);
        let refused = |source| Error::Arrow { action: "build a batch for", path: path.to_path_buf(), source };
        self.text.finish(&mut arrays).map_err(refused)?;
        self.place.finish(&mut arrays).map_err(refused)?;
        self.models.finish(&mut arrays);
        arrays.extend(self.times.iter_mut().map(|c| Arc::new(c.finish()) as ArrayRef));
        self.rows = 0;
        RecordBatch::try_new(Arc::clone(&self.schema), arrays).map_err(refused)
    }
}

/// The list fails only when offsets and values disagree.
type Built<T> = Result<T, arrow::error::ArrowError>;

#[derive(Debug, Default)]
struct Identity {
    event_id: StringBuilder,
    kind: StringBuilder,
    source: StringBuilder,
    subject: StringBuilder,
    file_name: StringBuilder,
    lane: StringBuilder,
    capture_time: TimestampMicrosecondBuilder,
    time_source: StringBuilder,
    band: StringBuilder,
    plate_index: Int32Builder,
    plates_in_image: Int32Builder,
}

impl Identity {
    fn append(&mut self, event: &Event) {
        let data = &event.data;
        self.event_id.append_value(event.id.hyphenated().encode_lower(&mut [0; 36]));
        self.kind.append_value(event.kind.as_str());
        self.source.append_value(&event.source);
        self.subject.append_value(&event.subject);
        self.file_name.append_value(&data.file_name);
        self.lane.append_option(data.lane.as_deref());
        self.capture_time.append_value(event.time.timestamp_micros());
        self.time_source.append_value(data.time_source.as_str());
        self.band.append_value(event.kind.band());
        self.plate_index.append_value(saturating(data.plate_index));
        self.plates_in_image.append_value(saturating(data.plates_in_image));
    }

    fn finish(&mut self, out: &mut Vec<ArrayRef>) {
        for column in [
            &mut self.event_id,
            &mut self.kind,
            &mut self.source,
            &mut self.subject,
            &mut self.file_name,
            &mut self.lane,
        ] {
            out.push(Arc::new(column.finish()));
        }
        out.push(Arc::new(self.capture_time.finish().with_timezone("UTC")));
        out.push(Arc::new(self.time_source.finish()));
        out.push(Arc::new(self.band.finish()));
        out.push(Arc::new(self.plate_index.finish()));
        out.push(Arc::new(self.plates_in_image.finish()));
    }
}

/// Indexes and pixel sizes fit into `i32` by far; one that does not is not worth losing the row.
fn saturating(value: u32) -> i32 {
    i32::try_from(value).unwrap_or(i32::MAX)
}

#[derive(Debug, Default)]
struct Text {
    plate: StringBuilder,
    raw_text: StringBuilder,
    confidence: Float32Builder,
    mean_confidence: Float32Builder,
    char_confidences: FloatLists,
    candidates: CandidateLists,
    region: StringBuilder,
    region_confidence: Float32Builder,
}

impl Text {
    fn append(&mut self, data: &Data) {
        let was_read = !data.raw_text.is_empty() || !data.license_plate_text.is_empty();
        self.plate.append_option(Some(&data.license_plate_text).filter(|t| !t.is_empty()));
        self.raw_text.append_option(Some(&data.raw_text).filter(|t| !t.is_empty()));
        self.confidence.append_option(was_read.then_some(data.confidence));
        self.mean_confidence.append_option(was_read.then_some(data.mean_confidence));
        self.char_confidences.append(Some(&data.char_confidences));
        self.candidates.append(&data.candidates);
        self.region.append_option(data.region.as_ref().map(|r| &r.name));
        self.region_confidence.append_option(data.region.as_ref().map(|r| r.confidence));
    }

    fn finish(&mut self, out: &mut Vec<ArrayRef>) -> Built<()> {
        out.push(Arc::new(self.plate.finish()));
        out.push(Arc::new(self.raw_text.finish()));
        out.push(Arc::new(self.confidence.finish()));
        out.push(Arc::new(self.mean_confidence.finish()));
        out.push(self.char_confidences.finish()?);
        out.push(self.candidates.finish()?);
        out.push(Arc::new(self.region.finish()));
        out.push(Arc::new(self.region_confidence.finish()));
        Ok(())
    }
}

#[derive(Debug, Default)]
struct Place {
    score: Float32Builder,
    bounds: [Float32Builder; 4],
    corners: FloatLists,
    size: [Int32Builder; 2],
}

impl Place {
    fn append(&mut self, data: &Data) {
        let found = data.detection.as_ref();
        self.score.append_option(found.map(|d| d.score));
        for (i, column) in self.bounds.iter_mut().enumerate() {
            column.append_option(found.map(|d| d.bounds[i]));
        }
        self.corners.append(found.map(|d| d.corners.as_flattened()));
        let [width, height] = &mut self.size;
        width.append_option(data.image.map(|i| saturating(i.width)));
        height.append_option(data.image.map(|i| saturating(i.height)));
    }

    fn finish(&mut self, out: &mut Vec<ArrayRef>) -> Built<()> {
        out.push(Arc::new(self.score.finish()));
        out.extend(self.bounds.iter_mut().map(|c| Arc::new(c.finish()) as ArrayRef));
        out.push(self.corners.finish()?);
        out.extend(self.size.iter_mut().map(|c| Arc::new(c.finish()) as ArrayRef));
        Ok(())
    }
}

#[derive(Debug, Default)]
struct ReasonAndModels {
    columns: [StringBuilder; 6],
}

impl ReasonAndModels {
    fn append(&mut self, event: &Event) {
        let reason = event.data.reason.as_ref();
        let detector = event.model(ModelRole::Detector);
        let reader = event.model(ModelRole::Reader);
        let values = [
            reason.map(|r| &r.code),
            reason.map(|r| &r.detail),
            detector.map(|m| &m.name),
            detector.map(|m| &m.sha256),
            reader.map(|m| &m.name),
            reader.map(|m| &m.sha256),
        ];
        for (column, value) in self.columns.iter_mut().zip(values) {
            column.append_option(value);
        }
    }

    fn finish(&mut self, out: &mut Vec<ArrayRef>) {
        out.extend(self.columns.iter_mut().map(|c| Arc::new(c.finish()) as ArrayRef));
    }
}

/// Lists of numbers: offsets and values are gathered flat, which spares a builder call a value.
#[derive(Debug)]
struct FloatLists {
    values: Vec<f32>,
    ends: Ends,
    valid: NullBufferBuilder,
}

impl Default for FloatLists {
    fn default() -> Self {
        Self { values: Vec::new(), ends: Ends::default(), valid: NullBufferBuilder::new(BATCH_ROWS) }
    }
}

impl FloatLists {
    fn append(&mut self, list: Option<&[f32]>) {
        self.values.extend_from_slice(list.unwrap_or_default());
        self.ends.push(self.values.len());
        self.valid.append(list.is_some());
    }

    fn finish(&mut self) -> Built<ArrayRef> {
        let values = Arc::new(Float32Array::from(std::mem::take(&mut self.values)));
        let list = ListArray::try_new(float_item(), self.ends.finish(), values, self.valid.finish())?;
        Ok(Arc::new(list))
    }
}

/// Lists of candidates.
#[derive(Debug, Default)]
struct CandidateLists {
    text: StringBuilder,
    confidence: Vec<f32>,
    ends: Ends,
}

impl CandidateLists {
    fn append(&mut self, list: &[Candidate]) {
        for candidate in list {
            self.text.append_value(&candidate.text);
            self.confidence.push(candidate.confidence);
        }
        self.ends.push(self.confidence.len());
    }

    fn finish(&mut self) -> Built<ArrayRef> {
        let confidence = Arc::new(Float32Array::from(std::mem::take(&mut self.confidence)));
        let columns: Vec<ArrayRef> = vec![Arc::new(self.text.finish()), confidence];
        let values = Arc::new(StructArray::try_new(candidate_fields(), columns, None)?);
        Ok(Arc::new(ListArray::try_new(candidate_item(), self.ends.finish(), values, None)?))
    }
}

/// Offsets of lists: where each ends. Events are at most a megabyte and batches bounded, so `i32` is enough.
#[derive(Debug)]
struct Ends(Vec<i32>);

impl Default for Ends {
    fn default() -> Self {
        Self(vec![0])
    }
}

impl Ends {
    fn push(&mut self, end: usize) {
        self.0.push(end as i32);
    }

    fn finish(&mut self) -> OffsetBuffer<i32> {
        OffsetBuffer::new(ScalarBuffer::from(std::mem::replace(&mut self.0, vec![0])))
    }
}
