//! `/live` (WebSocket) and `/live/sse` (server-sent events): the two ways to the live feed.
//!
//! [`ws`] and [`sse`] carry the same frames; [`session`] handles clients' messages, [`rate_limit`] bounds their rate
//! and [`admission`] decides who may connect. [`LiveState::authorise`] identifies the caller, so that this room needs
//! no identity of its own. The registry of `live` has the topics: none is named here.

mod admission;
mod rate_limit;
pub mod session;
mod sse;
mod wire;
mod ws;

use std::sync::Arc;

use axum::{
    Router,
    http::HeaderMap,
    middleware,
    response::{IntoResponse, Response},
    routing::{any, get},
};
use futures::future::BoxFuture;

pub use self::wire::Wire;
use super::{Door, Problem, guard};
use crate::{
    config::Live,
    identity::AuthError,
    live::{Audience, Listeners},
};

/// What a client shows.
#[derive(Clone, Copy, Debug)]
pub enum Credentials<'a> {
    /// The handshake's headers: cookie, `Authorization`.
    Handshake(&'a HeaderMap),
    /// The access token of an `authenticate` message.
    Token(&'a str),
}

/// A caller without credentials is a guest, not an error.
pub type Authorise = dyn for<'a> Fn(Credentials<'a>) -> BoxFuture<'a, Result<Audience, AuthError>> + Send + Sync;

#[derive(Clone)]
pub struct LiveState {
    pub listeners: Listeners,
    pub door: Door,
    pub authorise: Arc<Authorise>,
}

impl LiveState {
    /// The hub's: one section of the configuration bounds both sides.
    fn limits(&self) -> &Live {
        self.listeners.hub().limits()
    }
}

/// Serve it with `into_make_service_with_connect_info::<SocketAddr>()`: the bound for each address counts by it.
pub fn router(state: LiveState) -> Router {
    let around = middleware::from_fn_with_state(state.door.clone(), guard::around_live);
    Router::new()
        .route("/live", any(ws::open))
        .route("/live/sse", get(sse::open).fallback(guard::wrong_method))
        .layer(around)
        .with_state(state)
}

/// Counts callers refused before they connect.
fn refused(problem: Problem) -> Response {
    metrics::counter!("souk_live_refused_total", "code" => problem.code.name()).increment(1);
    problem.into_response()
}
