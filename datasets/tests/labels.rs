//! Label files: found, parsed, and refused with a message that says where.

use std::fs;
use std::path::Path;
use tollgate_datasets::{LabelStore, Labels};

fn read(text: &[u8]) -> Result<Labels, String> {
    let dir = tempfile::tempdir().map_err(|e| e.to_string())?;
    let csv = dir.path().join("labels.csv");
    fs::write(&csv, text).map_err(|e| e.to_string())?;
    Labels::read(&csv).map_err(|e| e.to_string())
}

/// The message of what is refused, without the folder it lies in.
fn refused(text: &str) -> String {
    let message = read(text.as_bytes()).err().unwrap_or_else(|| "accepted".to_owned());
    message.split_once("labels.csv, ").map(|(_, rest)| rest.to_owned()).unwrap_or(message)
}

#[test]
fn quoted_cells_any_column_order_and_several_plates() {
    let csv = "\u{feff}plate, File ,x,y,w,h,note\r\n\"AB 12, CD\",\"a,b.jpg\",1,2.5,30,10,\"say \"\"hi\"\"\"\r\nZZ9,\"a,b.jpg\",-4,0,8,4,\r\n\r\n";
    let labels = read(csv.as_bytes()).unwrap();
    let rows = labels.get(Path::new("a,b.jpg")).unwrap();
    assert_eq!(rows.len(), 2, "both rows of one file are kept, in order");
    assert_eq!((rows[0].plate.as_str(), rows[0].rect), ("AB 12, CD", [1.0, 2.5, 30.0, 10.0]));
    assert_eq!((rows[1].plate.as_str(), rows[1].rect), ("ZZ9", [-4.0, 0.0, 8.0, 4.0]));
    assert_eq!(labels.photos(), 1);
    assert!(labels.get(Path::new("other.jpg")).is_none());
}

#[test]
fn errors_say_line_and_column_and_what_was_wanted() {
    let cases = [
        (
            "file,x,y,w,h,plate\na.jpg,1,2,3,4,A\nb.jpg,1,two,3,4,B\n",
            "line 3, column 3 (y): `two` is not a number of pixels",
        ),
        ("file,x,y,w,h,plate\na.jpg,1,2,0,4,A\n", "line 2, column 4 (w): `0` is not a number of pixels above 0"),
        ("file,x,y,w,h,plate\na.jpg,NaN,2,3,4,A\n", "line 2, column 2 (x): `NaN` is not a number of pixels"),
        ("h,w,y,x,file,plate\n4,3,2,1,,A\n", "line 2, column 5 (file): `` is not a file name"),
        ("file,x,y,w,h,palte\n", "line 1: no column `plate` in the header (did you mean `palte`?)"),
        ("filename,x,y,w,h,plate\n", "line 1: no column `file` in the header (did you mean `filename`?)"),
        ("file,x,y,w,h,country\n", "line 1: no column `plate` in the header: the header must have"),
        ("", "line 1: no column `file` in the header: the header must have"),
        ("file,x,y,w,h,plate\na.jpg,1,2,3,4\n", "line 2: not a CSV row of the header's length"),
    ];
    for (csv, wanted) in cases {
        let message = refused(csv);
        assert!(message.starts_with(wanted), "{csv:?}\n got: {message}\nwant: {wanted}");
    }
}

#[test]
fn a_row_not_in_utf8_is_refused_only_where_text_is_needed() {
    let bad_plate = read(b"file,x,y,w,h,plate\na.jpg,1,2,3,4,\xff\n").err().unwrap();
    assert!(bad_plate.contains("line 2, column 6 (plate)"), "{bad_plate}");
}

#[cfg(unix)]
#[test]
fn a_file_name_not_in_utf8_finds_its_label() {
    use std::os::unix::ffi::OsStrExt;
    let labels = read(b"file,x,y,w,h,plate\nph\xe9.jpg,1,2,3,4,AB\n").unwrap();
    let name = Path::new(std::ffi::OsStr::from_bytes(b"ph\xe9.jpg"));
    assert_eq!(labels.get(name).unwrap()[0].plate, "AB");
}

#[test]
fn labels_beside_photos_are_read_once_a_folder() {
    let dir = tempfile::tempdir().unwrap();
    let (with, without) = (dir.path().join("lane-1"), dir.path().join("lane-2"));
    fs::create_dir_all(&with).unwrap();
    fs::create_dir_all(&without).unwrap();
    let csv = with.join("labels.csv");
    fs::write(&csv, "file,x,y,w,h,plate\na.jpg,1,2,3,4,AB\n").unwrap();
    let mut store = LabelStore::beside_photos();
    assert_eq!(store.for_photo(&with.join("a.jpg")).unwrap().unwrap()[0].plate, "AB");
    fs::remove_file(&csv).unwrap();
    assert!(store.for_photo(&with.join("a.jpg")).unwrap().is_some(), "cached");
    assert!(store.for_photo(&with.join("b.jpg")).unwrap().is_none());
    assert!(store.for_photo(&without.join("a.jpg")).unwrap().is_none());
    assert!(store.for_photo(Path::new("shard.tar/lane-1/a.jpg")).unwrap().is_none());
    assert!(store.for_photo(Path::new("/")).unwrap().is_none());
}

#[test]
fn a_broken_label_file_is_reported_once() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("labels.csv"), "file,x,y,w,h,plate\na.jpg,?,2,3,4,AB\n").unwrap();
    let mut store = LabelStore::beside_photos();
    assert!(store.for_photo(&dir.path().join("a.jpg")).is_err());
    assert!(store.for_photo(&dir.path().join("b.jpg")).unwrap().is_none());
}

#[test]
fn a_named_label_file_matches_relative_paths_and_bare_names() {
    let dir = tempfile::tempdir().unwrap();
    let csv = dir.path().join("truth.csv");
    fs::write(&csv, "file,x,y,w,h,plate\n./lane-1/a.jpg,1,2,3,4,ONE\nlane-2/a.jpg,1,2,3,4,TWO\nb.jpg,1,2,3,4,BARE\n")
        .unwrap();
    let mut store = LabelStore::from_csv(&csv).unwrap();
    let mut plate = |photo: &Path| store.for_photo(photo).unwrap().map(|labels| labels[0].plate.clone());
    assert_eq!(plate(&dir.path().join("lane-1/a.jpg")).as_deref(), Some("ONE"));
    assert_eq!(plate(&dir.path().join("lane-2/../lane-2/a.jpg")).as_deref(), Some("TWO"));
    assert_eq!(plate(Path::new("shards/0.tar/lane-2/a.jpg")).as_deref(), Some("TWO"));
    assert_eq!(plate(Path::new("elsewhere/b.jpg")).as_deref(), Some("BARE"));
    assert_eq!(plate(Path::new("lane-3/a.jpg")), None);
}

#[test]
fn a_named_label_file_that_is_missing_says_so() {
    let error = LabelStore::from_csv(Path::new("no/such/truth.csv")).unwrap_err().to_string();
    assert!(error.contains("no/such/truth.csv") && error.contains("--labels"), "{error}");
}

#[test]
fn the_real_photos_beside_the_checkout_are_all_labelled() {
    let plates = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/plates");
    if !plates.is_dir() {
        eprintln!("SKIPPED: no real photos at {}", plates.display());
        return;
    }
    let mut store = LabelStore::beside_photos();
    for (folder, photos) in [("us", 122), ("eu", 53), ("br", 51)] {
        assert_eq!(Labels::read(&plates.join(folder).join("labels.csv")).unwrap().photos(), photos, "{folder}");
        for entry in fs::read_dir(plates.join(folder)).unwrap() {
            let photo = entry.unwrap().path();
            if photo.extension().is_some_and(|e| e == "jpg" || e == "png") {
                assert!(store.for_photo(&photo).unwrap().is_some(), "{}", photo.display());
            }
        }
    }
}
