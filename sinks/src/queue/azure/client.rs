//! The other side: requests as a client signs them, and answers as it reads them. Sending is the caller's.

use std::time::{Duration, UNIX_EPOCH};

use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, Method, Request};
use url::{Host, Url};

use super::account::Key;
use super::answer::VERSION;
use super::auth::shared_key::{Scheme, Signed};
use super::name;
use super::query::Query;
use super::xml::{Writer, read};

/// A queue of an account, seen from outside.
#[derive(Clone, Debug)]
pub struct Client {
    url: Url,
    account: String,
    /// What stands before the queue in a path.
    base: String,
    key: Key,
    queue: String,
}

/// A message that was got: it is hidden from others until its time is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Got {
    /// The message's id.
    pub id: String,
    /// Shows that it was got, until it is got again or updated.
    pub pop_receipt: String,
    /// How often it was got, this time included.
    pub dequeue_count: u32,
    /// Its text.
    pub text: String,
}

/// Why there can be no client.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BadClient {
    /// The URL is none.
    #[error("{url:?} is no URL of an account; write it as http://127.0.0.1:10001/devstoreaccount1")]
    Url {
        /// The URL.
        url: String,
        /// What is wrong with it.
        source: Option<url::ParseError>,
    },
    /// The queue's name breaks the rules.
    #[error("{name:?} is no queue: 3 to 63 lower-case letters, digits and single hyphens")]
    Queue {
        /// The name.
        name: String,
    },
    /// A message's text or name cannot be sent.
    #[error("cannot make the request for queue {queue}")]
    Request {
        /// The queue.
        queue: String,
        /// What is wrong with it.
        source: axum::http::Error,
    },
}

impl Client {
    /// A client of a queue. The account is the first part of the URL's path, or of its host's name where there is no path.
    ///
    /// # Errors
    /// A URL without an account, or a name against the rules.
    pub fn new(url: &str, key: Key, queue: &str) -> Result<Self, BadClient> {
        let bad = |source| BadClient::Url { url: url.to_owned(), source };
        let parsed = Url::parse(url.trim_end_matches('/')).map_err(|source| bad(Some(source)))?;
        let path = parsed.path().trim_start_matches('/');
        let (account, base) = match parsed.host() {
            Some(Host::Domain(host)) if path.is_empty() => {
                (host.split_once('.').map(|(label, _)| label), String::new())
            }
            _ => (Some(path).filter(|path| !path.is_empty()), format!("/{path}")),
        };
        let account = account.filter(|account| !account.contains('/')).ok_or_else(|| bad(None))?.to_owned();
        if !matches!(parsed.scheme(), "http" | "https") {
            return Err(bad(None));
        }
        let client = Self { account, base, url: parsed, key, queue: String::new() };
        client.sibling(queue)
    }

    /// The same of another queue.
    ///
    /// # Errors
    /// A name against the rules.
    pub fn sibling(&self, queue: &str) -> Result<Self, BadClient> {
        let bad = |_| BadClient::Queue { name: queue.to_owned() };
        name::check(queue).map_err(bad)?;
        Ok(Self { queue: queue.to_owned(), ..self.clone() })
    }

    /// The queue's name.
    #[must_use]
    pub fn queue(&self) -> &str {
        &self.queue
    }

    /// Creates the queue: 201, or 204 where it is there.
    ///
    /// # Errors
    /// The request cannot be written.
    pub fn create(&self, now_ms: i64) -> Result<Request<String>, BadClient> {
        self.request(&Method::PUT, "", &[], Some(String::new()), now_ms)
    }

    /// Puts a message: 201.
    ///
    /// # Errors
    /// The request cannot be written.
    pub fn put(&self, text: &str, now_ms: i64) -> Result<Request<String>, BadClient> {
        let mut xml = Writer::with_room(text.len() + 100);
        xml.open("QueueMessage").leaf("MessageText", text).close("QueueMessage");
        self.request(&Method::POST, "/messages", &[], Some(xml.finish()), now_ms)
    }

    /// Gets a message and hides it for so long: 200, to be read with [`read_got`].
    ///
    /// # Errors
    /// The request cannot be written.
    pub fn get(&self, hidden_s: u32, now_ms: i64) -> Result<Request<String>, BadClient> {
        self.get_up_to(1, hidden_s, now_ms)
    }

    /// The same with up to so many messages, 1 to 32.
    ///
    /// # Errors
    /// The request cannot be written.
    pub fn get_up_to(&self, count: u32, hidden_s: u32, now_ms: i64) -> Result<Request<String>, BadClient> {
        let (count, hidden) = (count.to_string(), hidden_s.to_string());
        let query = [("numofmessages", &*count), ("visibilitytimeout", &*hidden)];
        self.request(&Method::GET, "/messages", &query, None, now_ms)
    }

    /// Hides a message that was got for so long from now on, its text unchanged: 204, with a new receipt in the header
    /// `x-ms-popreceipt`. With 0 it is given back.
    ///
    /// # Errors
    /// The request cannot be written.
    pub fn hide(&self, id: &str, receipt: &str, hidden_s: u32, now_ms: i64) -> Result<Request<String>, BadClient> {
        let hidden = hidden_s.to_string();
        let query = [("popreceipt", receipt), ("visibilitytimeout", &*hidden)];
        self.request(&Method::PUT, &format!("/messages/{id}"), &query, Some(String::new()), now_ms)
    }

    /// Deletes a message that was got: 204.
    ///
    /// # Errors
    /// The request cannot be written.
    pub fn delete(&self, id: &str, receipt: &str, now_ms: i64) -> Result<Request<String>, BadClient> {
        self.request(&Method::DELETE, &format!("/messages/{id}"), &[("popreceipt", receipt)], None, now_ms)
    }

    fn request(
        &self,
        method: &Method,
        below: &str,
        query: &[(&str, &str)],
        body: Option<String>,
        now_ms: i64,
    ) -> Result<Request<String>, BadClient> {
        let bad = |source| BadClient::Request { queue: self.queue.clone(), source };
        let mut url = self.url.clone();
        url.set_path(&format!("{}/{}{below}", self.base, self.queue));
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let mut headers = HeaderMap::new();
        let mut set = |name: &'static str, value: String| {
            HeaderValue::try_from(value).map(|value| headers.insert(name, value)).map_err(|error| bad(error.into()))
        };
        set("x-ms-date", httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_millis(now_ms.unsigned_abs())))?;
        if let Some(body) = &body {
            set(CONTENT_LENGTH.as_str(), body.len().to_string()).map(drop)?;
        }
        headers.insert("x-ms-version", VERSION);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/xml"));
        let parsed = Query::parse(url.query());
        let (path, account) = (url.path(), &*self.account);
        let signed = Signed { method, path, query: &parsed, headers: &headers, account, by_byte: false };
        let authorization = format!("SharedKey {account}:{}", self.key.sign(&signed.text(Scheme::SharedKey)));
        let request = Request::builder().method(method).uri(url.as_str()).header("authorization", authorization);
        let mut request = request.body(body.unwrap_or_default()).map_err(bad)?;
        request.headers_mut().extend(headers);
        Ok(request)
    }
}

/// The messages in the answer to [`Client::get`]; `None` where it is no such answer.
#[must_use]
pub fn read_got(body: &[u8]) -> Option<Vec<Got>> {
    let list = read(body).filter(|root| root.name == "QueueMessagesList")?;
    let got = |mut node: super::xml::Node| {
        Some(Got {
            id: node.take_text("MessageId")?,
            pop_receipt: node.take_text("PopReceipt")?,
            dequeue_count: node.text_of("DequeueCount")?.parse().ok()?,
            text: node.take_text("MessageText").unwrap_or_default(),
        })
    };
    list.children.into_iter().map(got).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queue::azure::{DEVELOPMENT_ACCOUNT, DEVELOPMENT_KEY};

    fn client() -> Client {
        let url = format!("http://127.0.0.1:10001/{DEVELOPMENT_ACCOUNT}/");
        Client::new(&url, Key::parse(DEVELOPMENT_KEY).unwrap(), "orders").unwrap()
    }

    #[test]
    fn requests_carry_what_they_must() {
        let request = client().hide("id", "a+b=", 30, 1_800_000_000_000).unwrap();
        assert_eq!(
            request.uri().to_string(),
            "http://127.0.0.1:10001/devstoreaccount1/orders/messages/id?popreceipt=a%2Bb%3D&visibilitytimeout=30"
        );
        assert_eq!(request.headers()["x-ms-date"], "Fri, 15 Jan 2027 08:00:00 GMT");
        assert_eq!((request.method(), &request.headers()["content-length"]), (&Method::PUT, &HeaderValue::from(0)));
        let put = client().put("a<b", 0).unwrap();
        assert!(put.body().ends_with("<QueueMessage><MessageText>a&lt;b</MessageText></QueueMessage>"));
    }

    #[test]
    fn an_account_may_be_in_the_hosts_name() {
        let key = Key::parse(DEVELOPMENT_KEY).unwrap();
        let client = Client::new("https://toll.queue.core.windows.net", key, "orders").unwrap();
        let request = client.create(0).unwrap();
        assert_eq!(request.uri().to_string(), "https://toll.queue.core.windows.net/orders");
        assert!(request.headers()["authorization"].to_str().unwrap().starts_with("SharedKey toll:"));
    }

    #[test]
    fn what_is_no_account_or_queue_is_refused() {
        let key = || Key::parse(DEVELOPMENT_KEY).unwrap();
        for bad in ["", "x", "http://127.0.0.1:10001", "ftp://127.0.0.1/acc", "http://127.0.0.1/acc/more"] {
            assert!(matches!(Client::new(bad, key(), "orders"), Err(BadClient::Url { .. })), "{bad}");
        }
        assert!(matches!(client().sibling("no queue"), Err(BadClient::Queue { .. })));
    }

    #[test]
    fn answers_are_read() {
        let message = "<QueueMessage><MessageId>i</MessageId><PopReceipt>r</PopReceipt><DequeueCount>2</DequeueCount>\
                       <MessageText>t</MessageText></QueueMessage>";
        let got = read_got(format!("<QueueMessagesList>{message}</QueueMessagesList>").as_bytes()).unwrap();
        let one = Got { id: "i".into(), pop_receipt: "r".into(), dequeue_count: 2, text: "t".into() };
        assert_eq!(got, [one]);
        assert_eq!(read_got(b"<QueueMessagesList/>"), Some(Vec::new()));
        assert_eq!(read_got(b"<Error/>"), None);
    }
}
