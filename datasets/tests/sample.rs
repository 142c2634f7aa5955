//! The sample set: what it holds, and that the committed files are what the code renders.

use image::RgbImage;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use tollgate_datasets::sample::{self, Scene};
use tollgate_datasets::{Error, LabelStore};

fn committed() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("sample")
}

/// All files below a folder, as paths from it.
fn files(dir: &Path) -> std::io::Result<BTreeSet<PathBuf>> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        let name = PathBuf::from(path.file_name().unwrap_or_default());
        if path.is_dir() {
            found.extend(files(&path)?.into_iter().map(|below| name.join(below)));
        } else {
            found.insert(name);
        }
    }
    Ok(found)
}

#[test]
fn the_committed_set_is_what_the_code_renders_byte_for_byte() {
    let dir = tempfile::tempdir().unwrap();
    let scenes = sample::render(dir.path()).unwrap();
    assert_eq!(scenes, sample::scenes());
    let (fresh, kept) = (files(dir.path()).unwrap(), files(&committed()).unwrap());
    assert_eq!(fresh, kept, "render it anew with the example render_sample");
    let mut bytes = 0;
    for file in &fresh {
        let new = fs::read(dir.path().join(file)).unwrap();
        bytes += new.len();
        assert!(new == fs::read(committed().join(file)).unwrap(), "{} differs", file.display());
    }
    assert!(bytes < 2_500_000, "{bytes} bytes");
}

#[test]
fn the_set_has_what_a_reader_has_to_cope_with() {
    let scenes = sample::scenes();
    let count = |f: &dyn Fn(&Scene) -> bool| scenes.iter().filter(|s| f(s)).count();
    assert!(scenes.len() >= 24);
    assert!(count(&|s| s.labels.is_empty()) >= 2, "no plate");
    assert!(count(&|s| s.labels.len() == 2) >= 2, "two cars");
    assert!((3..=scenes.len() / 4).contains(&count(&|s| s.hard)), "some hard scenes, not too many");
    for word in ["night", "rain", "motorcycle", "two lines", "far away", "out of focus", "garage"] {
        assert!(count(&|s| s.about.contains(word)) > 0, "{word}");
    }
    let names: BTreeSet<&str> = scenes.iter().map(|s| s.file.as_str()).collect();
    assert_eq!(names.len(), scenes.len());
}

#[test]
fn names_carry_lane_and_capture_time_in_order() {
    let scenes = sample::scenes();
    for pair in scenes.windows(2) {
        assert!(pair[0].file < pair[1].file, "{} {}", pair[0].file, pair[1].file);
    }
    for (i, scene) in scenes.iter().enumerate() {
        let (lane, name) = scene.file.split_once('/').unwrap();
        assert!(lane.strip_prefix("lane-").is_some_and(|n| n.parse::<u8>().is_ok()), "{lane}");
        let time = name.strip_suffix(&format!("_{:04}.jpg", i + 1)).unwrap();
        let (date, clock) = time.split_once('T').unwrap();
        let number = |from: usize| clock[from..from + 2].parse::<u8>().unwrap();
        assert_eq!((date, clock.len()), ("20260314", 6));
        assert!(number(0) < 24 && number(2) < 60 && number(4) < 60, "{time}");
    }
}

#[test]
fn labels_lie_in_their_photos_and_are_found_beside_them() {
    let mut store = LabelStore::beside_photos();
    for scene in sample::scenes() {
        let found = store.for_photo(&committed().join(&scene.file)).unwrap().unwrap_or_default();
        assert_eq!(found, scene.labels, "{}", scene.file);
        for label in found {
            let [x, y, w, h] = label.rect;
            assert!(x >= 0.0 && y >= 0.0 && x + w <= scene.width as f32 && y + h <= scene.height as f32, "{scene:?}");
            assert!(w >= 24.0 && h >= 10.0 && (5..=10).contains(&label.plate.len()), "{scene:?}");
        }
    }
}

/// The mean colour of a box.
fn mean(photo: &RgbImage, [x, y, w, h]: [u32; 4]) -> [f64; 3] {
    let mut sum = [0.0; 3];
    for j in y..y + h {
        for i in x..x + w {
            let pixel = photo.get_pixel(i, j).0;
            (0..3).for_each(|c| sum[c] += f64::from(pixel[c]));
        }
    }
    sum.map(|v| v / f64::from(w * h))
}

#[test]
fn a_yellow_plate_lies_where_its_label_says() {
    let scene = sample::scenes().into_iter().find(|s| s.about.contains("British rear")).unwrap();
    let photo = image::open(committed().join(&scene.file)).unwrap().into_rgb8();
    assert_eq!(photo.dimensions(), (scene.width, scene.height));
    let [x, y, w, h] = scene.labels[0].rect.map(|v| v as u32);
    let [r, _, b] = mean(&photo, [x + w / 8, y + h / 4, w * 3 / 4, h / 2]);
    assert!(r > b + 50.0, "yellow inside: {r} {b}");
    let [r, _, b] = mean(&photo, [x, y - h, w, h / 3]);
    assert!(r < b, "a blue car above: {r} {b}");
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("taken");
    fs::write(&file, "x").unwrap();
    let error = sample::render(&file).unwrap_err();
    assert!(matches!(error, Error::Write { .. }) && error.to_string().contains("taken"), "{error}");
}
