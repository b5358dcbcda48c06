//! Error codes: a stable name, a status and a title each; and the toolkit's own codes.
//!
//! A code, once published, keeps its meaning. Each capability lists its own beside its routes
//! (`shop/<capability>/codes.rs`), as constants of the one type [`Code`]; `docs/errors.md` explains each, and a test in
//! `shop` compares the two.

use axum::http::StatusCode;

/// An error code, compared by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code {
    name: &'static str,
    status: StatusCode,
    title: &'static str,
}

impl Code {
    pub const fn new(name: &'static str, status: StatusCode, title: &'static str) -> Self {
        Self { name, status, title }
    }

    /// The stable name, such as `out_of_stock`.
    pub const fn name(self) -> &'static str {
        self.name
    }

    pub const fn status(self) -> StatusCode {
        self.status
    }

    pub const fn title(self) -> &'static str {
        self.title
    }
}

/// Lists error codes as constants of [`Code`], and all of them as `ALL`.
macro_rules! codes {
    ($($constant:ident = $name:literal, $status:ident, $title:literal;)*) => {
        impl $crate::http::Code {
            $(pub const $constant: Self = Self::new($name, ::axum::http::StatusCode::$status, $title);)*
        }

        pub const ALL: &[$crate::http::Code] = &[$($crate::http::Code::$constant),*];
    };
}
pub(crate) use codes;

codes! {
    BAD_REQUEST = "bad_request", BAD_REQUEST, "The request is malformed";
    BAD_JSON = "bad_json", BAD_REQUEST, "The body is not the JSON that is expected here";
    BAD_PATH = "bad_path", BAD_REQUEST, "A part of the path cannot be read";
    BAD_QUERY = "bad_query", BAD_REQUEST, "The query cannot be read";
    BAD_CURSOR = "bad_cursor", BAD_REQUEST, "The cursor was not made by this list";
    BAD_CONDITION = "bad_condition", BAD_REQUEST, "If-Match does not name a version";
    TOO_MANY_TOPICS = "too_many_topics", BAD_REQUEST, "Too many topics for one stream";
    IDEMPOTENCY_KEY_REQUIRED = "idempotency_key_required", BAD_REQUEST, "This call needs an Idempotency-Key";
    BAD_IDEMPOTENCY_KEY = "bad_idempotency_key", BAD_REQUEST, "The Idempotency-Key cannot be used";
    UNAUTHENTICATED = "unauthenticated", UNAUTHORIZED, "Who is calling is not known";
    INVALID_TOKEN = "invalid_token", UNAUTHORIZED, "The access token is not valid";
    REFRESH_REUSED = "refresh_token_reused", UNAUTHORIZED, "The refresh token was used before";
    ACCOUNT_DISABLED = "account_disabled", FORBIDDEN, "The account is disabled";
    FORBIDDEN = "forbidden", FORBIDDEN, "The caller may not do this";
    SESSION_REQUIRED = "session_required", FORBIDDEN, "An API key cannot do this";
    FOREIGN_ORIGIN = "foreign_origin", FORBIDDEN, "Another site sent this request";
    NOT_FOUND = "not_found", NOT_FOUND, "There is nothing at this address";
    METHOD_NOT_ALLOWED = "method_not_allowed", METHOD_NOT_ALLOWED, "This address does not take this method";
    IDEMPOTENCY_KEY_REUSED = "idempotency_key_reused", CONFLICT, "The Idempotency-Key was used with another content";
    VERSION_CONFLICT = "version_conflict", PRECONDITION_FAILED, "It has changed since it was read";
    BODY_TOO_SLOW = "body_too_slow", REQUEST_TIMEOUT, "The body came too slowly";
    BODY_TOO_LARGE = "body_too_large", PAYLOAD_TOO_LARGE, "The body is too large";
    UNSUPPORTED_MEDIA_TYPE = "unsupported_media_type", UNSUPPORTED_MEDIA_TYPE, "The body must be application/json";
    UPGRADE_REQUIRED = "upgrade_required", UPGRADE_REQUIRED, "This address speaks WebSocket";
    INVALID_FIELD = "invalid_field", UNPROCESSABLE_ENTITY, "A field's value cannot be used";
    TOO_LARGE = "too_large", UNPROCESSABLE_ENTITY, "The command is too large to be stored";
    AMOUNT_OVERFLOW = "amount_overflow", UNPROCESSABLE_ENTITY, "An amount or a count does not fit";
    CURRENCY_MISMATCH = "currency_mismatch", UNPROCESSABLE_ENTITY, "Two currencies do not add up";
    TOO_MANY_REQUESTS = "too_many_requests", TOO_MANY_REQUESTS, "Too many requests";
    OVER_BUDGET = "over_budget", TOO_MANY_REQUESTS, "More changes than the shop takes";
    INTERNAL = "internal", INTERNAL_SERVER_ERROR, "Something went wrong on our side";
    QUARANTINED = "quarantined", INTERNAL_SERVER_ERROR, "The command is set aside";
    BUSY = "busy", SERVICE_UNAVAILABLE, "Too many commands are waiting";
    UNAVAILABLE = "unavailable", SERVICE_UNAVAILABLE, "Not available at the moment";
    NO_ROOM = "no_room", SERVICE_UNAVAILABLE, "There is no room for new work";
    INDEX_BUILDING = "index_building", SERVICE_UNAVAILABLE, "A list is being built";
    TIMED_OUT = "timed_out", GATEWAY_TIMEOUT, "No answer in time";
    INVALID_CREDENTIALS = "invalid_credentials", UNAUTHORIZED, "The log-in failed";
    TOO_MANY_ATTEMPTS = "too_many_attempts", TOO_MANY_REQUESTS, "Too many failed attempts";
}
