//! Cameras.

use std::io::Cursor;

use tollgate_ingest::photo::REFERENCE_TYPE;

use crate::common::{Logged, Server, curl};

fn jpeg() -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image::DynamicImage::new_rgb8(64, 48).write_to(&mut bytes, image::ImageFormat::Jpeg).expect("an image in memory");
    bytes.into_inner()
}

fn only(server: &Server) -> Logged {
    let mut all = server.all_records("images");
    assert_eq!(all.len(), 1);
    all.remove(0)
}

#[test]
fn curl_sends_a_photo() {
    let (server, folder, photo) = (Server::start(), tempfile::tempdir().unwrap(), jpeg());
    let file = folder.path().join("p.jpg");
    std::fs::write(&file, &photo).unwrap();
    let url = server.url("/lanes/7/images?captured=2018-09-12T14:33:01.042%2B02:00&sequence=18446744073709551615");
    let body = format!("@{}", file.display());
    let arguments = ["--data-binary", &body, "-H", "Content-Type: image/jpeg", "-H", "Tollgate-File: a/p.jpg", &url];
    let Some(reply) = curl(&arguments) else { return };
    assert_eq!((reply.status, &reply.json()["offset"]), (201, &0.into()));
    let record = only(&server);
    assert_eq!((record.key.as_deref(), record.value == photo), (Some("7"), true));
    let headers = ["lane", "captured", "sequence", "file", "content-type"].map(|name| record.header(name));
    let expected = ["7", "1536755581042", "18446744073709551615", "a/p.jpg", "image/jpeg"].map(Some);
    assert_eq!(headers, expected);
    // The lane's photos stay together.
    assert_eq!(server.ask("POST", "/lanes/7/images", &[], &photo).json()["partition"], reply.json()["partition"]);
}

#[test]
fn curl_sends_a_form() {
    let (server, folder, photo) = (Server::start(), tempfile::tempdir().unwrap(), jpeg());
    let file = folder.path().join("form.jpg");
    std::fs::write(&file, &photo).unwrap();
    let part = format!("photo=@{};type=image/jpeg", file.display());
    let url = server.url("/lanes/north%20gate/images");
    let arguments = ["-F", "captured=1536755581042", "-F", &part, "-F", "sequence=5", "-F", "other=x", &url];
    let Some(reply) = curl(&arguments) else { return };
    assert_eq!(reply.status, 201, "{}", reply.text());
    let record = only(&server);
    assert!(record.value == photo);
    let headers = ["lane", "captured", "sequence", "file", "content-type"].map(|name| record.header(name));
    assert_eq!(headers, ["north gate", "1536755581042", "5", "form.jpg", "image/jpeg"].map(Some));
}

#[test]
fn a_photo_elsewhere_is_kept_as_it_was_named() {
    let server = Server::start();
    let reference = br#"{"url": "s3://photos/1.jpg",  "etag": "x"}"#;
    let send = |headers: &[(&str, &str)], body: &[u8]| server.ask("POST", "/lanes/7/images", headers, body);
    assert_eq!(send(&[("content-type", REFERENCE_TYPE)], reference).status, 201);
    let record = only(&server);
    assert_eq!((record.value.as_slice(), record.header("content-type")), (&reference[..], Some(REFERENCE_TYPE)));
    assert_eq!(send(&[("content-location", "file:///photos/2.jpg")], b"").status, 201);
    let second = server.all_records("images").remove(1);
    assert_eq!(second.value, br#"{"url":"file:///photos/2.jpg"}"#);
    assert_eq!(second.header("content-type"), Some(REFERENCE_TYPE));
    assert_eq!(send(&[("content-type", REFERENCE_TYPE)], b"s3://x").refusal(), (400, "bad-reference".into()));
}

#[test]
fn what_is_no_photo_is_refused() {
    let (server, photo) = (Server::start(), jpeg());
    let send = |path: &str, headers: &[(&str, &str)], body: &[u8]| server.ask("POST", path, headers, body).refusal();
    let at = "/lanes/7/images";
    for body in [&b""[..], b"hello", b"GIF89a.....", b"<html>"] {
        assert_eq!(send(at, &[("content-type", "image/jpeg")], body), (415, "not-an-image".into()));
    }
    assert_eq!(send("/lanes/7/images?captured=soon", &[], &photo), (400, "bad-time".into()));
    assert_eq!(send("/lanes/7/images?sequence=-1", &[], &photo), (400, "bad-sequence".into()));
    assert_eq!(send("/lanes/7/images?speed=1", &[], &photo), (400, "bad-query".into()));
    assert_eq!(send(&format!("/lanes/{}/images", "x".repeat(300)), &[], &photo), (400, "bad-name".into()));
    let form = ("content-type", "multipart/form-data; boundary=B");
    for (body, code) in [
        ("", "bad-form"),
        ("garbage", "bad-form"),
        ("--B\r\ncontent-disposition: form-data; name=\"a\"\r\n\r\nx\r\n--B--\r\n", "no-file"),
        ("--B\r\ncontent-disposition: form-data; name=\"a\"; filename=\"a\"\r\n\r\nhalf", "bad-form"),
    ] {
        assert_eq!(send(at, &[form], body.as_bytes()), (400, code.into()), "{body}");
    }
    let no_boundary = ("content-type", "multipart/form-data");
    assert_eq!(send(at, &[no_boundary], b"--B"), (400, "bad-form".into()));
    let long = format!("--B\r\ncontent-disposition: form-data; name=\"a\"\r\n\r\n{}\r\n--B--\r\n", "x".repeat(300));
    assert_eq!(send(at, &[form], long.as_bytes()), (413, "too-large".into()));
    assert_eq!(server.all_records("images"), []);
    let metric = "tollgate_requests_total{protocol=\"http\",api=\"post_image\",outcome=\"not-an-image\"} 4";
    server.wait_for_metric(metric);
}
