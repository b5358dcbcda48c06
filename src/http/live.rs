//! `/live` (WebSocket) and `/live/sse` (server-sent events): the hub's two doors.
//!
//! [`ws`] and [`sse`] carry the same frames; [`session`] reads what clients say and [`pace`] how often they may;
//! [`door`] decides who may come in at all. Who the caller is comes through [`LiveState::authorise`], so that this room needs no identity of its own.

mod door;
mod pace;
pub mod session;
mod sse;
mod ws;

use std::sync::Arc;

use axum::{
    Router,
    http::HeaderMap,
    response::{IntoResponse, Response},
    routing::{any, get},
};

use super::Problem;
use crate::live::{Audience, Hub};

/// The request's credentials are present and not valid; a caller without any is a guest, not an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the credentials are not valid or have ended")]
pub struct BadCredentials;

/// From a request's headers (cookie, `Authorization`), or from the access token of an `authenticate` message when
/// there is one. Must not block: it runs on the worker that drives the socket.
pub type Authorise = dyn Fn(&HeaderMap, Option<&str>) -> Result<Audience, BadCredentials> + Send + Sync;

#[derive(Clone)]
pub struct LiveState {
    pub hub: Hub,
    pub authorise: Arc<Authorise>,
}

/// Serve it with `into_make_service_with_connect_info::<SocketAddr>()`: the bound for each address counts by it.
pub fn router(state: LiveState) -> Router {
    Router::new().route("/live", any(ws::open)).route("/live/sse", get(sse::open)).with_state(state)
}

/// Counts what is refused at the door.
fn refused(problem: Problem) -> Response {
    metrics::counter!("souk_live_refused_total", "code" => problem.code.name()).increment(1);
    problem.into_response()
}
