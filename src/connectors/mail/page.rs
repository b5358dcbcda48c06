//! `/dev/mail`: the outbox for a newcomer who tries the shop out, in the look of the page at `/`.
//!
//! Mounted only with the sample shop, beside a listener that this machine alone can reach, and without a mail server;
//! anywhere else the path does not exist. A mail's HTML is shown on a page of its own that may load and run nothing.

use askama::Template;
use axum::{
    Router,
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};

use super::outbox::{Kept, Outbox};

/// `GET /dev/mail`, and each mail's HTML below it.
pub fn routes<S: Clone + Send + Sync + 'static>(outbox: Outbox) -> Router<S> {
    Router::new().route("/dev/mail", get(list)).route("/dev/mail/{name}", get(one)).with_state(outbox)
}

#[derive(Template)]
#[template(path = "connectors/mail/page.html")]
struct List {
    mails: Vec<(String, Kept)>,
}

/// Our own sheet, and nothing else.
const LIST_POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; \
     frame-ancestors 'none'";
/// Mails carry their styles inside, as mail programs want it.
const MAIL_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; \
     frame-ancestors 'none'; sandbox";

async fn list(State(outbox): State<Outbox>) -> Response {
    let Ok(mails) = outbox.newest().await else { return StatusCode::SERVICE_UNAVAILABLE.into_response() };
    match (List { mails }).render() {
        Ok(html) => page(LIST_POLICY, html),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn one(State(outbox): State<Outbox>, Path(name): Path<String>) -> Response {
    match outbox.one(&name).await {
        Ok(Some(mail)) => page(MAIL_POLICY, mail.html),
        Ok(None) => StatusCode::NOT_FOUND.into_response(),
        Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

/// With what the guard adds to every answer.
fn page(policy: &'static str, html: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, policy),
        // A mail's links lead elsewhere, and nobody there need know where it was read.
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    (headers, html).into_response()
}
