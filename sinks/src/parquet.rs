//! `plates.parquet`: the plate table ([`crate::schema`]) for analysis.

use std::path::{Path, PathBuf};

use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesBuilder};
use parquet::schema::types::ColumnPath;

use crate::atomic::AtomicFile;
use crate::columns::{BATCH_ROWS, Columns};
use crate::error::{Error, Result};
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

/// Writes `plates.parquet`: zstd, bounded row groups, statistics a page, a bloom filter on `plate`.
#[derive(Debug)]
pub struct ParquetFile {
    out: Option<ArrowWriter<AtomicFile>>,
    columns: Columns,
    path: PathBuf,
}

impl ParquetFile {
    /// Starts the file; it appears in `dir` with [`Sink::sync`].
    ///
    /// # Errors
    /// [`Error::Io`] when `dir` cannot be written to, [`Error::Parquet`].
    pub fn create(dir: &Path) -> Result<Self> {
        let path = dir.join(FILE);
        let columns = Columns::new();
        let refused = |source| Error::Parquet { action: "start", path: path.clone(), source };
        let properties = properties().map_err(refused)?;
        let file = AtomicFile::create(&path)?;
        let out = ArrowWriter::try_new(file, columns.schema().clone(), Some(properties)).map_err(refused)?;
        Ok(Self { out: Some(out), columns, path })
    }

    fn flush(&mut self) -> Result<()> {
        let batch = self.columns.take(&self.path)?;
        let Some(out) = &mut self.out else { return Err(Error::Finished { sink: "parquet" }) };
        out.write(&batch).map_err(|source| Error::Parquet { action: "write", path: self.path.clone(), source })
    }
}

fn properties() -> Result<WriterProperties, ParquetError> {
    let version = KeyValue::new(VERSION_KEY.to_owned(), VERSION.to_owned());
    let builder = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(ZSTD_LEVEL)?))
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
        for item in items {
            self.columns.append(&item.event);
            if self.columns.rows() == BATCH_ROWS {
                self.flush()?;
            }
        }
        Ok(())
    }

    fn sync(&mut self) -> Result<()> {
        self.flush()?;
        let Some(out) = self.out.take() else { return Err(Error::Finished { sink: "parquet" }) };
        let finished = out.into_inner();
        let file = finished.map_err(|source| Error::Parquet { action: "finish", path: self.path.clone(), source })?;
        file.commit().map(drop)
    }
}
