//! Why a webhook is refused, and the problem it becomes.

use axum::response::{IntoResponse, Response};

use super::PaymentsFault;
use crate::{
    connectors::webhook::WebhookRefusal,
    http::{Code, Problem},
};

/// Time until a provider that could not verify its webhook should send it again.
const RETRY_AFTER_MS: u64 = 5_000;

#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum WebhookProblem {
    #[error("there is no such payment provider")]
    UnknownProvider,
    #[error(transparent)]
    Refused(#[from] WebhookRefusal),
    #[error(transparent)]
    Unavailable(#[from] PaymentsFault),
}

impl From<WebhookProblem> for Problem {
    fn from(refused: WebhookProblem) -> Self {
        use WebhookProblem as P;
        let detail = refused.to_string();
        let problem = |code| Problem::new(code, detail.clone());
        match refused {
            // The provider is a part of the address here; in a payment's body it is `unknown_provider`.
            P::UnknownProvider => problem(Code::NOT_FOUND),
            P::Refused(WebhookRefusal::BadSignature) => problem(Code::BAD_SIGNATURE).alarm(),
            P::Refused(WebhookRefusal::TooOld { .. }) => problem(Code::STALE_SIGNATURE).alarm(),
            P::Refused(WebhookRefusal::Malformed(_)) => problem(Code::BAD_REQUEST),
            P::Refused(WebhookRefusal::Unverifiable(_)) => Problem::unavailable(&detail, RETRY_AFTER_MS),
            P::Unavailable(fault) => Problem::unavailable(&fault.reason, fault.retry_after_ms),
        }
    }
}

impl IntoResponse for WebhookProblem {
    fn into_response(self) -> Response {
        Problem::from(self).into_response()
    }
}
