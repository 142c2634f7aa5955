//! The page of manual checks in a real browser: headless Chromium, driven by playwright-core.

use crate::common::{repo, text};
use crate::plates::{append, event, feed, start};
use std::path::{Path, PathBuf};
use std::process::Command;
use tollgate_sinks::event::EventKind;

/// Chromium and the folder that playwright-core was installed in; says loudly what is missing.
fn browser() -> Option<(PathBuf, PathBuf)> {
    let chromium =
        ["/usr/bin/chromium", "/usr/bin/chromium-browser"].map(PathBuf::from).into_iter().find(|p| p.exists());
    let npm = std::env::var_os("TOLLGATE_TEST_NPM").map_or_else(|| repo().join("target/test-npm"), PathBuf::from);
    let driver = npm.join("node_modules/playwright-core");
    match chromium {
        Some(chromium) if driver.exists() => Some((chromium, driver)),
        _ => {
            let said = format!("no chromium, or no playwright-core at {}", driver.display());
            assert!(std::env::var_os("REQUIRE_PEERS").is_none(), "REQUIRE_PEERS is set, but there is {said}");
            eprintln!("SKIPPED: {said}");
            None
        }
    }
}

#[test]
fn two_reviewers_at_once_by_keys_alone() {
    let Some((chromium, driver)) = browser() else { return };
    let dir = tempfile::tempdir().unwrap();
    let server = start(&dir.path().join("data"), "");
    let checks: Vec<_> = (0..6).map(|n| event(n, EventKind::ManualCheck, &format!("AB{n}123"))).collect();
    append(&server, &checks, None);
    feed(&server, checks.len());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/review/page.cjs");
    let shots = std::env::var_os("TOLLGATE_SHOTS").unwrap_or_else(|| dir.path().into());
    let driven =
        Command::new("node").arg(script).arg(driver).arg(chromium).arg(&server.http).arg(shots).output().unwrap();
    assert!(driven.status.success(), "{}", text(&driven));
    let reviews: Vec<_> =
        server.results().into_iter().filter(|event| event["type"] == "LicensePlate.Reviewed").collect();
    let mut answers: Vec<_> = reviews
        .iter()
        .map(|event| {
            let data = &event["data"];
            let name = |key: &str| data[key].as_str().unwrap_or_default().to_owned();
            (name("fileName"), name("licensePlateText"), data["review"]["reviewer"].as_str().unwrap_or_default())
        })
        .collect();
    answers.sort();
    let wanted = [
        ("0.jpg", "AB0123", "Ann"),
        ("1.jpg", "AB1123I", "Ben"),
        ("2.jpg", "", "Ann"),
        ("3.jpg", "XYZ789", "Ben"),
        ("4.jpg", "AB4123", "Ben"),
        ("5.jpg", "AB5123", "Ann"),
    ];
    let wanted = wanted.map(|(file, plate, by)| (file.to_owned(), plate.to_owned(), by));
    assert_eq!(answers, wanted);
    server.stop();
}
