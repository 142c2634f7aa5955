//! The enterprise queues of `tollgate serve`: a user's script in Python, competing consumers and a real kill, and results
//! that become messages.

mod load;
mod script;
mod sinks;

use std::path::Path;

use crate::serve::Server;
use ureq::Agent;
use ureq::http::{Request, Response};

/// Starts a server that reads no photos.
fn serve(dir: &Path, config: &str, environment: &[(&str, &str)]) -> Server {
    let path = dir.join("tollgate.toml");
    std::fs::write(&path, format!("[source]\nkind = \"none\"\n{config}")).expect("a config");
    Server::start_with(&dir.join("data"), &["--config", &path.to_string_lossy()], environment)
}

/// A connection to a server's queues, kept from request to request.
struct Client {
    url: String,
    agent: Agent,
}

/// A message that was received.
struct Got {
    /// Its place, to settle it.
    location: String,
    broker: serde_json::Value,
    body: String,
}

impl Client {
    fn new(server: &Server) -> Self {
        let config = Agent::config_builder().http_status_as_error(false).build();
        Self { url: server.bus().to_owned(), agent: config.into() }
    }

    /// `None`: the server is gone.
    fn ask(&self, method: &str, url: &str, broker: Option<&str>, body: &str) -> Option<Response<ureq::Body>> {
        let mut request = Request::builder().method(method).uri(url);
        if let Some(broker) = broker {
            request = request.header("brokerproperties", broker);
        }
        let answer = if body.is_empty() && method == "DELETE" {
            self.agent.run(request.body(()).expect("a request"))
        } else {
            self.agent.run(request.body(body.to_owned()).expect("a request"))
        };
        answer.ok()
    }

    /// Whether a message was taken.
    fn send(&self, queue: &str, id: &str) -> bool {
        let broker = format!("{{\"MessageId\": \"{id}\"}}");
        let url = format!("{}/{queue}/messages", self.url);
        self.ask("POST", &url, Some(&broker), id).is_some_and(|answer| answer.status() == 201)
    }

    /// Locks a message (`POST`) or takes it out (`DELETE`).
    fn receive(&self, method: &str, queue: &str, timeout_s: u32) -> Option<Got> {
        let url = format!("{}/{queue}/messages/head?timeout={timeout_s}", self.url);
        let mut answer = self.ask(method, &url, None, "")?;
        if !["201", "200"].contains(&answer.status().as_str()) {
            return None;
        }
        let header = |name: &str| answer.headers().get(name).map(|value| value.to_str().expect("a text").to_owned());
        let (location, broker) =
            (header("location").unwrap_or_default(), header("brokerproperties").expect("properties"));
        let broker = serde_json::from_str(&broker).expect("JSON");
        Some(Got { location, broker, body: answer.body_mut().read_to_string().ok()? })
    }

    /// Whether a message was completed.
    fn complete(&self, got: &Got) -> bool {
        self.ask("DELETE", &got.location, None, "").is_some_and(|answer| answer.status() == 200)
    }

    /// All that can be received, taken out.
    fn drain(&self, queue: &str) -> Vec<Got> {
        std::iter::from_fn(|| self.receive("DELETE", queue, 0)).collect()
    }
}
