//! Two middlewares: one adds the guest's cookie to the response, one refuses other sites' writes.

use std::sync::{Arc, OnceLock};

use axum::{
    extract::{Request, State},
    http::{HeaderValue, Method, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use crate::{
    http::Door,
    identity::{Identity, Principal},
};

/// Where [`super::Caller`] leaves a new or renewed session for the response. Filled once: a second extraction gets the
/// same guest.
#[derive(Clone, Default)]
pub struct GuestSlot(Arc<OnceLock<(Principal, HeaderValue)>>);

impl GuestSlot {
    pub fn get(&self) -> Option<&(Principal, HeaderValue)> {
        self.0.get()
    }

    pub fn fill(&self, principal: Principal, cookie: HeaderValue) -> Principal {
        self.0.get_or_init(|| (principal, cookie)).0.clone()
    }
}

/// Adds the session's cookie to every response, including refusals and time-outs: the request may have been executed,
/// and the retry must come from the same guest.
pub async fn guest_cookie(mut request: Request, next: Next) -> Response {
    let slot = GuestSlot::default();
    request.extensions_mut().insert(slot.clone());
    let mut response = next.run(request).await;
    if let Some((_, cookie)) = slot.get() {
        response.headers_mut().append(header::SET_COOKIE, cookie.clone());
        // A shared cache must not hand this guest's session to another.
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}

/// Refuses state-changing requests that a browser sends for another site. A bearer token passes: a browser does not
/// send one by itself. Use with `from_fn_with_state((door, identity), same_origin)`.
pub async fn same_origin(State((door, identity)): State<(Door, Identity)>, request: Request, next: Next) -> Response {
    let safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if !safe
        && !request.headers().contains_key(header::AUTHORIZATION)
        && let Err(refused) = door.same_site(request.headers(), request.extensions())
    {
        let sender = match identity.identify(request.headers()).await {
            Ok(Some(principal)) => principal.by,
            Ok(None) | Err(_) => "unknown".into(),
        };
        return refused.about(|| sender).into_response();
    }
    next.run(request).await
}
