//! What surrounds every request of the API: the guest's cookie is added to its response, and other sites' writes are
//! refused. Functions of the one layer around all routes (`http::guard`), because each layer costs.

use std::sync::{Arc, OnceLock};

use axum::{
    extract::Request,
    http::{HeaderValue, Method, header},
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

    /// The request's slot, among its extensions.
    pub fn attach(request: &mut Request) -> Self {
        let slot = Self::default();
        request.extensions_mut().insert(slot.clone());
        slot
    }

    /// Adds the session's cookie to every response, including refusals and time-outs: the request may have been executed,
    /// and the retry must come from the same guest.
    pub fn add_cookie(&self, response: &mut Response) {
        if let Some((_, cookie)) = self.get() {
            response.headers_mut().append(header::SET_COOKIE, cookie.clone());
            // A shared cache must not hand this guest's session to another.
            response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        }
    }

    pub fn fill(&self, principal: Principal, cookie: HeaderValue) -> Principal {
        self.0.get_or_init(|| (principal, cookie)).0.clone()
    }
}

/// Refuses a state-changing request that a browser sends for another site. A bearer token passes: a browser does not
/// send one by itself.
pub async fn same_origin(door: &Door, identity: &Identity, request: Request) -> Result<Request, Response> {
    let safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if safe || request.headers().contains_key(header::AUTHORIZATION) {
        return Ok(request);
    }
    let Err(refused) = door.same_site(request.headers(), request.extensions()) else { return Ok(request) };
    let (parts, _) = request.into_parts();
    let sender = match identity.identify(&parts.headers).await {
        Ok(Some(principal)) => principal.by,
        Ok(None) | Err(_) => "unknown".into(),
    };
    Err(refused.about(|| sender).into_response())
}
