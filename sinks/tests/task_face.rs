//! The task-queue face without a network: what it lets in, what it refuses, and that nothing refused changes anything.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderValue, Method, Request, Response, StatusCode};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use tempfile::TempDir;
use tollgate_sinks::queue::azure::client::{Client, Got, read_got};
use tollgate_sinks::queue::azure::{DEVELOPMENT_KEY, Key, TaskFace, TaskOptions};
use tollgate_sinks::queue::{Kind, Message, Queues, QueuesOptions, Settings};
use tower_service::Service;

const NOON: i64 = 1_800_000_000_000;
const MINUTE: i64 = 60_000;

/// What somebody in between does to a request.
type Tamper = fn(&mut Request<String>);

struct Bench {
    router: Router,
    queues: Queues,
    client: Client,
    now: Arc<AtomicI64>,
    _dir: TempDir,
}

impl Bench {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let (queues, _) = Queues::open(dir.path(), QueuesOptions::default()).expect("the store opens");
        let now = Arc::new(AtomicI64::new(NOON));
        let clock = Arc::clone(&now);
        let time = Arc::new(move || clock.load(Ordering::Relaxed));
        let router = TaskFace::new(queues.clone(), TaskOptions::default(), time, 1).into_router();
        let key = Key::parse(DEVELOPMENT_KEY).expect("it is well formed");
        let client = Client::new("http://127.0.0.1:10001/devstoreaccount1", key, "orders").expect("a client");
        Self { router, queues, client, now, _dir: dir }
    }

    fn with_queue() -> Self {
        let bench = Self::new();
        assert_eq!(bench.ask(bench.client.create(NOON).expect("a request")).0, StatusCode::CREATED);
        bench
    }

    fn respond<B: Into<Body>>(&self, request: Request<B>) -> Response<Body> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
        let mut router = self.router.clone();
        let mut request = request.map(Into::into);
        // A server gets the path alone.
        let path = request.uri().path_and_query().expect("a path").to_string();
        *request.uri_mut() = path.parse().expect("it is well formed");
        runtime.block_on(router.call(request)).unwrap()
    }

    /// Status, error code and body.
    fn ask<B: Into<Body>>(&self, request: Request<B>) -> (StatusCode, String, String) {
        let response = self.respond(request);
        let status = response.status();
        let code =
            response.headers().get("x-ms-error-code").map_or("", |code| code.to_str().expect("ASCII")).to_owned();
        for name in ["x-ms-request-id", "x-ms-version", "server"] {
            assert!(response.headers().contains_key(name), "{name}");
        }
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let body = runtime.block_on(to_bytes(response.into_body(), 8 << 20)).expect("a body");
        (status, code, String::from_utf8(body.to_vec()).expect("UTF-8"))
    }

    fn get(&self) -> Vec<Got> {
        let request = self.client.get(30, self.now.load(Ordering::Relaxed)).expect("a request");
        read_got(self.ask(request).2.as_bytes()).expect("a list of messages")
    }

    fn waiting(&self) -> u64 {
        self.queues.counts("orders", self.now.load(Ordering::Relaxed)).expect("the queue is there").active()
    }
}

#[test]
fn a_message_goes_in_and_out_and_away() {
    let bench = Bench::with_queue();
    assert_eq!(bench.ask(bench.client.put("<a & ü>", NOON).unwrap()).0, StatusCode::CREATED);
    let got = bench.get();
    assert_eq!((got.len(), &*got[0].text, got[0].dequeue_count), (1, "<a & ü>", 1));
    assert_eq!(bench.get(), []);
    let delete = || bench.client.delete(&got[0].id, &got[0].pop_receipt, NOON).unwrap();
    assert_eq!(bench.ask(delete()).0, StatusCode::NO_CONTENT);
    assert_eq!(bench.ask(delete()).1, "MessageNotFound");
    assert_eq!(bench.waiting(), 0);
}

#[test]
fn clocks_may_differ_by_a_quarter_of_an_hour() {
    let bench = Bench::with_queue();
    for (ahead, status) in [(-16, 403), (-14, 201), (14, 201), (16, 403)] {
        let (answered, code, _) = bench.ask(bench.client.put("x", NOON + ahead * MINUTE).unwrap());
        assert_eq!(answered.as_u16(), status, "{ahead} {code}");
    }
    assert_eq!(bench.waiting(), 2);
}

#[test]
fn what_was_signed_is_what_counts() {
    let bench = Bench::with_queue();
    let put = || bench.client.put("x", NOON).unwrap();
    let tampered: [(&str, Tamper); 6] = [
        ("path", |request| *request.uri_mut() = "/devstoreaccount1/others/messages".parse().unwrap()),
        ("query", |request| *request.uri_mut() = "/devstoreaccount1/orders/messages?messagettl=-1".parse().unwrap()),
        ("method", |request| *request.method_mut() = Method::DELETE),
        ("version", |request| _ = request.headers_mut().insert("x-ms-version", HeaderValue::from_static("2019-02-02"))),
        ("header", |request| _ = request.headers_mut().insert("x-ms-meta-a", HeaderValue::from_static("b"))),
        ("no key", |request| _ = request.headers_mut().remove("authorization")),
    ];
    for (what, tamper) in tampered {
        let mut request = put();
        tamper(&mut request);
        assert_eq!(bench.ask(request).1, "AuthenticationFailed", "{what}");
    }
    for bad in
        ["", "SharedKey", "SharedKey x", "SharedKey devstoreaccount1:", "SharedKey devstoreaccount1:AAAA", "Bearer x"]
    {
        let mut request = put();
        request.headers_mut().insert("authorization", HeaderValue::from_static(bad));
        assert_eq!(bench.ask(request).1, "AuthenticationFailed", "{bad:?}");
    }
    assert_eq!(bench.waiting(), 0);
}

#[test]
fn tricks_with_paths_lead_nowhere() {
    let bench = Bench::with_queue();
    let (_, before) = (bench.waiting(), bench.queues.list("", "", 100));
    for path in [
        "/",
        "//",
        "/devstoreaccount1/..",
        "/devstoreaccount1/../x",
        "/devstoreaccount1/%2e%2e/x",
        "/devstoreaccount1/..%2f..%2fetc",
        "/devstoreaccount1/orders%2fmessages",
        "/devstoreaccount1/orders/other",
        "/devstoreaccount1/orders/messages/a/b",
        "/devstoreaccount1/a%00b",
        "/devstoreaccount1/%ff",
        "/devstoreaccount1/$logs",
        "/other/orders",
        "/devstoreaccount1-secondary-secondary/q",
    ] {
        for method in [Method::GET, Method::PUT, Method::DELETE, Method::POST, Method::PATCH] {
            let (status, code, body) = bench.ask(Request::builder().method(&method).uri(path).body("x").unwrap());
            assert!(
                status.is_client_error() && body.contains(&format!("<Code>{code}</Code>")),
                "{method} {path} {status}"
            );
        }
    }
    assert_eq!(bench.queues.list("", "", 100), before);
}

#[test]
fn bodies_are_bounded_whether_announced_or_not() {
    let bench = Bench::with_queue();
    let mut request = bench.client.put("x", NOON).unwrap();
    *request.body_mut() = "x".repeat(500 << 10);
    assert_eq!(bench.ask(request).1, "RequestBodyTooLarge");
    // Announced, and refused before it comes.
    let huge = "x".repeat(450 << 10);
    assert_eq!(bench.ask(bench.client.put(&huge, NOON).unwrap()).0, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(bench.ask(bench.client.put(&"x".repeat((64 << 10) + 1), NOON).unwrap()).1, "RequestBodyTooLarge");
    assert_eq!(bench.ask(bench.client.put(&"<".repeat(64 << 10), NOON).unwrap()).0, StatusCode::CREATED);
    assert_eq!(bench.waiting(), 1);
}

#[test]
fn other_faces_messages_come_out_as_xml_can_carry_them() {
    let bench = Bench::new();
    let queues = &bench.queues;
    queues.create("orders", Kind::Queue, Settings::default(), NOON).unwrap().wait().unwrap();
    for body in [b"{\"a\":1}".to_vec(), vec![0xff, 0]] {
        queues.send("orders", &[Message { body, ..Message::default() }], NOON).unwrap().wait().unwrap();
    }
    let texts: Vec<_> = (0..2).flat_map(|_| bench.get()).map(|got| got.text).collect();
    assert_eq!(texts, ["{\"a\":1}", "/wA="]);
    // It is there, and that it has other settings is not for this face to say.
    assert_eq!(bench.ask(bench.client.create(NOON).unwrap()).0, StatusCode::NO_CONTENT);
}

#[test]
fn versions_of_later_clients_are_taken_and_nonsense_is_not() {
    let bench = Bench::with_queue();
    let asked = |version: &'static str| {
        let mut request = bench.client.get(30, NOON).unwrap();
        request.headers_mut().insert("x-ms-version", HeaderValue::from_static(version));
        bench.ask(request).1
    };
    // Signed with another version: that is found out after the version itself is understood.
    assert_eq!(asked("2030-01-01"), "AuthenticationFailed");
    for bad in ["", "x", "2030-13-01", "2030-01-01-01"] {
        assert_eq!(asked(bad), "InvalidHeaderValue", "{bad}");
    }
}
