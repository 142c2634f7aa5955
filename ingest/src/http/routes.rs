//! Which path leads where, and what is counted of each request.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};

use super::fault::{Fault, Outcome};
use super::login::refuse_other_sites;
use super::shared::{HTTP, Shared};
use super::{fetch, health, hubs, image, login, send};
use crate::access::Right;
use crate::metrics::RequestLabels;

/// All routes of the endpoint itself.
pub(super) fn all(shared: &Arc<Shared>) -> Router {
    let named = |api: &'static str, route: MethodRouter<Arc<Shared>>| {
        route.route_layer(from_fn_with_state((Arc::clone(shared), api), count))
    };
    let hub = named("get_hub", get(hubs::get))
        .merge(named("put_hub", axum::routing::put(hubs::put)))
        .merge(named("delete_hub", axum::routing::delete(hubs::delete)));
    Router::new()
        .route("/healthz", named("healthz", get(health::alive)))
        .route("/readyz", named("readyz", get(health::ready)))
        .route("/metrics", named("metrics", get(health::metrics)))
        .route("/login", named("login", post(login::login)))
        .route("/logout", named("logout", post(login::logout)))
        .route("/hubs", named("list_hubs", get(hubs::list)))
        .route("/lanes/{lane}/images", named("post_image", post(image::take)))
        .route("/{hub}", hub)
        .route("/{hub}/messages", named("post_messages", post(send::to_hub)))
        .route("/{hub}/publishers/{name}/messages", named("post_publisher_messages", post(send::as_publisher)))
        .route("/{hub}/partitions/{partition}/messages", named("get_messages", get(fetch::messages)))
        .fallback(unknown)
        .method_not_allowed_fallback(not_so)
        .with_state(Arc::clone(shared))
}

/// Somebody else's routes, for those who have this right on a hub.
pub(super) fn guarded(routes: Router, shared: &Arc<Shared>, hub: &str, right: Right) -> Router {
    let guard = (Arc::clone(shared), Arc::<str>::from(hub), right);
    routes.route_layer(from_fn_with_state(guard, admit))
}

async fn admit(
    State((shared, hub, right)): State<(Arc<Shared>, Arc<str>, Right)>,
    request: Request,
    next: Next,
) -> Response {
    let passes = if request.method().is_safe() { Ok(()) } else { refuse_other_sites(request.headers()) };
    match passes.and_then(|()| shared.admit(request.headers(), &[&hub], &hub, right)) {
        Ok(()) => next.run(request).await,
        Err(fault) => fault.into_response(),
    }
}

async fn count(State((shared, api)): State<(Arc<Shared>, &'static str)>, request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let outcome = response.extensions().get().map_or("ok", |&Outcome(code)| code);
    shared.metrics.requests.get_or_create(&RequestLabels { protocol: HTTP, api, outcome }).inc();
    response
}

async fn unknown(State(shared): State<Arc<Shared>>) -> Fault {
    let labels = RequestLabels { protocol: HTTP, api: "none", outcome: "no-path" };
    shared.metrics.requests.get_or_create(&labels).inc();
    Fault::new(StatusCode::NOT_FOUND, "no-path", "there is no such path; see the manual for those there are")
}

async fn not_so(State(shared): State<Arc<Shared>>) -> Fault {
    let labels = RequestLabels { protocol: HTTP, api: "none", outcome: "no-method" };
    shared.metrics.requests.get_or_create(&labels).inc();
    Fault::new(StatusCode::METHOD_NOT_ALLOWED, "no-method", "the path does not know this method")
}
