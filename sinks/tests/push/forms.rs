//! What a request looks like.

use std::num::NonZeroUsize;

use tollgate_sinks::push::{BatchConfig, Schema, Secret, WebhookConfig, signature};

use super::receiver::{Answer, Receiver};
use super::stage::{START_MS, Stage, event, events, plain};

fn batch(most: usize) -> Option<BatchConfig> {
    Some(BatchConfig { max_events: NonZeroUsize::new(most).expect("within its bounds"), ..BatchConfig::default() })
}

#[test]
fn one_event_a_request_in_structured_mode() {
    let receiver = Receiver::start();
    let stage = Stage::new(plain(&receiver.url));
    let sent = events(0..3);
    stage.write(&sent).unwrap();
    let mut posts = receiver.posts();
    posts.sort_by_key(|post| post.body.clone());
    assert_eq!(
        posts.iter().map(|post| &post.body[..]).collect::<Vec<_>>(),
        sent.iter().map(|e| &*e.json).collect::<Vec<_>>()
    );
    let first = &posts[0];
    assert_eq!(first.header("content-type"), "application/cloudevents+json; charset=utf-8");
    assert_eq!((first.header("aeg-subscription-name"), first.header("aeg-delivery-count")), ("billing", "0"));
    assert_eq!((first.header("tollgate-signature"), stage.pass()), ("", None));
}

#[test]
fn batches_are_signed_over_time_and_body() {
    let receiver = Receiver::start();
    let secret = "a secret of the receiver";
    let config = WebhookConfig { batch: batch(2), secret: Some(Secret::new(secret.into())), ..plain(&receiver.url) };
    Stage::new(config).write(&events(0..5)).unwrap();
    let posts = receiver.posts();
    let mut sizes: Vec<_> = posts.iter().map(|post| post.events().len()).collect();
    sizes.sort_unstable();
    assert_eq!(sizes, [1, 2, 2]);
    for post in &posts {
        assert_eq!(post.header("content-type"), "application/cloudevents-batch+json; charset=utf-8");
        let signed = post.header("tollgate-signature");
        let verified = |body: &[u8]| signature::verify(secret.as_bytes(), signed, body, START_MS / 1000, 300);
        assert!(verified(&post.body));
        assert!(!verified(&[&post.body[..], b" "].concat()));
    }
    assert_eq!(receiver.ids().len(), 5);
}

#[test]
fn the_older_schema_is_an_array_with_its_headers() {
    let receiver = Receiver::start();
    let config = WebhookConfig { schema: Schema::Native, ..plain(&receiver.url) };
    Stage::new(config).write(&events(4..5)).unwrap();
    let posts = receiver.posts();
    assert_eq!(posts[0].header("aeg-event-type"), "Notification");
    assert_eq!(posts[0].header("content-type"), "application/json; charset=utf-8");
    let event = &posts[0].events()[0];
    assert_eq!((&event["topic"], &event["eventType"]), (&"hub:images/0/4".into(), &"LicensePlate.Processed".into()));
    assert_eq!(event["data"]["licensePlateText"], "BKW4");
}

#[test]
fn redirects_are_not_followed_and_long_answers_not_read() {
    let (elsewhere, receiver) = (Receiver::start(), Receiver::start());
    let stage = Stage::new(plain(&receiver.url));
    receiver
        .next([Answer::status(302).with("location", &elsewhere.url), Answer::status(200).body("x".repeat(10 << 20))]);
    stage.write(&events(0..1)).unwrap();
    assert_eq!((elsewhere.got().len(), stage.subscription().pending()), (0, 1));
    stage.run_until(stage.now() + 10_000);
    assert_eq!((receiver.ids()["id-0"], stage.subscription().pending()), (2, 0));
}

#[test]
fn an_event_over_the_limit_is_given_up_unsent() {
    let receiver = Receiver::start();
    let stage = Stage::new(plain(&receiver.url));
    stage.write(&[event(0, &"x".repeat(1 << 20).into()), event(1, &1.into())]).unwrap();
    let dead = stage.dead();
    assert_eq!((dead.len(), &dead[0]["id"]), (1, &"id-0".into()));
    assert_eq!((&dead[0]["lastDeliveryOutcome"], &dead[0]["deliveryAttempts"]), (&"PayloadTooLarge".into(), &0.into()));
    assert_eq!(receiver.ids().into_keys().collect::<Vec<_>>(), ["id-1"]);
}
