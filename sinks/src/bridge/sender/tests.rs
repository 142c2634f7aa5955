use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use tokio::runtime::Runtime;

use super::*;
use crate::bridge::halt::Halt;
use crate::published::{CloudEvent, Place as At};

/// A broker that answers, or does not.
struct Told {
    in_flight: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
    answers: bool,
}

impl Link for Told {
    async fn send(&mut self, item: &Published) -> Result<Sent, Cause> {
        match item.event.id.as_str() {
            "unfit" => return Ok(Sent::Unfit("too large".into())),
            "refused" => return Ok(Sent::waiting(async { Err("a queue is full".into()) })),
            _ => {}
        }
        let now = self.in_flight.fetch_add(1, Ordering::Relaxed) + 1;
        self.most.fetch_max(now, Ordering::Relaxed);
        let (in_flight, answers) = (Arc::clone(&self.in_flight), self.answers);
        Ok(Sent::waiting(async move {
            if !answers {
                std::future::pending::<()>().await;
            }
            in_flight.fetch_sub(1, Ordering::Relaxed);
            Ok(())
        }))
    }
}

struct Stage {
    _runtime: Runtime,
    bridge: Bridge<Told>,
    halt: Halt,
    unfit: Arc<AtomicU64>,
    letters: tempfile::TempDir,
    most: Arc<AtomicUsize>,
}

fn stage(answers: bool, timeout: Duration) -> Stage {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_time().build().unwrap();
    let (halt, unfit, most) = (Halt::default(), Arc::new(AtomicU64::new(0)), Arc::new(AtomicUsize::new(0)));
    let (counted, letters) = (Arc::clone(&unfit), tempfile::tempdir().unwrap());
    let parts = BridgeParts {
        runtime: runtime.handle().clone(),
        halt: halt.clone(),
        clock: Arc::new(|| 0),
        dead_letters: letters.path().into(),
        unfit: Arc::new(move |events| {
            counted.fetch_add(events, Ordering::Relaxed);
        }),
    };
    let place = Place { kind: "told", sink: "out".into(), broker: "broker:1".into() };
    let bounds = Bounds { in_flight: NonZeroUsize::new(3).unwrap(), timeout };
    let link = Told { in_flight: Arc::default(), most: Arc::clone(&most), answers };
    let bridge = Bridge::open(place, bounds, &parts, async { Ok(link) }).unwrap();
    Stage { _runtime: runtime, bridge, halt, unfit, letters, most }
}

fn items(ids: &[&str]) -> Vec<Published> {
    let item = |id: &&str| {
        let json = format!(r#"{{"specversion":"1.0","id":"{id}","source":"s","type":"t"}}"#);
        let event = CloudEvent::from_json(json.as_bytes()).unwrap().into();
        let place = At { partition: 0, offset: 0 };
        Published { place, appended_ms: 0, event, json: json.as_bytes().into(), crop: [].into() }
    };
    ids.iter().map(item).collect()
}

fn chain(error: &Error) -> String {
    format!("{error}: {}", std::error::Error::source(error).unwrap())
}

const LONG: Duration = Duration::from_secs(60);

#[test]
fn no_more_are_on_their_way_than_may_be_and_sync_waits_for_all() {
    let mut stage = stage(true, LONG);
    stage.bridge.write(&items(&["a"; 20])).unwrap();
    assert_eq!((stage.bridge.in_flight.len(), stage.most.load(Ordering::Relaxed)), (3, 3));
    stage.bridge.sync().unwrap();
    assert_eq!(stage.bridge.in_flight.len(), 0);
}

#[test]
fn a_refusal_fails_the_sync_and_says_where() {
    let mut stage = stage(true, LONG);
    stage.bridge.write(&items(&["a", "refused"])).unwrap();
    let said = chain(&stage.bridge.sync().unwrap_err());
    assert!(said.contains("sink out") && said.contains("broker:1") && said.contains("a queue is full"), "{said}");
}

#[test]
fn what_the_broker_can_never_take_is_a_dead_letter_and_holds_nobody_up() {
    let mut stage = stage(true, LONG);
    // A second time, as after a kill before the commit.
    for _ in 0..2 {
        stage.bridge.write(&items(&["a", "unfit", "b"])).unwrap();
        stage.bridge.sync().unwrap();
    }
    assert_eq!(stage.unfit.load(Ordering::Relaxed), 2);
    let letters = DeadLetters::new(stage.letters.path(), "out").list(9).unwrap();
    let [letter] = &letters[..] else { panic!("{letters:?}") };
    assert_eq!((letter.id(), letter.body["lastDeliveryOutcome"].as_str()), ("unfit", Some("too large")));
    assert_eq!(letter.event(), br#"{"id":"unfit","source":"s","specversion":"1.0","type":"t"}"#);
}

/// An event is passed over only once it is kept.
#[test]
fn a_dead_letter_that_cannot_be_written_holds_the_sink() {
    let mut stage = stage(true, LONG);
    std::fs::write(stage.letters.path().join("OUT"), b"a file where the folder should be").unwrap();
    assert!(stage.bridge.write(&items(&["a", "unfit"])).is_err());
    assert_eq!(stage.unfit.load(Ordering::Relaxed), 0);
}

#[test]
fn a_silent_broker_is_given_up_after_the_timeout() {
    let mut stage = stage(false, Duration::from_millis(20));
    stage.bridge.write(&items(&["a"])).unwrap();
    let said = chain(&stage.bridge.sync().unwrap_err());
    assert!(said.contains("within 20 ms"), "{said}");
}

#[test]
fn a_stop_ends_the_waiting() {
    let mut stage = stage(false, LONG);
    stage.bridge.write(&items(&["a"])).unwrap();
    stage.halt.stop(Duration::ZERO);
    let said = chain(&stage.bridge.sync().unwrap_err());
    assert!(said.contains("the program stops"), "{said}");
}
