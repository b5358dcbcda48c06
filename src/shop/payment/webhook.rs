//! `POST /api/payments/webhooks/{provider}`: what a payment provider says by itself.
//!
//! The signature over the raw body is verified first, then the news becomes a command to the payment, whose id is
//! derived from the event's: a duplicate has no second effect, and a late one moves nothing backwards. Answers:
//! 200 when the payment has it, will never take it, or it is not for us (`ignored: true`; a provider repeats on anything
//! else, for days, and repeating would not help); 404 only for a provider we do not have; 400 for a bad signature or
//! body; 503 when it cannot be verified or the payment cannot be asked now, so that the provider comes again.

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
use utoipa_axum::{router::OpenApiRouter, routes};

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
    OpenApiRouter::default().routes(routes!(webhook)).layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
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
