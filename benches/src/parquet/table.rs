//! A made-up plate table: the columns of our schema that hold one value, with what they hold in a busy night.

use anyhow::Result;
use arrow::array::{ArrayRef, Float32Builder, Int32Builder, RecordBatch, StringBuilder, TimestampMicrosecondBuilder};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use arrow::ipc::writer::FileWriter;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

const BATCH_ROWS: usize = 1 << 16;
const START_US: i64 = 1_795_000_000_000_000;
const REGIONS: [&str; 7] = ["Brazil", "California", "France", "Germany", "Italy", "Ohio", "Texas"];

/// The columns; a part of `tollgate_sinks::schema`.
pub(super) fn schema() -> SchemaRef {
    let text = |name: &str, optional| Field::new(name, DataType::Utf8, optional);
    let number = |name: &str| Field::new(name, DataType::Float32, true);
    let time = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    Arc::new(Schema::new(vec![
        text("event_id", false),
        text("subject", false),
        text("file_name", false),
        text("lane", true),
        Field::new("capture_time", time, false),
        text("time_source", false),
        text("band", false),
        Field::new("plate_index", DataType::Int32, false),
        text("plate", true),
        number("confidence"),
        number("mean_confidence"),
        text("region", true),
        number("detection_score"),
        number("box_x"),
        number("box_y"),
        number("box_w"),
        number("box_h"),
        text("reader", true),
    ]))
}

/// The table, in batches.
pub(super) fn plates(rows: usize) -> Result<Vec<RecordBatch>> {
    let mut random = Random(7);
    let batch = |from: usize| {
        let mut columns = Columns::default();
        (from..rows.min(from + BATCH_ROWS)).for_each(|n| columns.push(n, &mut random));
        Ok(RecordBatch::try_new(schema(), columns.finish())?)
    };
    (0..rows).step_by(BATCH_ROWS).map(batch).collect()
}

/// Writes the table for others to read.
pub(super) fn save(batches: &[RecordBatch], path: &Path) -> Result<()> {
    let mut out = FileWriter::try_new(File::create(path)?, &schema())?;
    batches.iter().try_for_each(|batch| out.write(batch))?;
    Ok(out.finish()?)
}

/// splitmix64: the same table on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    fn unit(&mut self) -> f32 {
        (self.next() >> 40) as f32 / (1u32 << 24) as f32
    }
}

#[derive(Default)]
struct Columns {
    always: [StringBuilder; 6],
    capture_time: TimestampMicrosecondBuilder,
    plate_index: Int32Builder,
    texts: [StringBuilder; 3],
    numbers: [Float32Builder; 7],
}

impl Columns {
    fn push(&mut self, n: usize, random: &mut Random) {
        let (lane, time) = (random.below(24), START_US + n as i64 * 37_123 + random.below(30_000) as i64);
        let file = format!("cam{lane:02}-{:013}-{n:07}.jpg", time / 1000);
        let band = match random.below(100) {
            0..89 => "read",
            89..98 => "manual",
            _ => "rejected",
        };
        let texts =
            [uuid(random), format!("lane-{lane}/{file}"), file, format!("lane-{lane}"), "record".into(), band.into()];
        self.always.iter_mut().zip(texts).for_each(|(column, text)| column.append_value(text));
        self.capture_time.append_value(time);
        self.plate_index.append_value(i32::from(random.below(20) == 0));
        if band == "rejected" {
            self.texts.iter_mut().for_each(StringBuilder::append_null);
            self.numbers.iter_mut().for_each(Float32Builder::append_null);
        } else {
            self.push_read(random);
        }
    }

    fn push_read(&mut self, random: &mut Random) {
        let [plate, region, reader] = &mut self.texts;
        plate.append_value(text(random));
        region.append_option((random.below(10) > 0).then(|| REGIONS[random.below(REGIONS.len())]));
        reader.append_value("cct_xs_v2_global");
        let confidence = 0.85 + 0.15 * random.unit();
        let mean = confidence + (1.0 - confidence) * random.unit();
        let width = 90.0 + 200.0 * random.unit();
        let (x, y) = (1600.0 * random.unit(), 900.0 * random.unit());
        let score = 0.6 + 0.4 * random.unit();
        let numbers = [confidence, mean, score, x, y, width, 0.28 * width + 6.0 * random.unit()];
        self.numbers.iter_mut().zip(numbers).for_each(|(column, number)| column.append_value(number));
    }

    fn finish(mut self) -> Vec<ArrayRef> {
        let texts = |columns: &mut [StringBuilder]| -> Vec<ArrayRef> {
            columns.iter_mut().map(|column| Arc::new(column.finish()) as ArrayRef).collect()
        };
        let mut numbers = self.numbers.iter_mut().map(|column| Arc::new(column.finish()) as ArrayRef);
        let always = texts(&mut self.always);
        let mut texts_read = texts(&mut self.texts).into_iter();
        let mut all = always[..4].to_vec();
        all.push(Arc::new(self.capture_time.finish().with_timezone("UTC")));
        all.extend_from_slice(&always[4..]);
        all.push(Arc::new(self.plate_index.finish()));
        all.extend(texts_read.next());
        all.extend(numbers.by_ref().take(2));
        all.extend(texts_read.next());
        all.extend(numbers);
        all.extend(texts_read);
        all
    }
}

fn uuid(random: &mut Random) -> String {
    let (a, b) = (random.next(), random.next());
    let (variant, node) = (0x8000 | (b >> 50), b & 0xffff_ffff_ffff);
    format!("{:08x}-{:04x}-5{:03x}-{variant:04x}-{node:012x}", a >> 32, (a >> 16) & 0xffff, a & 0xfff)
}

/// A plate; a third of them are of the 20,000 cars that come again and again.
fn text(random: &mut Random) -> String {
    let mut car = Random(if random.below(3) == 0 { random.below(20_000) as u64 } else { random.next() });
    let letters = "ABCDEFGHJKLMNPRSTUVWXYZ".as_bytes();
    (0..7)
        .map(|i| char::from(if i < 3 { letters[car.below(letters.len())] } else { b'0' + car.below(10) as u8 }))
        .collect()
}
