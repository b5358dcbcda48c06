//! One header for every response that rests on views which may be old: `souk-stale: 1`.
//!
//! A handler, or the toolkit on its behalf, notes that a view could not be proven current; the guard around the request
//! sets the header on whatever the handler returned. A task-local value, so that no handler has to carry it.

use std::cell::Cell;

use axum::{
    http::{HeaderName, HeaderValue},
    response::Response,
};

/// The view may be old, but is consistent.
const STALE: HeaderName = HeaderName::from_static("souk-stale");

tokio::task_local! {
    static UNPROVEN: Cell<bool>;
}

/// The response of the request under way may be old. Without effect outside a request.
pub fn unproven() {
    let _ = UNPROVEN.try_with(|unproven| unproven.set(true));
}

/// Runs a request, and marks its response where something in it was not proven.
pub(super) async fn marked(request: impl Future<Output = Response>) -> Response {
    UNPROVEN
        .scope(Cell::new(false), async {
            let mut response = request.await;
            if UNPROVEN.with(Cell::get) {
                response.headers_mut().insert(STALE, HeaderValue::from_static("1"));
            }
            response
        })
        .await
}

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse;

    use super::*;

    #[tokio::test]
    async fn a_response_is_marked_by_what_its_own_request_noted() {
        let (old, new) = tokio::join!(
            marked(async {
                tokio::task::yield_now().await;
                unproven();
                "old".into_response()
            }),
            marked(async { "new".into_response() })
        );
        assert_eq!(
            (old.headers().get(STALE).map(HeaderValue::as_bytes), new.headers().get(STALE)),
            (Some(&b"1"[..]), None)
        );
        unproven();
    }
}
