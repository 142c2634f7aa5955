//! The file sinks: what is in them, that they appear whole, and that a killed run leaves nothing behind.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use arrow::array::{Array, AsArray};
use arrow::datatypes::{Float32Type, Int32Type, TimestampMicrosecondType};
use arrow::ipc::reader::FileReader;
use arrow::record_batch::RecordBatch;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::Value;
use tollgate_sinks::csv::CsvFile;
use tollgate_sinks::event::EventKind;
use tollgate_sinks::ipc::IpcFile;
use tollgate_sinks::jsonl::JsonLines;
use tollgate_sinks::parquet::{ParquetFile, ROW_GROUP_ROWS};
use tollgate_sinks::rejected::RejectedNotes;
use tollgate_sinks::{Entry, Error, Event, Result, Sink, export};

use crate::common;

/// All file sinks into `out`, fed from a journal of `entries`.
pub(crate) fn export_all(out: &Path, entries: &[Entry]) -> Result<u64> {
    let work = common::scratch();
    let journal = common::journal_with(work.path(), entries, 100)?;
    let (mut jsonl, mut csv, mut rejected) =
        (JsonLines::create(out)?, CsvFile::create(out)?, RejectedNotes::create(out)?);
    let (mut parquet, mut ipc) = (ParquetFile::create(out)?, IpcFile::create(out)?);
    export(journal.reader()?, &mut [&mut jsonl, &mut csv, &mut rejected, &mut parquet, &mut ipc])
}

fn names(dir: &Path) -> BTreeSet<String> {
    let list = fs::read_dir(dir).expect("the folder can be listed");
    list.map(|e| e.expect("an entry").file_name().to_string_lossy().into_owned()).collect()
}

fn ipc_batches(out: &Path) -> Vec<RecordBatch> {
    let file = fs::File::open(out.join("plates.arrow")).expect("plates.arrow is there");
    let reader = FileReader::try_new(file, None).expect("an Arrow file");
    reader.map(|b| b.expect("a batch")).collect()
}

fn parquet_builder(out: &Path) -> ParquetRecordBatchReaderBuilder<fs::File> {
    let file = fs::File::open(out.join("plates.parquet")).expect("plates.parquet is there");
    ParquetRecordBatchReaderBuilder::try_new(file).expect("a Parquet file")
}

#[test]
fn every_output_appears_and_nothing_else() {
    let out = common::scratch();
    for stale in ["events.jsonl.tmp-1", "plates.parquet.tmp-22", "plates.arrow.tmp-3", "export.csv.tmp-4"] {
        fs::write(out.path().join(stale), "left by a killed run").unwrap();
    }
    fs::create_dir(out.path().join("rejected.tmp-5")).unwrap();
    fs::create_dir(out.path().join("rejected")).unwrap();
    fs::write(out.path().join("rejected").join("old.json"), "of an earlier run").unwrap();
    assert_eq!(export_all(out.path(), &common::entries(250)).unwrap(), 250);
    let expected = ["events.jsonl", "export.csv", "plates.arrow", "plates.parquet", "rejected"];
    assert_eq!(names(out.path()), expected.map(String::from).into());
    assert_eq!(names(&out.path().join("rejected")).len(), 25);
}

#[test]
fn nothing_is_visible_before_the_sync_and_a_dropped_sink_leaves_nothing() {
    let out = common::scratch();
    let entries = common::entries(30);
    let mut csv = CsvFile::create(out.path()).unwrap();
    let mut parquet = ParquetFile::create(out.path()).unwrap();
    let mut ipc = IpcFile::create(out.path()).unwrap();
    let mut rejected = RejectedNotes::create(out.path()).unwrap();
    let sinks: [&mut dyn Sink<Entry>; 4] = [&mut csv, &mut parquet, &mut ipc, &mut rejected];
    for sink in sinks {
        sink.write(&entries).unwrap();
        assert!(names(out.path()).iter().all(|n| n.contains(".tmp-")), "{}: {:?}", sink.name(), names(out.path()));
    }
    csv.sync().unwrap();
    drop((csv, parquet, ipc, rejected));
    assert_eq!(names(out.path()), BTreeSet::from(["export.csv".to_owned()]));
}

#[test]
fn a_finished_sink_takes_nothing_more() {
    let out = common::scratch();
    let mut sinks: [Box<dyn Sink<Entry>>; 3] = [
        Box::new(JsonLines::create(out.path()).unwrap()),
        Box::new(CsvFile::create(out.path()).unwrap()),
        Box::new(RejectedNotes::create(out.path()).unwrap()),
    ];
    for sink in &mut sinks {
        sink.sync().unwrap();
        assert!(matches!(sink.write(&common::entries(1)), Err(Error::Finished { .. })));
        assert!(matches!(sink.sync(), Err(Error::Finished { .. })));
    }
}

#[test]
fn a_folder_that_is_not_there_is_named() {
    let missing = common::scratch().path().join("gone");
    let made: [Result<()>; 5] = [
        JsonLines::create(&missing).map(drop),
        CsvFile::create(&missing).map(drop),
        ParquetFile::create(&missing).map(drop),
        IpcFile::create(&missing).map(drop),
        RejectedNotes::create(&missing).map(drop),
    ];
    for error in made.into_iter().map(|made| made.unwrap_err()) {
        assert!(matches!(error, Error::Io { .. }));
        assert!(error.to_string().contains(&missing.display().to_string()), "{error}");
        assert!(std::error::Error::source(&error).is_some(), "the cause is kept");
    }
}

#[test]
fn an_error_of_the_source_leaves_the_older_outputs_as_they_were() {
    let out = common::scratch();
    export_all(out.path(), &common::entries(5)).unwrap();
    let before = fs::read(out.path().join("export.csv")).unwrap();
    let mut csv = CsvFile::create(out.path()).unwrap();
    let broken = common::entries(3).into_iter().map(Ok).chain([Err(Error::Finished { sink: "source" })]);
    assert!(export(broken, &mut [&mut csv]).is_err());
    drop(csv);
    assert_eq!(fs::read(out.path().join("export.csv")).unwrap(), before);
    assert!(names(out.path()).iter().all(|n| !n.contains(".tmp-")));
}

#[test]
fn the_same_journal_gives_the_same_bytes() {
    let (first, second) = (common::scratch(), common::scratch());
    for out in [&first, &second] {
        export_all(out.path(), &common::entries(120)).unwrap();
    }
    for name in ["events.jsonl", "export.csv", "plates.arrow", "plates.parquet"] {
        let read = |out: &tempfile::TempDir| fs::read(out.path().join(name)).unwrap();
        assert!(read(&first) == read(&second), "{name} differs");
    }
    assert_eq!(names(&first.path().join("rejected")), names(&second.path().join("rejected")));
}

#[test]
fn json_lines_hold_the_events() {
    let out = common::scratch();
    let entries = common::entries(40);
    export_all(out.path(), &entries).unwrap();
    let text = fs::read_to_string(out.path().join("events.jsonl")).unwrap();
    assert!(text.ends_with('\n'));
    let events: Vec<Event> = text.lines().map(|line| Event::from_json(line.as_bytes()).unwrap()).collect();
    assert!(events.iter().eq(entries.iter().map(|e| &e.event)));
}

#[test]
fn the_export_quotes_keeps_the_capture_time_and_never_shows_an_unsure_text() {
    let out = common::scratch();
    let mut entries = vec![common::entry(1), common::entry(3), common::entry(9)];
    entries[0].event.data.license_plate_text = "ABC1234".into();
    entries[1].event.data.file_name = "two\r\nlines".into();
    assert!(!entries[1].event.data.license_plate_text.is_empty(), "the manual check has a partial text");
    export_all(out.path(), &entries).unwrap();
    let expected = "FileName,LicensePlateText,TimeStamp,LicensePlateFound\r\n\
        \"photo, \"\"1\"\".jpg\",ABC1234,2024-05-01T06:30:02.000123Z,true\r\n\
        \"two\r\nlines\",,2024-05-01T06:30:06.000369Z,false\r\n";
    assert_eq!(fs::read_to_string(out.path().join("export.csv")).unwrap(), expected);
}

#[test]
fn a_rejection_note_says_which_where_and_why() {
    let out = common::scratch();
    let mut entry = common::entry(9);
    entry.event.data.file_name = "../../etc/passwd\n.jpg".into();
    export_all(out.path(), std::slice::from_ref(&entry)).unwrap();
    let path = out.path().join("rejected").join(format!("{}.json", entry.event.id));
    let note: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    assert_eq!(note["fileName"], "../../etc/passwd\n.jpg");
    assert_eq!(note["position"], entry.event.source);
    assert_eq!(note["reason"]["code"], "no_plate");
    assert_eq!(note["captureTime"], "2024-05-01T06:30:18.001107Z");
}

/// The columns of one row against its event.
fn check_row(batch: &RecordBatch, row: usize, event: &Event) {
    let text = |name: &str| {
        let column = batch[name].as_string::<i32>();
        column.is_valid(row).then(|| column.value(row).to_owned())
    };
    let float = |name: &str| {
        let column = batch[name].as_primitive::<Float32Type>();
        column.is_valid(row).then(|| column.value(row))
    };
    let data = &event.data;
    assert_eq!(text("event_id"), Some(event.id.to_string()));
    assert_eq!(text("band").as_deref(), Some(event.kind.band()));
    assert_eq!(text("lane"), data.lane);
    assert_eq!(text("plate").unwrap_or_default(), data.license_plate_text);
    assert_eq!(text("region"), data.region.as_ref().map(|r| r.name.clone()));
    assert_eq!(text("reason_code"), data.reason.as_ref().map(|r| r.code.clone()));
    assert_eq!(text("reader").as_deref(), Some("cct_xs_v2_global"));
    let time = batch["capture_time"].as_primitive::<TimestampMicrosecondType>().value(row);
    assert_eq!(time, event.time.timestamp_micros());
    let read = event.kind != EventKind::Rejected;
    assert_eq!(float("confidence"), read.then_some(data.confidence));
    assert_eq!(float("detection_score"), data.detection.map(|d| d.score));
    assert_eq!(float("box_w"), data.detection.map(|d| d.bounds[2]));
    assert_eq!(float("judge_ms"), Some(0.0625));
    let width = batch["image_width"].as_primitive::<Int32Type>();
    assert_eq!(width.is_valid(row), data.image.is_some());
    let corners = batch["corners"].as_list::<i32>();
    assert_eq!(corners.is_valid(row), data.detection.is_some());
    if let Some(detection) = data.detection {
        assert_eq!(corners.value(row).as_primitive::<Float32Type>().values(), detection.corners.as_flattened());
    }
    let characters = batch["char_confidences"].as_list::<i32>().value(row);
    assert_eq!(characters.as_primitive::<Float32Type>().values(), data.char_confidences.as_slice());
    let candidates = batch["candidates"].as_list::<i32>().value(row);
    let texts = candidates.as_struct().column(0).as_string::<i32>().clone();
    assert!(texts.iter().flatten().eq(data.candidates.iter().map(|c| c.text.as_str())));
}

#[test]
fn both_tables_hold_every_event() {
    let out = common::scratch();
    let entries = common::entries(500);
    export_all(out.path(), &entries).unwrap();
    let parquet: Vec<_> =
        parquet_builder(out.path()).with_batch_size(1000).build().unwrap().map(|b| b.unwrap()).collect();
    for batches in [ipc_batches(out.path()), parquet] {
        assert_eq!(batches.len(), 1);
        assert_eq!(batches[0].num_rows(), 500);
        for (row, entry) in entries.iter().enumerate() {
            check_row(&batches[0], row, &entry.event);
        }
    }
}

#[test]
fn no_events_make_readable_empty_tables() {
    let out = common::scratch();
    assert_eq!(export_all(out.path(), &[]).unwrap(), 0);
    assert!(ipc_batches(out.path()).is_empty());
    let builder = parquet_builder(out.path());
    assert_eq!(builder.metadata().file_metadata().num_rows(), 0);
    assert_eq!(*builder.schema().fields(), *tollgate_sinks::schema::schema().fields());
}

#[test]
fn row_groups_and_batches_are_bounded_and_have_statistics_and_a_bloom_filter() {
    let out = common::scratch();
    let rows = ROW_GROUP_ROWS + 5000;
    let entries = common::entries(1000);
    let (mut parquet, mut ipc) = (ParquetFile::create(out.path()).unwrap(), IpcFile::create(out.path()).unwrap());
    for start in (0..rows).step_by(entries.len()) {
        let some = &entries[..entries.len().min(rows - start)];
        parquet.write(some).unwrap();
        ipc.write(some).unwrap();
    }
    parquet.sync().unwrap();
    ipc.sync().unwrap();
    let builder = parquet_builder(out.path());
    let groups = builder.metadata().row_groups();
    assert_eq!(groups.iter().map(|g| g.num_rows() as usize).collect::<Vec<_>>(), [ROW_GROUP_ROWS, 5000]);
    for group in groups {
        for column in group.columns() {
            let name = column.column_path().string();
            assert_eq!(column.bloom_filter_offset().is_some(), name == "plate", "{name}");
            assert!(column.statistics().is_some(), "{name} has no statistics");
            assert!(column.column_index_offset().is_some(), "{name} has no page statistics");
            assert!(matches!(column.compression(), parquet::basic::Compression::ZSTD(_)));
        }
    }
    let batches = ipc_batches(out.path());
    assert_eq!(batches.iter().map(RecordBatch::num_rows).sum::<usize>(), rows);
    assert!(batches.iter().all(|b| b.num_rows() <= 8192));
}
