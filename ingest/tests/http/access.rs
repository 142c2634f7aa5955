//! Keys, and who may listen where.

use std::net::SocketAddr;
use std::sync::Arc;

use tollgate_ingest::access::{Access, AccessConfig, KeyConfig, Right};
use tollgate_ingest::http::{Endpoint, HttpConfig};
use tollgate_ingest::log::{Store, StoreOptions};
use tollgate_ingest::metrics::Metrics;
use tollgate_ingest::{Error, system_clock};

use crate::common::{NOON_MS, Server, python};

const KEY: &str = "c2VjcmV0LXNlY3JldC1zZWNyZXQ=";

fn locked() -> Server {
    let key = |name: &str, rights: &[Right], hubs: Option<&str>| KeyConfig {
        name: name.into(),
        key: KEY.into(),
        rights: rights.to_vec(),
        hubs: hubs.map(|hub| vec![hub.into()]),
    };
    let keys = vec![
        key("root", &[Right::Manage], None),
        key("cameras", &[Right::Send], Some("images")),
        key("readers", &[Right::Listen], None),
    ];
    Server::with(HttpConfig::default(), &AccessConfig { keys, allow_open: false }, StoreOptions::default())
}

/// Signs with the original's own Python client, whose tokens are good for an hour.
const SIGN: &str = "
import sys
from azure.eventhub import EventHubSharedKeyCredential
key, name, uri = sys.argv[1:]
token = EventHubSharedKeyCredential(name, key).get_token(uri).token
print(token.decode() if isinstance(token, bytes) else token)
";

/// Signs as the original's documentation shows it for Python.
const SIGN_BY_HAND: &str = "
import sys, hmac, hashlib, base64, urllib.parse
for line in sys.argv[2:]:
    uri, name, expiry = line.split()
    sr = urllib.parse.quote_plus(uri)
    digest = hmac.new(sys.argv[1].encode(), f'{sr}\\n{expiry}'.encode(), hashlib.sha256).digest()
    sig = urllib.parse.quote_plus(base64.b64encode(digest))
    print(f'SharedAccessSignature sr={sr}&sig={sig}&se={expiry}&skn={name}')
";

fn sign(lines: &[String]) -> Option<Vec<String>> {
    let arguments: Vec<&str> = [KEY].into_iter().chain(lines.iter().map(String::as_str)).collect();
    Some(python(&["hmac"], SIGN_BY_HAND, &arguments)?.lines().map(str::to_owned).collect())
}

#[test]
fn signed_requests_pass_as_far_as_their_key_goes() {
    let server = locked();
    let later = NOON_MS / 1000 + 60;
    let lines = [
        format!("https://ns.example/ root {later}"),
        format!("https://ns.example/images cameras {later}"),
        format!("sb://ns.example/ readers {later}"),
        format!("https://ns.example/images/publishers/cam-1 cameras {later}"),
        format!("https://ns.example/ nobody {later}"),
        format!("https://ns.example/ root {}", NOON_MS / 1000),
        format!("https://ns.example/lanes/7 cameras {later}"),
    ];
    let Some(tokens) = sign(&lines) else { return };
    let [root, cameras, readers, publisher, nobody, late, lane] = tokens.as_slice() else { panic!("{tokens:?}") };
    let ask = |method: &str, path: &str, token: &str| {
        let headers = [("authorization", token)];
        server.ask(method, path, if token.is_empty() { &[] } else { &headers }, b"\xff\xd8\xff")
    };
    let ok = |method: &str, path: &str, token: &str| assert!(ask(method, path, token).status < 300, "{method} {path}");
    let no = |method: &str, path: &str, token: &str, status, code: &str| {
        let reply = ask(method, path, token);
        assert_eq!(reply.refusal(), (status, code.into()), "{method} {path}");
        assert_eq!(reply.header("www-authenticate").is_some(), status == 401);
        assert!(!reply.text().contains(KEY));
    };
    let (send, read) = ("/images/messages", "/images/partitions/0/messages");
    for path in [send, "/telemetry/messages", "/lanes/7/images"] {
        ok("POST", path, root);
    }
    ok("GET", read, root);
    ok("POST", send, cameras);
    ok("POST", "/lanes/7/images", cameras);
    ok("POST", "/images/publishers/cam-1/messages", cameras);
    no("GET", read, cameras, 403, "forbidden");
    no("POST", "/telemetry/messages", cameras, 403, "forbidden");
    no("DELETE", "/images", cameras, 403, "forbidden");
    ok("GET", read, readers);
    no("POST", send, readers, 403, "forbidden");
    ok("POST", "/images/publishers/cam-1/messages", publisher);
    no("POST", "/images/publishers/cam-2/messages", publisher, 403, "forbidden");
    no("POST", send, publisher, 403, "forbidden");
    ok("POST", "/lanes/7/images", lane);
    no("POST", "/lanes/8/images", lane, 403, "forbidden");
    no("POST", send, nobody, 401, "unknown-key");
    no("POST", send, late, 401, "expired-signature");
    no("POST", send, &root.replace("root", "cameras").replace("sig=", "sig=AA"), 401, "malformed-key");
    no("POST", send, &root.replace("ns.example", "other.example"), 401, "wrong-key");
    no("POST", send, "Bearer x", 401, "malformed-key");
    no("POST", send, "", 401, "missing-key");
    // What is not there is not told to who has no right to it.
    no("POST", "/nothing/messages", cameras, 403, "forbidden");
    no("POST", "/nothing/messages", root, 404, "no-hub");
    assert_eq!(ask("GET", "/hubs", cameras).json()["hubs"].as_array().unwrap().len(), 1);
    assert_eq!(ask("GET", "/hubs", readers).json()["hubs"].as_array().unwrap().len(), 2);
    for open in ["/healthz", "/readyz", "/metrics"] {
        ok("GET", open, "");
    }
    server.wait_for_metric("tollgate_refusals_total{listener=\"http\",reason=\"expired-signature\"} 1");
    server.wait_for_metric("tollgate_refusals_total{listener=\"http\",reason=\"missing-key\"} 1");
}

#[test]
fn the_originals_client_signs_as_is_expected_here() {
    let arguments = [KEY, "cameras", "sb://ns.example/images"];
    let Some(printed) = python(&["azure.eventhub"], SIGN, &arguments) else { return };
    let server = locked();
    let now = system_clock()();
    server.now_ms.store(now, std::sync::atomic::Ordering::SeqCst);
    let token = [("authorization", printed.trim())];
    assert_eq!(server.ask("POST", "/images/messages", &token, b"x").status, 201);
    assert_eq!(server.ask("POST", "/telemetry/messages", &token, b"x").refusal(), (403, "forbidden".into()));
    server.now_ms.store(now + 3_700_000, std::sync::atomic::Ordering::SeqCst);
    assert_eq!(server.ask("POST", "/images/messages", &token, b"x").refusal(), (401, "expired-signature".into()));
}

#[test]
fn an_open_endpoint_stays_on_loopback() {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(Store::open(folder.path(), StoreOptions::default()).unwrap().0);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let bind = |config: HttpConfig, access: AccessConfig| {
        let access = Arc::new(Access::new(&access).unwrap());
        let bound = Endpoint::bind(config, Arc::clone(&store), access, Arc::new(Metrics::new()), system_clock());
        runtime.block_on(bound)
    };
    let everywhere = HttpConfig { address: SocketAddr::from(([0, 0, 0, 0], 0)), ..HttpConfig::default() };
    let refused = bind(everywhere.clone(), AccessConfig::default()).map(|_| ()).unwrap_err();
    assert!(matches!(refused, Error::OpenListener { .. }) && refused.to_string().contains("allow_open"), "{refused}");
    let meant = bind(everywhere, AccessConfig { allow_open: true, ..AccessConfig::default() });
    let taken = HttpConfig { address: meant.as_ref().unwrap().local_addr(), ..HttpConfig::default() };
    let refused = bind(taken, AccessConfig { allow_open: true, ..AccessConfig::default() }).map(|_| ()).unwrap_err();
    assert!(matches!(refused, Error::Listen { .. }), "{refused}");
    let zero = HttpConfig { max_body_bytes: 0, ..HttpConfig::default() };
    assert!(matches!(bind(zero, AccessConfig::default()), Err(Error::BadHttp { .. })));
}
