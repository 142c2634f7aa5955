//! A receiver: an HTTP server that keeps what it gets and answers as it is told.

use std::collections::{BTreeMap, VecDeque};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex, MutexGuard};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode};
use serde_json::Value;
use tokio::runtime::Runtime;

/// A request.
#[derive(Clone, Debug)]
pub(crate) struct Got {
    pub(crate) method: Method,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Got {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("text"))
    }

    /// The events in it.
    pub(crate) fn events(&self) -> Vec<Value> {
        match serde_json::from_slice(&self.body).expect("JSON") {
            Value::Array(events) => events,
            event => vec![event],
        }
    }
}

/// What is answered.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

impl Answer {
    pub(crate) fn status(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: String::new() }
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    pub(crate) fn body(self, body: String) -> Self {
        Self { body, ..self }
    }
}

/// What server and test share.
#[derive(Default)]
struct Book {
    got: Vec<Got>,
    /// For the next POSTs.
    next: VecDeque<Answer>,
    /// For all others.
    usual: Option<Answer>,
    /// For OPTIONS.
    consent: Option<Answer>,
    /// Whether native handshakes are answered with their code.
    validates: bool,
}

/// The receiver; it ends when it is dropped.
pub(crate) struct Receiver {
    pub(crate) url: String,
    book: Arc<Mutex<Book>>,
    _runtime: Runtime,
}

impl Receiver {
    pub(crate) fn start() -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let book = Arc::new(Mutex::new(Book { validates: true, ..Book::default() }));
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).expect("a port");
        let url = format!("http://{}/hook", listener.local_addr().expect("an address"));
        let app = Router::new().fallback(answer).with_state(Arc::clone(&book));
        runtime.spawn(async move { axum::serve(listener, app).await });
        Self { url, book, _runtime: runtime }
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().expect("no one panicked with it")
    }

    /// Answers the next POSTs with these.
    pub(crate) fn next(&self, answers: impl IntoIterator<Item = Answer>) {
        self.book().next.extend(answers);
    }

    /// Answers all POSTs with this from now on.
    pub(crate) fn usually(&self, answer: Answer) {
        self.book().usual = Some(answer);
    }

    /// Answers OPTIONS with this.
    pub(crate) fn consents(&self, answer: Answer) {
        self.book().consent = Some(answer);
    }

    /// Answers native handshakes without their code.
    pub(crate) fn forgets_codes(&self) {
        self.book().validates = false;
    }

    /// All requests so far.
    pub(crate) fn got(&self) -> Vec<Got> {
        self.book().got.clone()
    }

    /// Requests that carried events.
    pub(crate) fn posts(&self) -> Vec<Got> {
        let events = |got: &Got| got.method == Method::POST && got.header("aeg-event-type") != "SubscriptionValidation";
        self.got().into_iter().filter(events).collect()
    }

    /// How often each id came.
    pub(crate) fn ids(&self) -> BTreeMap<String, usize> {
        let mut ids = BTreeMap::new();
        for event in self.posts().iter().flat_map(Got::events) {
            *ids.entry(event["id"].as_str().expect("an id").to_owned()).or_default() += 1;
        }
        ids
    }
}

async fn answer(
    State(book): State<Arc<Mutex<Book>>>,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, HeaderMap, String) {
    let mut book = book.lock().expect("no one panicked with it");
    let got = Got { method, headers, body: body.to_vec() };
    let validation = got.header("aeg-event-type") == "SubscriptionValidation";
    let answer = if got.method == Method::OPTIONS {
        book.consent.clone().unwrap_or_else(|| Answer::status(200).with("webhook-allowed-origin", "*"))
    } else if validation {
        let code = got.events()[0]["data"]["validationCode"].clone();
        let code = if book.validates { code } else { "another".into() };
        Answer::status(200).body(serde_json::json!({ "validationResponse": code }).to_string())
    } else {
        let usual = book.usual.clone().unwrap_or_else(|| Answer::status(200));
        book.next.pop_front().unwrap_or(usual)
    };
    book.got.push(got);
    let headers = answer
        .headers
        .iter()
        .map(|(name, value)| (name.parse().expect("it is well formed"), value.parse().expect("it is well formed")));
    (StatusCode::from_u16(answer.status).expect("a status"), headers.collect(), answer.body)
}

/// A server that reads a request and then misbehaves: sends what it is given and closes, or, given nothing, hangs.
pub(crate) fn rude(answer: Option<&'static str>) -> (String, std::thread::JoinHandle<usize>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/hook", listener.local_addr().expect("an address"));
    let serve = move || {
        let (mut socket, _) = listener.accept().expect("a connection");
        let mut got = vec![0; 64 << 10];
        let mut read = socket.read(&mut got).expect("bytes");
        match answer {
            Some(answer) => socket.write_all(answer.as_bytes()).expect("the peer listens"),
            // Until the client has had enough.
            None => {
                while let Ok(more @ 1..) = socket.read(&mut got) {
                    read += more;
                }
            }
        }
        read
    };
    (url, std::thread::spawn(serve))
}
