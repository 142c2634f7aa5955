//! Names, links and permissions as Unix has them.

use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};

use crate::common::{check, check_resume, code, drain, replay, small};
use tollgate_ingest::{RefusalCode, ReplaySource};

#[test]
fn names_that_are_not_utf8_are_exact_in_positions() {
    let dir = tempfile::tempdir().unwrap();
    for name in [b"a\xff.jpg", b"a\xfe.jpg"] {
        if fs::write(dir.path().join(OsStr::from_bytes(name)), name).is_err() {
            eprintln!("SKIPPED: this file system refuses names that are not UTF-8");
            return;
        }
    }
    let records = replay(&[dir.path()]).unwrap();
    let tails: Vec<_> = records.iter().map(|record| record.position.rsplit('/').next().unwrap()).collect();
    assert_eq!(tails, ["a%FE.jpg", "a%FF.jpg"]);
    assert_eq!(records[0].file, "a\u{fffd}.jpg");
    assert!(records.iter().all(|record| code(record).is_none()));
    check_resume(&[dir.path()]).unwrap();
}

#[test]
fn links_are_followed_once() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("root");
    fs::create_dir_all(root.join("a")).unwrap();
    fs::create_dir_all(dir.path().join("outside")).unwrap();
    fs::write(root.join("a/1.jpg"), "one").unwrap();
    fs::write(dir.path().join("outside/2.jpg"), "two").unwrap();
    symlink(dir.path().join("outside"), root.join("b")).unwrap();
    symlink("a/1.jpg", root.join("c.jpg")).unwrap();
    symlink("..", root.join("a/up")).unwrap();
    symlink(".", root.join("here")).unwrap();
    symlink("itself", root.join("itself")).unwrap();
    symlink("itself.jpg", root.join("itself.jpg")).unwrap();
    symlink("nowhere", root.join("nowhere.jpg")).unwrap();
    symlink("nothing", root.join("nothing.txt")).unwrap();
    let records = replay(&[&root]).unwrap();
    check(
        &records,
        &[
            ("a/1.jpg", "one"),
            ("a/up", "! link-loop"),
            ("b/2.jpg", "two"),
            ("c.jpg", "one"),
            ("here", "! link-loop"),
            ("itself", "! link-loop"),
            ("itself.jpg", "! link-loop"),
            ("nowhere.jpg", "! broken-link"),
        ],
    );
    check_resume(&[&root]).unwrap();
}

#[test]
fn a_link_to_a_folder_above_the_root_ends() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("root");
    fs::create_dir_all(&root).unwrap();
    fs::write(dir.path().join("above.jpg"), "above").unwrap();
    symlink("..", root.join("up")).unwrap();
    let records = replay(&[&root]).unwrap();
    check(&records, &[("up/above.jpg", "above"), ("up/root", "! link-loop")]);
}

#[test]
fn a_linked_root_has_the_positions_of_its_target() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir_all(dir.path().join("real")).unwrap();
    fs::write(dir.path().join("real/1.jpg"), "one").unwrap();
    symlink("real", dir.path().join("link")).unwrap();
    let one = replay(&[dir.path().join("link")]).unwrap();
    assert_eq!(one, replay(&[dir.path().join("real/.")]).unwrap());
    assert_eq!(one, replay(&[dir.path().join("link/../real")]).unwrap());
}

#[test]
fn what_cannot_be_opened_is_a_record() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("z.jpg"), "last").unwrap();
    // Fails for every user: the way leads through a file.
    symlink("z.jpg/inner", dir.path().join("a.jpg")).unwrap();
    fs::write(dir.path().join("b.jpg"), "secret").unwrap();
    fs::create_dir(dir.path().join("c")).unwrap();
    fs::set_permissions(dir.path().join("b.jpg"), Permissions::from_mode(0o000)).unwrap();
    fs::set_permissions(dir.path().join("c"), Permissions::from_mode(0o000)).unwrap();
    let records = replay(&[dir.path()]).unwrap();
    if fs::read_dir(dir.path().join("c")).is_ok() {
        eprintln!("SKIPPED: permissions; this user may read everything");
        check(&records, &[("a.jpg", "! unreadable-file"), ("b.jpg", "secret"), ("z.jpg", "last")]);
    } else {
        let refused = [("a.jpg", "! unreadable-file"), ("b.jpg", "! unreadable-file"), ("c", "! unreadable-folder")];
        check(&records, &[refused.as_slice(), &[("z.jpg", "last")]].concat());
    }
    fs::set_permissions(dir.path().join("c"), Permissions::from_mode(0o700)).unwrap();
}

#[test]
fn a_socket_with_a_photos_name_is_not_waited_for() {
    let dir = tempfile::tempdir().unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(dir.path().join("a.jpg")).unwrap();
    fs::write(dir.path().join("b.jpg"), "b").unwrap();
    let mut source = ReplaySource::open(&[dir.path()], &small()).unwrap();
    let records = drain(&mut source, small().limits).unwrap();
    assert_eq!(code(&records[0]), Some(RefusalCode::NotAFile));
    assert!(ReplaySource::open(&[dir.path().join("a.jpg")], &small()).is_err());
}
