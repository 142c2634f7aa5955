//! Which columns of a Parquet file hold what, and how their values are read.

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Int64Type, Schema, TimeUnit};
use chrono::{DateTime, Utc};

const IMAGE: [&str; 4] = ["image", "bytes", "jpeg", "photo"];
const FILE: [&str; 5] = ["file", "path", "name", "file_name", "filename"];
const LANE: [&str; 1] = ["lane"];
const TIME: [&str; 3] = ["time", "timestamp", "captured"];

/// The fields of the struct that Hugging Face data sets keep images in.
const NESTED_BYTES: &str = "bytes";
const NESTED_PATH: &str = "path";

/// The columns that matter, as indices into the file's schema.
#[derive(Debug, Clone)]
pub(crate) struct Columns {
    pub(crate) image: usize,
    file: Option<usize>,
    lane: Option<usize>,
    time: Option<usize>,
}

/// One slice of rows, its columns cast to the types they are read as.
pub(crate) struct Rows {
    image: arrow::array::ArrayRef,
    file: Option<arrow::array::ArrayRef>,
    lane: Option<arrow::array::ArrayRef>,
    time: Option<arrow::array::ArrayRef>,
}

impl Columns {
    /// The image column by its name, else the only one it can be; the others by their names.
    pub(crate) fn choose(schema: &Schema) -> Option<Self> {
        let named = |names: &[&str], fits: &dyn Fn(&Field) -> bool| {
            names.iter().find_map(|name| {
                schema.fields().iter().position(|field| field.name().eq_ignore_ascii_case(name) && fits(field))
            })
        };
        let mut possible = schema.fields().iter().enumerate().filter(|(_, field)| holds_image(field));
        let only = possible.next().map(|(index, _)| index).filter(|_| possible.next().is_none());
        let image = named(&IMAGE, &|field| holds_image(field)).or(only)?;
        let text = |field: &Field| !field.data_type().is_nested() && !is_binary(field.data_type());
        let time = |field: &Field| is_time(field.data_type());
        Some(Self { image, file: named(&FILE, &text), lane: named(&LANE, &text), time: named(&TIME, &time) })
    }

    /// The indices to read, for a projection.
    pub(crate) fn indices(&self) -> impl Iterator<Item = usize> {
        [Some(self.image), self.file, self.lane, self.time].into_iter().flatten()
    }

    /// Takes the columns out of a batch that was read with the projection of [`Self::indices`]: its columns come in
    /// the order of the file.
    pub(crate) fn rows(&self, batch: &RecordBatch) -> Option<Rows> {
        let column = |index: usize| batch.columns().get(self.indices().filter(|&other| other < index).count()).cloned();
        let text = |index: Option<usize>| cast(&column(index?)?, &DataType::Utf8).ok();
        let image = column(self.image)?;
        let nested = image.as_struct_opt();
        let path = nested.and_then(|fields| cast(fields.column_by_name(NESTED_PATH)?, &DataType::Utf8).ok());
        let image = nested.map_or(Some(&image), |fields| fields.column_by_name(NESTED_BYTES))?.clone();
        let time = self.time.and_then(column).and_then(|time| instants(&time));
        Some(Rows { image, file: text(self.file).or(path), lane: text(self.lane), time })
    }
}

impl Rows {
    /// The image's bytes; `None` for a null.
    pub(crate) fn image(&self, row: usize) -> Option<&[u8]> {
        if self.image.is_null(row) {
            return None;
        }
        match self.image.data_type() {
            DataType::Binary => Some(self.image.as_binary::<i32>().value(row)),
            DataType::LargeBinary => Some(self.image.as_binary::<i64>().value(row)),
            DataType::BinaryView => Some(self.image.as_binary_view().value(row)),
            _ => None,
        }
    }

    pub(crate) fn file(&self, row: usize) -> Option<String> {
        text_at(self.file.as_ref()?, row)
    }

    pub(crate) fn lane(&self, row: usize) -> Option<String> {
        text_at(self.lane.as_ref()?, row)
    }

    pub(crate) fn recorded(&self, row: usize) -> Option<DateTime<Utc>> {
        let time = self.time.as_ref()?.as_primitive_opt::<Int64Type>()?;
        time.is_valid(row).then(|| DateTime::from_timestamp_micros(time.value(row)))?
    }
}

fn text_at(column: &dyn Array, row: usize) -> Option<String> {
    let column = column.as_string_opt::<i32>()?;
    column.is_valid(row).then(|| column.value(row).to_owned()).filter(|text| !text.is_empty())
}

/// Times as microseconds since the epoch, whatever their type. A time without a zone is taken as UTC.
fn instants(column: &dyn Array) -> Option<arrow::array::ArrayRef> {
    let in_utc = match column.data_type() {
        // A time with a zone is stored in UTC already, and one without is taken as if it were: only the unit changes.
        DataType::Timestamp(..) => cast(column, &DataType::Timestamp(TimeUnit::Microsecond, None)),
        _ => cast(column, &DataType::Timestamp(TimeUnit::Microsecond, Some("+00:00".into()))),
    };
    cast(&in_utc.ok()?, &DataType::Int64).ok()
}

fn is_binary(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Binary | DataType::LargeBinary | DataType::BinaryView)
}

fn is_time(data_type: &DataType) -> bool {
    data_type.is_temporal() || matches!(data_type, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View)
}

fn holds_image(field: &Field) -> bool {
    match field.data_type() {
        DataType::Struct(fields) => {
            fields.iter().any(|inner| inner.name() == NESTED_BYTES && is_binary(inner.data_type()))
        }
        data_type => is_binary(data_type),
    }
}
