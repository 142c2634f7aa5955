//! Bad input is data: a clear line, a rejection where it was an image's slot, the rest processed, exit code 0.

use crate::common::{events, number, replay, sample, text, tollgate};
use image::{DynamicImage, ImageFormat, Rgb, RgbImage, RgbaImage};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

/// A good photo of the sample set.
fn good() -> Vec<u8> {
    let lane = sample().join("lane-1");
    let mut photos: Vec<PathBuf> =
        fs::read_dir(lane).expect("the sample photo").map(|e| e.expect("the sample photo").path()).collect();
    photos.retain(|p| p.extension().is_some_and(|x| x == "jpg"));
    photos.sort();
    fs::read(&photos[0]).expect("the sample photo")
}

fn encoded(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut out = std::io::Cursor::new(Vec::new());
    image.write_to(&mut out, format).expect("the sample photo");
    out.into_inner()
}

/// A JPEG whose header claims 30,000 × 30,000 pixels.
fn bomb() -> Vec<u8> {
    let mut jpeg = good();
    let sof = jpeg.windows(2).position(|w| w == [0xff, 0xc0]).expect("a baseline frame header");
    jpeg[sof + 5..sof + 9].copy_from_slice(&[0x75, 0x30, 0x75, 0x30]);
    jpeg
}

/// The good photo with an EXIF block that says it lies on its side (orientation 6), stored turned the other way.
fn rotated() -> Vec<u8> {
    let upright = image::load_from_memory(&good()).expect("the sample photo");
    let jpeg = encoded(&upright.rotate270(), ImageFormat::Jpeg);
    let exif: &[u8] = b"\xff\xe1\x00\x22Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
    [&jpeg[..2], exif, &jpeg[2..]].concat()
}

/// The good photo in the four inks of print, as Adobe's programs store them.
fn cmyk() -> Vec<u8> {
    let rgb = image::load_from_memory(&good()).expect("the sample photo").to_rgb8();
    let inks: Vec<u8> = rgb.pixels().flat_map(|p| [255 - p[0], 255 - p[1], 255 - p[2], 0]).collect();
    let mut jpeg = Vec::new();
    let size = (u16::try_from(rgb.width()), u16::try_from(rgb.height()));
    jpeg_encoder::Encoder::new(&mut jpeg, 90)
        .encode(&inks, size.0.expect("a width"), size.1.expect("a height"), jpeg_encoder::ColorType::Cmyk)
        .expect("a CMYK JPEG");
    jpeg
}

/// A frame header that claims four components over three.
fn damaged() -> Vec<u8> {
    let mut jpeg = good();
    let sof = jpeg.windows(2).position(|w| w == [0xff, 0xc0]).expect("a baseline frame header");
    jpeg[sof + 9] = 4;
    jpeg
}

fn reason<'a>(events: &'a [Value], file: &str) -> Option<&'a str> {
    let event = events.iter().find(|e| e["data"]["fileName"] == file)?;
    assert_eq!(event["type"], "Image.Rejected", "{event}");
    event["data"]["reason"]["code"].as_str()
}

fn plate<'a>(events: &'a [Value], file: &str) -> Option<&'a str> {
    events.iter().find(|e| e["data"]["fileName"] == file)?["data"]["licensePlateText"].as_str()
}

#[test]
fn each_kind_by_itself_and_the_rest_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let photos = dir.path().join("photos");
    fs::create_dir(&photos).unwrap();
    let put = |name: &str, bytes: &[u8]| fs::write(photos.join(name), bytes).unwrap();
    let upright = image::load_from_memory(&good()).unwrap();
    put("good.jpg", &good());
    put("empty.jpg", b"");
    put("truncated.jpg", &good()[..good().len() / 2]);
    put("text.jpg", b"this is a letter, not a photo\n");
    put("bomb.jpg", &bomb());
    put("cmyk.jpg", &cmyk());
    put("damaged.jpg", &damaged());
    put("rotated.jpg", &rotated());
    put("alpha.png", &encoded(&DynamicImage::ImageRgba8(upright.to_rgba8()), ImageFormat::Png));
    put("deep.png", &encoded(&DynamicImage::ImageRgb16(upright.to_rgb16()), ImageFormat::Png));
    put("dot.png", &encoded(&DynamicImage::ImageRgb8(RgbImage::from_pixel(1, 1, Rgb([9, 9, 9]))), ImageFormat::Png));
    put("clear.png", &encoded(&DynamicImage::ImageRgba8(RgbaImage::new(64, 64)), ImageFormat::Png));
    put("notes.txt", b"not an image's slot");
    unix_only(&photos);

    let out = dir.path().join("out");
    let summary = replay(&photos, &out, &[]);
    let events = events(&out);
    assert_eq!(reason(&events, "empty.jpg"), Some("empty-file"));
    assert_eq!(reason(&events, "truncated.jpg"), Some("truncated-image"));
    assert_eq!(reason(&events, "text.jpg"), Some("not-an-image"));
    assert_eq!(reason(&events, "bomb.jpg"), Some("too-many-pixels"));
    assert_eq!(reason(&events, "damaged.jpg"), Some("undecodable-image"));
    let read = plate(&events, "good.jpg").expect("the good photo is read").to_owned();
    assert!(read.len() >= 4, "{read}");
    assert_eq!(plate(&events, "cmyk.jpg"), Some(read.as_str()));
    assert_eq!(plate(&events, "alpha.png"), Some(read.as_str()));
    assert_eq!(plate(&events, "deep.png"), Some(read.as_str()));
    assert_eq!(plate(&events, "rotated.jpg"), Some(read.as_str()));
    assert_eq!(plate(&events, "dot.png").map(str::len).unwrap_or_default(), 0);
    assert!(!events.iter().any(|e| e["data"]["fileName"] == "notes.txt"));
    let count = |key| number(&summary, key);
    assert_eq!(count("images"), count("reads") + count("manual") + count("rejected"));
    let notes = fs::read_dir(out.join("rejected")).unwrap().count();
    assert_eq!(notes as f64, count("rejected"));
}

/// Links and names that only such systems have.
#[cfg(unix)]
fn unix_only(photos: &Path) {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::symlink;
    symlink(photos, photos.join("loop")).expect("a link");
    symlink(photos.join("nowhere.jpg"), photos.join("broken.jpg")).expect("a link");
    fs::write(photos.join(OsStr::from_bytes(b"na\xffme.jpg")), good()).expect("a link");
}

#[cfg(not(unix))]
fn unix_only(_: &Path) {}

#[cfg(unix)]
#[test]
fn links_and_names() {
    let dir = tempfile::tempdir().unwrap();
    let photos = dir.path().join("photos");
    fs::create_dir(&photos).unwrap();
    unix_only(&photos);
    let out = dir.path().join("out");
    replay(&photos, &out, &[]);
    let events = events(&out);
    assert_eq!(reason(&events, "broken.jpg"), Some("broken-link"));
    assert_eq!(reason(&events, "loop"), Some("link-loop"));
    let named = events.iter().find(|e| e["source"].as_str().unwrap().ends_with("na%FFme.jpg")).expect("the odd name");
    assert!(named["data"]["licensePlateText"].as_str().unwrap().len() >= 4, "{named}");
}

#[test]
fn nothing_that_can_be_read_is_exit_code_3() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("text.jpg"), b"no photo").unwrap();
    let out = dir.path().join("out");
    let output = tollgate().arg("replay").arg(dir.path().join("text.jpg")).arg("--out").arg(&out).output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", text(&output));
    assert_eq!(events(&out).len(), 1);
}

#[test]
fn a_path_that_is_not_there_fails_before_anything_starts() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let output = tollgate().args(["replay", "no-such-folder", "--out"]).arg(&out).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    assert!(text(&output).contains("no-such-folder"), "{}", text(&output));
    assert!(!out.exists());
}

/// A full disk ends the run with a clear line; what was durable before stays good for `--resume`.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk() {
    let dir = tempfile::tempdir().unwrap();
    let mount = dir.path().join("small");
    fs::create_dir(&mount).unwrap();
    let mounted = std::process::Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=96k", "tmpfs"])
        .arg(&mount)
        .output()
        .is_ok_and(|o| o.status.success());
    if !mounted {
        eprintln!("SKIPPED: a small disk cannot be mounted here (needs root)");
        return;
    }
    let out = mount.join("out");
    let output = tollgate().arg("replay").arg(sample()).arg("--out").arg(&out).output().unwrap();
    let said = text(&output);
    let grown = std::process::Command::new("mount").args(["-o", "remount,size=64m"]).arg(&mount).status().unwrap();
    let resumed = grown.success().then(|| replay(&sample(), &out, &["--resume"]));
    std::process::Command::new("umount").arg(&mount).status().unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("No space left"), "{said}");
    assert_eq!(resumed.expect("remounted")["images"], 35);
}
