//! `POST /api/payments/webhooks/{provider}`: a payment provider's events.
//!
//! The signature over the raw body is verified first, then the event becomes a command to the payment, with an id
//! derived from the event's: a duplicate has no second effect, and a late event moves nothing backwards. Responses: 200
//! when the payment has the event, will never accept it, or the event is not for the shop (`ignored: true`; a provider
//! repeats after any other response, for days, and repeating would not help); 404 only for an unknown provider; 400 for
//! a bad signature or body; 503 when the event cannot be verified or the payment is not available now, so that the
//! provider repeats the event.

mod problem;
mod receiver;

use axum::{
    Json,
    body::Bytes,
    extract::{DefaultBodyLimit, FromRef, Path, State},
    http::HeaderMap,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;

use crate::http::auth::{Public, declared};

pub use problem::WebhookProblem;
pub use receiver::{Payments, PaymentsFault, Told, WebhookReceiver};

/// Bytes of a webhook's body. Providers' events are a few KiB.
const BODY_BYTES_MAX: usize = 64 * 1024;

#[derive(Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WebhookReceipt {
    pub received: bool,
    /// True when the payment refuses the news for good (there is no such payment), or the event is not for the shop.
    pub ignored: bool,
}

pub fn routes<S>() -> OpenApiRouter<S>
where
    S: Clone + Send + Sync + 'static,
    WebhookReceiver: FromRef<S>,
{
    OpenApiRouter::default().routes(declared!(webhook)).layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
}

/// A payment provider reports what became of a payment
#[utoipa::path(post, path = "/api/payments/webhooks/{provider}", tag = "Payments",
    params(("provider" = String, Path, description = "e.g. `sandbox`")),
    request_body(content = String, content_type = "application/json", description = "the provider's signed event"),
    responses(
        (status = 200, description = "taken, or of no use", body = WebhookReceipt),
        (status = 400, description = "`bad_signature`, `stale_signature`, `bad_request`", content_type = "application/problem+json"),
        (status = 404, description = "`not_found`: there is no such provider", content_type = "application/problem+json"),
        (status = 503, description = "`unavailable`, with Retry-After", content_type = "application/problem+json"),
    ))]
async fn webhook(
    _: Public,
    State(receiver): State<WebhookReceiver>,
    Path(provider): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<WebhookReceipt>, WebhookProblem> {
    let told = receiver.receive(&provider, &headers, &body).await?;
    Ok(Json(WebhookReceipt { received: true, ignored: told == Told::Ignored }))
}

#[cfg(test)]
mod tests;
