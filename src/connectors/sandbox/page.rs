//! The provider's own page, where the customer answers a `requires_action`: mounted only where the sandbox is on.
//!
//! It belongs to the provider, not to the shop: it changes the sandbox's books and sends the webhook, which the shop
//! receives like any other. Every holder of the link may answer, as on a real provider's page.

use axum::{
    Router,
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};

use crate::domain::money::Money;

use super::{
    CustomerError, SandboxProvider, Verdict,
    ledger::{self, Status},
};

/// `GET /sandbox/continue/{reference}`, and `POST` with `/approve` or `/decline` behind it.
pub fn routes<S: Clone + Send + Sync + 'static>(sandbox: SandboxProvider) -> Router<S> {
    Router::new()
        .route("/sandbox/continue/{reference}", get(ask))
        .route("/sandbox/continue/{reference}/{verdict}", post(answer))
        .with_state(sandbox)
}

async fn ask(State(sandbox): State<SandboxProvider>, Path(reference): Path<String>) -> Response {
    let Some(payment) = ledger::payment_of(&reference) else { return unknown() };
    let reference = ledger::reference(payment);
    let charge = sandbox.with(|ledger| ledger.charge(payment).map(|charge| (charge.amount, charge.status.clone())));
    let (amount, status) = charge.unwrap_or((None, Status::RequiresAction));
    match status {
        Status::RequiresAction => {
            let sum = amount.map(|amount| format!(" of <strong>{}</strong>", readable(amount))).unwrap_or_default();
            let form = |verdict: &str, label: &str| {
                format!(
                    r#"<form method="post" action="/sandbox/continue/{reference}/{verdict}"><button>{label}</button></form>"#
                )
            };
            let (yes, no) = (form("approve", "Approve"), form("decline", "Decline"));
            page(StatusCode::OK, &format!("<p>The shop asks for a payment{sum}.</p>{yes}{no}"))
        }
        Status::Authorized | Status::Captured => page(StatusCode::OK, "<p>This payment is approved.</p>"),
        Status::Declined { .. } => page(StatusCode::OK, "<p>This payment was declined.</p>"),
        Status::Voided => page(StatusCode::OK, "<p>This payment was given up by the shop.</p>"),
    }
}

async fn answer(State(sandbox): State<SandboxProvider>, Path((reference, word)): Path<(String, String)>) -> Response {
    let verdict = match word.as_str() {
        "approve" => Verdict::Approve,
        "decline" => Verdict::Decline,
        _ => return unknown(),
    };
    let Some(payment) = ledger::payment_of(&reference) else { return unknown() };
    match sandbox.customer_says(payment, verdict) {
        Ok(Status::Declined { .. }) => page(StatusCode::OK, "<p>Declined. You may close this page.</p>"),
        Ok(_) => page(StatusCode::OK, "<p>Approved. You may close this page.</p>"),
        Err(error @ CustomerError::Settled { .. }) => page(StatusCode::CONFLICT, &format!("<p>Too late: {error}.</p>")),
        Err(CustomerError::Full(_)) => {
            let busy = page(StatusCode::SERVICE_UNAVAILABLE, "<p>The provider is busy. Please try again.</p>");
            ([(header::RETRY_AFTER, "1")], busy).into_response()
        }
    }
}

fn unknown() -> Response {
    page(StatusCode::NOT_FOUND, "<p>There is no such payment.</p>")
}

/// `body` is safe HTML: of the request it contains only a parsed reference.
fn page(status: StatusCode, body: &str) -> Response {
    let html = format!(
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>\
         <title>Sandbox payment</title><style>body{{font:18px/1.5 system-ui;max-width:28em;margin:4em auto;padding:0 1em}}\
         form{{display:inline}}button{{font:inherit;padding:.4em 1.2em;margin-right:1em}}</style>\
         <h1>Sandbox payment</h1>{body}</html>"
    );
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'",
        ),
    ];
    (status, headers, html).into_response()
}

/// `19.99 EUR`; the digits after the point are ISO 4217's.
fn readable(money: Money) -> String {
    let digits: u32 = match money.currency.as_str() {
        "JPY" | "KRW" | "CLP" | "ISK" | "VND" => 0,
        "BHD" | "JOD" | "KWD" | "OMR" | "TND" => 3,
        _ => 2,
    };
    let unit = 10_u64.pow(digits);
    let amount = money.amount.unsigned_abs();
    let sign = if money.amount < 0 { "-" } else { "" };
    match digits {
        0 => format!("{sign}{amount} {}", money.currency),
        _ => format!("{sign}{}.{:0width$} {}", amount / unit, amount % unit, money.currency, width = digits as usize),
    }
}
