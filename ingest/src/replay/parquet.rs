//! A PATH that is a Parquet file with an image column: one record for each row, row group by row group.
//!
//! How many rows there are stands in the file's footer, so that every row is named without being read, and a row that
//! is then found damaged is still a record.

use std::fs::File;
use std::ops::Range;
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::errors::ParquetError;
use parquet::file::metadata::RowGroupMetaData;

use super::columns::{Columns, Rows};
use super::file::{refuse_size, utc};
use super::member::lane_of;
use super::root::{Content, Root};
use super::{Limits, Skipped};
use crate::position::Positions;
use crate::{Error, Payload, RefusalCode, Result};

/// The rows of a Parquet file.
pub(crate) struct Parquet {
    file: File,
    name: String,
    position: String,
    modified: DateTime<Utc>,
    limits: Limits,
    metadata: ArrowReaderMetadata,
    columns: Columns,
    /// The first row of each group, and the number of all rows behind the last.
    starts: Vec<u64>,
    /// The row to be named next.
    next: u64,
    named: bool,
    slice: Option<Slice>,
}

/// What lies decoded in memory: one slice of a row group. Slices begin at fixed rows, wherever reading began, so that
/// a resumed run finds the same rows damaged as one that was never interrupted.
struct Slice {
    rows: Range<u64>,
    decoded: Result<Decoded, ParquetError>,
}

struct Decoded {
    rows: Rows,
    /// Stands at the first row behind the slice.
    reader: ParquetRecordBatchReader,
}

impl Parquet {
    pub(crate) fn open(path: PathBuf, positions: &Positions, limits: Limits) -> Result<Self> {
        let opened = File::open(&path).and_then(|file| Ok((file.metadata()?.modified()?, file)));
        let (modified, file) = opened.map_err(|source| Error::Path { path: path.clone(), source })?;
        let metadata = ArrowReaderMetadata::load(&file, Default::default())
            .map_err(|source| Error::Parquet { path: path.clone(), source })?;
        let Some(columns) = Columns::choose(metadata.schema()) else {
            let names: Vec<_> = metadata.schema().fields().iter().map(|field| field.name().as_str()).collect();
            return Err(Error::NoImageColumn { path, columns: names.join(", ") });
        };
        let mut starts = vec![0];
        let mut rows = 0;
        for group in metadata.metadata().row_groups() {
            rows += u64::try_from(group.num_rows()).unwrap_or(0);
            starts.push(rows);
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let (position, modified) = (positions.of(&path), utc(modified));
        Ok(Self {
            file,
            name,
            position,
            modified,
            limits,
            metadata,
            columns,
            starts,
            next: 0,
            named: false,
            slice: None,
        })
    }

    /// The slice that holds a row: the one in memory, the one that follows it, or any other.
    fn load(&mut self, row: u64) -> &Slice {
        let before = self.slice.take();
        let slice = match before {
            Some(slice) if slice.rows.contains(&row) => slice,
            Some(Slice { rows, decoded: Ok(decoded) }) if rows.end == row && !self.starts.contains(&row) => {
                self.decode(self.slice_of(row), Ok(decoded.reader))
            }
            _ => {
                let rows = self.slice_of(row);
                let reader = self.reader(rows.start);
                self.decode(rows, reader)
            }
        };
        self.slice.insert(slice)
    }

    fn decode(&self, rows: Range<u64>, reader: Result<ParquetRecordBatchReader, ParquetError>) -> Slice {
        let decoded = reader.and_then(|mut reader| {
            let batch = reader.next().transpose()?;
            let batch = batch.filter(|batch| batch.num_rows() as u64 == rows.end - rows.start);
            let batch = batch.ok_or_else(|| ParquetError::EOF("the row group ends before its last row".into()))?;
            let rows = self.columns.rows(&batch).ok_or_else(|| ParquetError::General("no image column".into()))?;
            Ok(Decoded { rows, reader })
        });
        Slice { rows, decoded }
    }

    /// A reader that begins with a row and ends with its group.
    fn reader(&self, row: u64) -> Result<ParquetRecordBatchReader, ParquetError> {
        let group = self.group(row);
        let offset = usize::try_from(row - self.starts[group])?;
        let mask = ProjectionMask::roots(self.metadata.parquet_schema(), self.columns.indices());
        ParquetRecordBatchReaderBuilder::new_with_metadata(self.file.try_clone()?, self.metadata.clone())
            .with_projection(mask)
            .with_row_groups(vec![group])
            .with_offset(offset)
            .with_batch_size(self.slice_rows(self.metadata.metadata().row_group(group)))
            .build()
    }

    /// The rows that are decoded together with one.
    fn slice_of(&self, row: u64) -> Range<u64> {
        let group = self.group(row);
        let length = self.slice_rows(self.metadata.metadata().row_group(group)) as u64;
        let start = row - (row - self.starts[group]) % length;
        start..(start + length).min(self.starts[group + 1])
    }

    /// The group that holds a row.
    fn group(&self, row: u64) -> usize {
        self.starts.partition_point(|&start| start <= row).saturating_sub(1)
    }

    /// How many rows to decode at once: what fits into a batch, were all rows of the group equally large.
    fn slice_rows(&self, group: &RowGroupMetaData) -> usize {
        let schema = self.metadata.parquet_schema();
        let bytes: i64 = (group.columns().iter().enumerate())
            .filter(|(leaf, _)| schema.get_column_root_idx(*leaf) == self.columns.image)
            .map(|(_, column)| column.uncompressed_size())
            .sum();
        let a_row = u64::try_from(bytes / group.num_rows().max(1)).unwrap_or(0).max(1);
        usize::try_from(self.limits.batch_bytes / a_row).unwrap_or(usize::MAX).clamp(1, self.limits.batch_records)
    }
}

impl Root for Parquet {
    fn name_next(&mut self, _: &mut Skipped) -> Result<Option<String>> {
        self.named = self.starts.last().is_some_and(|&rows| self.next < rows);
        if !self.named {
            return Ok(None);
        }
        self.next += 1;
        Ok(Some(format!("{}#row={}", self.position, self.next - 1)))
    }

    fn size(&mut self) -> u64 {
        if !self.named {
            return 0;
        }
        let row = self.next - 1;
        let max_bytes = self.limits.max_record_bytes;
        let Slice { rows, decoded: Ok(decoded) } = self.load(row) else { return 0 };
        let size = decoded.rows.image((row - rows.start) as usize).map_or(0, |image| image.len() as u64);
        if size > max_bytes { 0 } else { size }
    }

    fn read(&mut self) -> Option<Content> {
        if !std::mem::replace(&mut self.named, false) {
            return None;
        }
        let row = self.next - 1;
        let (max_bytes, modified) = (self.limits.max_record_bytes, self.modified);
        let unnamed = format!("{}#row={row}", self.name);
        let slice = self.load(row);
        Some(match &slice.decoded {
            Ok(decoded) => {
                let (rows, at) = (&decoded.rows, (row - slice.rows.start) as usize);
                let file = rows.file(at);
                let lane = rows.lane(at).or_else(|| lane_of(file.as_ref()?));
                let recorded = rows.recorded(at).unwrap_or(modified);
                let payload = payload(rows.image(at), max_bytes);
                Content { file: file.unwrap_or(unnamed), path: None, lane, recorded, payload }
            }
            Err(error) => {
                let detail = format!("rows {} to {} are damaged: {error}", slice.rows.start, slice.rows.end - 1);
                let payload = Payload::refused(RefusalCode::CorruptArchive, detail);
                Content { file: unnamed, path: None, lane: None, recorded: modified, payload }
            }
        })
    }
}

fn payload(image: Option<&[u8]>, max_bytes: u64) -> Payload {
    let Some(image) = image else {
        return Payload::refused(RefusalCode::NoImage, "the row's image is null");
    };
    match refuse_size(image.len() as u64, max_bytes) {
        Some(refusal) => Payload::Refused(refusal),
        None => Payload::Bytes(image.to_vec()),
    }
}
