//! Why a webhook is not taken, as problem+json.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use crate::actors::ports::WebhookRefusal;

use super::PaymentsFault;

#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum WebhookProblem {
    #[error("there is no such payment provider")]
    UnknownProvider,
    #[error(transparent)]
    Refused(#[from] WebhookRefusal),
    #[error(transparent)]
    Unavailable(#[from] PaymentsFault),
}

impl WebhookProblem {
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownProvider => "unknown_provider",
            Self::Refused(WebhookRefusal::BadSignature) => "bad_signature",
            Self::Refused(WebhookRefusal::TooOld { .. }) => "stale_signature",
            Self::Refused(WebhookRefusal::Malformed(_)) => "bad_request",
            Self::Unavailable(_) => "unavailable",
        }
    }

    pub fn status(&self) -> StatusCode {
        match self {
            Self::UnknownProvider => StatusCode::NOT_FOUND,
            Self::Refused(_) => StatusCode::BAD_REQUEST,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

impl IntoResponse for WebhookProblem {
    fn into_response(self) -> Response {
        let status = self.status();
        let body = serde_json::json!({
            "type": format!("/errors/{}", self.code()),
            "title": "The webhook was not taken",
            "status": status.as_u16(),
            "code": self.code(),
            "detail": self.to_string(),
        });
        let mut response = (status, body.to_string()).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Self::Unavailable(fault) = &self {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(fault.retry_after_ms.div_ceil(1000).max(1)));
        }
        response
    }
}
