//! The way of a request through the face.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::HeaderValue;
use axum::http::request::Parts;
use axum::response::Response;

use super::account::{AccountConfig, Accounts};
use super::answer::{Answer, CLIENT_REQUEST_ID, RequestIds, Stamp, VERSION, X_MS_VERSION};
use super::auth::Asked;
use super::body::MAX_BODY;
use super::fault::Fault;
use super::operation::Operation;
use super::policy::Policies;
use super::query::Query;
use super::target::Target;
use super::{entity, message, service};
use crate::queue::Queues;
use crate::queue::room::{Held, Room};

/// Says the time in milliseconds since the epoch.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// What the face is told.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskOptions {
    /// The accounts.
    pub accounts: Accounts,
    /// Bytes of all bodies on their way together, at most; then senders wait.
    pub max_bodies_bytes: usize,
    /// How long a body may take, the wait for room included.
    pub body_wait_ms: u32,
}

impl Default for TaskOptions {
    fn default() -> Self {
        Self { accounts: Accounts::default(), max_bodies_bytes: 64 << 20, body_wait_ms: 30_000 }
    }
}

/// The task-queue face over a store of queues.
pub struct TaskFace {
    pub(super) queues: Queues,
    /// Whose turn it is to set properties.
    pub(super) properties: Mutex<()>,
    accounts: Accounts,
    clock: Clock,
    request_ids: RequestIds,
    room: Room,
}

/// A request that was let in.
pub(super) struct Call<'a> {
    pub(super) face: &'a TaskFace,
    pub(super) parts: &'a Parts,
    pub(super) query: &'a Query<'a>,
    pub(super) target: &'a Target<'a>,
    pub(super) account: &'a AccountConfig,
    /// The queue that is meant, by its name among all.
    pub(super) entity: &'a str,
    pub(super) now_ms: i64,
}

impl TaskFace {
    /// Makes the face; `seed` makes ids of requests differ from run to run.
    #[must_use]
    pub fn new(queues: Queues, options: TaskOptions, clock: Clock, seed: u64) -> Self {
        let TaskOptions { accounts, max_bodies_bytes, body_wait_ms } = options;
        let room = Room::new(max_bodies_bytes, MAX_BODY, Duration::from_millis(body_wait_ms.into()));
        let properties = Mutex::new(());
        Self { queues, properties, accounts, clock, request_ids: RequestIds::new(seed), room }
    }

    /// The routes.
    pub fn into_router(self) -> Router {
        Router::new().fallback(handle).with_state(Arc::new(self))
    }

    async fn answer(&self, parts: &Parts, body: Body, now_ms: i64) -> Result<Answer, Fault> {
        let target = Target::parse(parts.uri.path())?;
        let query = Query::parse(parts.uri.query());
        target.resource.check()?;
        let operation = Operation::of(&parts.method, &target.resource, &query)?;
        let account = self.accounts.get(&target.account).ok_or_else(Fault::no_account)?;
        let entity = entity::name(account, target.resource.queue().unwrap_or_default());
        Asked { parts, target: &target, query: &query, operation, account, now_ms }.admit(|policy| {
            let description = self.queues.describe(&entity).ok()?;
            Policies::kept(&description.face).find(policy)
        })?;
        let call = Call { face: self, parts, query: &query, target: &target, account, entity: &entity, now_ms };
        call.perform(operation, body).await
    }
}

impl<'a> Call<'a> {
    async fn perform(&self, operation: Operation, body: Body) -> Result<Answer, Fault> {
        match operation {
            Operation::ListQueues => service::list(self),
            Operation::GetProperties => Ok(service::properties(self)),
            Operation::SetProperties => service::set_properties(self, body).await,
            Operation::GetStatistics => service::statistics(self),
            Operation::CreateQueue => entity::create(self).await,
            Operation::DeleteQueue => entity::delete(self).await,
            Operation::GetMetadata => entity::metadata(self),
            Operation::SetMetadata => entity::set_metadata(self).await,
            Operation::GetPolicies => entity::policies(self),
            Operation::SetPolicies => entity::set_policies(self, body).await,
            Operation::Put => message::put(self, body).await,
            Operation::Get => message::get(self).await,
            Operation::Peek => message::peek(self).await,
            Operation::Clear => message::clear(self).await,
            Operation::Update => message::update(self, body).await,
            Operation::Delete => message::delete(self).await,
        }
    }

    /// The body of the request.
    pub(super) async fn body(&self, body: Body) -> Result<Held<'a>, Fault> {
        Ok(self.face.room.read(&self.parts.headers, body).await?)
    }
}

async fn handle(State(face): State<Arc<TaskFace>>, request: Request) -> Response {
    let now_ms = (face.clock)();
    let (parts, body) = request.into_parts();
    let client_id = parts.headers.get(CLIENT_REQUEST_ID).cloned();
    let version = version(parts.headers.get(X_MS_VERSION));
    let request_id = face.request_ids.next();
    let stamp = Stamp { request_id, version: version.as_ref().map_or(VERSION, Clone::clone), client_id, now_ms };
    let outcome = match version {
        Ok(_) => face.answer(&parts, body, now_ms).await,
        Err(fault) => Err(fault),
    };
    stamp.response(outcome)
}

/// The version that a request speaks: any day, since later ones differ in what is not used here.
fn version(header: Option<&HeaderValue>) -> Result<HeaderValue, Fault> {
    let Some(value) = header else { return Ok(VERSION) };
    let bad = || Fault::bad_header("x-ms-version", &String::from_utf8_lossy(value.as_bytes()));
    let text = value.to_str().ok().filter(|text| text.len() == 10).ok_or_else(bad)?;
    chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().ok_or_else(bad)?;
    Ok(value.clone())
}
