//! The receiver's consent.

use axum::http::Method;
use tollgate_sinks::push::{Schema, WebhookConfig};

use super::receiver::{Answer, Receiver};
use super::stage::{Stage, events, plain};

fn asking(url: &str, schema: Schema) -> WebhookConfig {
    WebhookConfig { handshake: true, origin: "tolls.example.com".into(), schema, ..plain(url) }
}

#[test]
fn options_come_before_the_first_delivery_and_once_for_good() {
    let receiver = Receiver::start();
    let mut stage = Stage::new(asking(&receiver.url, Schema::Cloudevents));
    stage.write(&events(0..2)).unwrap();
    stage.reopen();
    stage.write(&events(2..3)).unwrap();
    let methods: Vec<_> = receiver.got().iter().map(|got| got.method.clone()).collect();
    assert_eq!(methods, [Method::OPTIONS, Method::POST, Method::POST, Method::POST]);
    assert_eq!(receiver.got()[0].header("webhook-request-origin"), "tolls.example.com");
    // Another receiver is asked anew.
    let other = Receiver::start();
    stage.config.url.clone_from(&other.url);
    stage.reopen();
    stage.write(&events(3..4)).unwrap();
    assert_eq!(other.got()[0].method, Method::OPTIONS);
}

#[test]
fn without_consent_nothing_is_sent_and_nothing_lost() {
    for refusal in [
        Answer::status(404),
        Answer::status(200),
        Answer::status(200).with("webhook-allowed-origin", "another.example.com"),
    ] {
        let receiver = Receiver::start();
        receiver.consents(refusal);
        let stage = Stage::new(asking(&receiver.url, Schema::Cloudevents));
        stage.write(&events(0..2)).unwrap();
        assert_eq!((receiver.posts().len(), stage.subscription().pending()), (0, 2));
        stage.pass();
        assert_eq!(receiver.got().len(), 1, "it is not asked at once again");
        receiver.consents(Answer::status(204).with("webhook-allowed-origin", "TOLLS.example.com"));
        stage.run_until(stage.now() + 10_000);
        assert_eq!((receiver.ids().len(), stage.subscription().pending()), (2, 0));
        assert_eq!(receiver.posts()[0].header("aeg-delivery-count"), "0", "waiting for consent is no attempt");
    }
}

#[test]
fn the_allowed_rate_is_kept_to_also_after_a_restart() {
    let receiver = Receiver::start();
    receiver.consents(Answer::status(200).with("webhook-allowed-origin", "*").with("webhook-allowed-rate", "60"));
    let mut stage = Stage::new(asking(&receiver.url, Schema::Cloudevents));
    stage.write(&events(0..1)).unwrap();
    stage.reopen();
    stage.write(&events(1..4)).unwrap();
    assert_eq!(receiver.posts().len(), 2, "one a start");
    let times = stage.run_until(stage.now() + 60_000);
    assert_eq!((receiver.ids().len(), receiver.posts().len()), (4, 4));
    assert!(times.windows(2).all(|pair| pair[1] - pair[0] >= 1000), "{times:?}");
}

#[test]
fn the_older_handshake_wants_its_code_back() {
    let receiver = Receiver::start();
    let stage = Stage::new(asking(&receiver.url, Schema::Native));
    stage.write(&events(0..1)).unwrap();
    let first = &receiver.got()[0];
    assert_eq!(first.header("aeg-event-type"), "SubscriptionValidation");
    assert_eq!(first.events()[0]["eventType"], "Microsoft.EventGrid.SubscriptionValidationEvent");
    assert_eq!(receiver.ids().len(), 1);

    let liar = Receiver::start();
    liar.forgets_codes();
    let stage = Stage::new(asking(&liar.url, Schema::Native));
    stage.write(&events(0..1)).unwrap();
    assert_eq!((liar.posts().len(), stage.subscription().pending()), (0, 1));
}
