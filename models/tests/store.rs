//! The cache folder: what is fetched, what is kept, and what is said when a file cannot be had.

use sha2::{Digest, Sha256};
use std::fs;
use std::path::PathBuf;
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tollgate_models::{Artefact, Error, Origin, Progress, Quiet, Role, Store};

const BYTES: &[u8] = b"a net, or so it says";
const FILE: &str = "net.onnx";
/// Nothing listens on this port, so every connection is refused at once.
const CLOSED: &str = "http://127.0.0.1:1/x";

/// A cache folder and a mirror that has the file.
struct Place {
    _dir: TempDir,
    cache: PathBuf,
    mirror: PathBuf,
}

impl Place {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a folder for the test");
        let (cache, mirror) = (dir.path().join("cache"), dir.path().join("mirror"));
        fs::create_dir(&mirror).expect("the mirror");
        fs::write(mirror.join(FILE), BYTES).expect("the mirror's file");
        Self { _dir: dir, cache, mirror }
    }

    fn store(&self) -> Store {
        Store::new(&self.cache, Some(self.mirror.clone()))
    }

    /// What lies in the cache, lock files aside.
    fn kept(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.cache).expect("the cache");
        let names = entries.map(|e| e.expect("an entry").file_name().to_string_lossy().into_owned());
        names.filter(|n| !n.ends_with(".lock")).collect()
    }
}

fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
}

fn artefact(sources: Vec<Origin>) -> Artefact {
    Artefact {
        name: "net".into(),
        role: Role::Reader,
        platform: None,
        file: FILE.into(),
        sha256: hash(BYTES),
        licence: "Apache-2.0".into(),
        about: "made up".into(),
        input: None,
        output: None,
        decode: None,
        preference: 0,
        sources,
    }
}

fn closed() -> Origin {
    Origin::Url { url: CLOSED.into() }
}

/// Counts the transfers.
#[derive(Default)]
struct Count {
    started: AtomicUsize,
    ended: AtomicUsize,
}

impl Count {
    fn get(&self) -> (usize, usize) {
        (self.started.load(Ordering::SeqCst), self.ended.load(Ordering::SeqCst))
    }
}

impl Progress for Count {
    fn start(&self, file: &str, _origin: &str) {
        assert_eq!(file, FILE);
        self.started.fetch_add(1, Ordering::SeqCst);
    }

    fn advance(&self, _done: u64, _total: Option<u64>) {}

    fn end(&self) {
        self.ended.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn a_file_arrives_once_and_is_then_there() {
    let place = Place::new();
    let (store, net, count) = (place.store(), artefact(vec![closed()]), Count::default());
    assert_eq!(store.find(&net).unwrap(), None);
    let path = store.ensure(&net, &count).unwrap();
    assert_eq!(path, place.cache.join(FILE));
    assert_eq!(fs::read(&path).unwrap(), BYTES);
    assert_eq!(count.get(), (1, 1), "the mirror comes first");
    fs::remove_dir_all(&place.mirror).unwrap();
    assert_eq!(store.ensure(&net, &count).unwrap(), path);
    assert_eq!(store.find(&net).unwrap(), Some(path));
    assert_eq!(count.get(), (1, 1), "the source was asked again");
    assert_eq!(place.kept(), [FILE]);
}

#[test]
fn other_bytes_than_promised_are_an_error_and_not_kept() {
    let place = Place::new();
    fs::write(place.mirror.join(FILE), b"something else").unwrap();
    let error = place.store().ensure(&artefact(vec![closed()]), &Quiet).unwrap_err();
    let said = error.to_string();
    let Error::WrongDelivery { file, expected, found, .. } = error else { panic!("{said}") };
    assert_eq!((file.as_str(), expected, found), (FILE, hash(BYTES), hash(b"something else")));
    assert!(said.contains(place.mirror.to_str().unwrap()), "{said}");
    assert_eq!(place.kept(), Vec::<String>::new());
}

#[test]
fn a_damaged_file_in_the_cache_is_an_error_that_says_what_to_do() {
    let place = Place::new();
    let (store, net) = (place.store(), artefact(vec![]));
    let path = store.ensure(&net, &Quiet).unwrap();
    fs::write(&path, &BYTES[1..]).unwrap();
    for error in [store.find(&net).unwrap_err(), store.ensure(&net, &Quiet).unwrap_err()] {
        let said = error.to_string();
        assert!(matches!(&error, Error::WrongHash { path: p, .. } if *p == path), "{said}");
        assert!(said.contains(path.to_str().unwrap()) && said.contains("models fetch"), "{said}");
    }
    // The remedy that the message names.
    fs::remove_file(&path).unwrap();
    assert_eq!(store.ensure(&net, &Quiet).unwrap(), path);
}

#[test]
fn out_of_reach_says_what_to_put_where() {
    let place = Place::new();
    fs::remove_dir_all(&place.mirror).unwrap();
    let count = Count::default();
    let start = Instant::now();
    let error = place.store().ensure(&artefact(vec![closed(), closed()]), &count).unwrap_err();
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    let said = error.to_string();
    assert!(matches!(error, Error::OutOfReach { .. }), "{said}");
    for part in [FILE, &hash(BYTES), place.cache.to_str().unwrap(), CLOSED, place.mirror.to_str().unwrap()] {
        assert!(said.contains(part), "{part} in {said}");
    }
    assert_eq!(count.get(), (3, 3), "every source is tried");
}

#[test]
fn all_who_start_at_once_share_one_transfer() {
    let place = Place::new();
    let (store, net, count, all) = (place.store(), artefact(vec![]), Count::default(), Barrier::new(8));
    let ensure = || {
        all.wait();
        store.ensure(&net, &count).expect("the file")
    };
    let paths: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(ensure)).collect();
        threads.into_iter().map(|t| t.join().expect("no panic")).collect()
    });
    assert_eq!(paths, vec![place.cache.join(FILE); 8]);
    assert_eq!(count.get(), (1, 1));
}

/// Also one that may not be written to, as a copy of a mirror's read-only file may not.
#[test]
fn what_a_killed_transfer_left_does_no_harm() {
    let place = Place::new();
    fs::create_dir(&place.cache).unwrap();
    let part = place.cache.join(format!(".{FILE}.part"));
    fs::write(&part, vec![b'x'; 1 << 16]).unwrap();
    let mut rights = fs::metadata(&part).unwrap().permissions();
    rights.set_readonly(true);
    fs::set_permissions(&part, rights).unwrap();
    let path = place.store().ensure(&artefact(vec![]), &Quiet).unwrap();
    assert_eq!(fs::read(path).unwrap(), BYTES);
    assert_eq!(place.kept(), [FILE]);
}

#[test]
fn nothing_partial_is_left_when_nothing_could_be_fetched() {
    let place = Place::new();
    fs::remove_dir_all(&place.mirror).unwrap();
    fs::create_dir(&place.cache).unwrap();
    fs::write(place.cache.join(format!(".{FILE}.part")), b"half a net").unwrap();
    place.store().ensure(&artefact(vec![closed()]), &Quiet).unwrap_err();
    assert_eq!(place.kept(), Vec::<String>::new());
}
