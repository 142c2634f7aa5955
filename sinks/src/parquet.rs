//! The plate table ([`crate::schema`]) as Parquet, for analysis: `plates.parquet`, and the files of a lake.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::datatypes::{Field, Schema};
use arrow::error::ArrowError;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesBuilder};
use parquet::schema::types::ColumnPath;

use crate::atomic::AtomicFile;
pub use crate::columns::BATCH_ROWS;
use crate::columns::Columns;
use crate::error::{Error, Result};
use crate::event::Event;
use crate::schema::{VERSION, VERSION_KEY};
use crate::sink::{Entry, Sink};

/// The file's name.
pub const FILE: &str = "plates.parquet";
/// Rows of a row group: bounds the memory of writing and of reading one.
pub const ROW_GROUP_ROWS: usize = 64 << 10;

const ZSTD_LEVEL: i32 = 1;
/// Columns with few different values: a dictionary pays there and costs everywhere else.
const DICTIONARY_COLUMNS: [&str; 15] = [
    "type",
    "lane",
    "time_source",
    "band",
    "plate_index",
    "plates_in_image",
    "region",
    "image_width",
    "image_height",
    "reason_code",
    "reason_detail",
    "detector",
    "detector_sha256",
    "reader",
    "reader_sha256",
];

/// Which columns a table has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layout {
    /// All of [`crate::schema`].
    Whole,
    /// All but `lane`: in a hive layout the folder says it, and readers want it in one place alone.
    WithoutLane,
}

impl Layout {
    fn columns(self, schema: &Schema) -> Vec<usize> {
        let kept = |(_, field): &(usize, &Arc<Field>)| self == Self::Whole || field.name() != "lane";
        schema.fields().iter().enumerate().filter(kept).map(|(column, _)| column).collect()
    }
}

/// Writes the plate table to anything: zstd, bounded row groups, statistics a page, a bloom filter on `plate`.
#[derive(Debug)]
pub(crate) struct PlateWriter<W: Write + Send> {
    out: ArrowWriter<W>,
    columns: Columns,
    kept: Vec<usize>,
    /// For messages.
    path: PathBuf,
}

impl<W: Write + Send> PlateWriter<W> {
    pub(crate) fn start(out: W, layout: Layout, path: PathBuf) -> Result<Self> {
        let columns = Columns::new();
        let kept = layout.columns(columns.schema());
        let schema = columns.schema().project(&kept).map_err(refused_batch(&path))?;
        let refused = |source| Error::Parquet { action: "start", path: path.clone(), source };
        let properties = properties(Codec::Zstd).map_err(refused)?;
        let out = ArrowWriter::try_new(out, Arc::new(schema), Some(properties)).map_err(refused)?;
        Ok(Self { out, columns, kept, path })
    }

    pub(crate) fn push(&mut self, event: &Event) -> Result<()> {
        self.columns.append(event);
        if self.columns.rows() == BATCH_ROWS { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<()> {
        let batch = self.columns.take(&self.path)?;
        let batch = batch.project(&self.kept).map_err(refused_batch(&self.path))?;
        self.out.write(&batch).map_err(|source| Error::Parquet { action: "write", path: self.path.clone(), source })
    }

    /// Writes what is left and the footer.
    pub(crate) fn finish(mut self) -> Result<W> {
        self.flush()?;
        let Self { out, path, .. } = self;
        out.into_inner().map_err(|source| Error::Parquet { action: "finish", path, source })
    }
}

fn refused_batch(path: &Path) -> impl FnOnce(ArrowError) -> Error {
    let path = path.to_path_buf();
    move |source| Error::Arrow { action: "build a batch for", path, source }
}

/// Writes `plates.parquet`.
#[derive(Debug)]
pub struct ParquetFile {
    out: Option<PlateWriter<AtomicFile>>,
}

impl ParquetFile {
    /// Starts the file; it appears in `dir` with [`Sink::sync`].
    ///
    /// # Errors
    /// [`Error::Io`] when `dir` cannot be written to, [`Error::Parquet`].
    pub fn create(dir: &Path) -> Result<Self> {
        let path = dir.join(FILE);
        let file = AtomicFile::create(&path)?;
        Ok(Self { out: Some(PlateWriter::start(file, Layout::Whole, path)?) })
    }
}

/// How pages are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Codec {
    /// Fast, and larger.
    Snappy,
    /// At level 1: what all our files have.
    Zstd,
}

impl Codec {
    fn compression(self) -> Result<Compression, ParquetError> {
        Ok(match self {
            Self::Snappy => Compression::SNAPPY,
            Self::Zstd => Compression::ZSTD(ZstdLevel::try_new(ZSTD_LEVEL)?),
        })
    }
}

/// How the plate table is written: row groups of [`ROW_GROUP_ROWS`], statistics for chunks and pages, a page index, a
/// bloom filter on `plate`, dictionaries where values repeat and nowhere else.
///
/// # Errors
/// None that our own settings cause.
pub fn properties(codec: Codec) -> Result<WriterProperties, ParquetError> {
    let version = KeyValue::new(VERSION_KEY.to_owned(), VERSION.to_owned());
    let builder = WriterProperties::builder()
        .set_compression(codec.compression()?)
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_created_by(format!("tollgate {}", env!("CARGO_PKG_VERSION")))
        .set_key_value_metadata(Some(vec![version]))
        .set_dictionary_enabled(false)
        .set_column_encoding(ColumnPath::from("capture_time"), Encoding::DELTA_BINARY_PACKED)
        // Sized for a row group of different plates, folded to what it holds.
        .set_column_bloom_filter_max_ndv(ColumnPath::from("plate"), ROW_GROUP_ROWS as u64);
    let dictionary =
        |b: WriterPropertiesBuilder, name: &&str| b.set_column_dictionary_enabled(ColumnPath::from(*name), true);
    Ok(DICTIONARY_COLUMNS.iter().fold(builder, dictionary).build())
}

impl Sink<Entry> for ParquetFile {
    fn name(&self) -> &'static str {
        "parquet"
    }

    fn write(&mut self, items: &[Entry]) -> Result<()> {
        let Some(out) = &mut self.out else { return Err(Error::Finished { sink: "parquet" }) };
        items.iter().try_for_each(|item| out.push(&item.event))
    }

    fn sync(&mut self) -> Result<()> {
        let Some(out) = self.out.take() else { return Err(Error::Finished { sink: "parquet" }) };
        out.finish()?.commit().map(drop)
    }
}
