//! The error codes of API keys. A code, once published, keeps its meaning; `docs/errors.md` explains each.

use crate::http::error::codes;

codes! {
    UNKNOWN_API_KEY = "unknown_api_key", NOT_FOUND, "The account has no such key";
    TOO_MANY_API_KEYS = "too_many_api_keys", CONFLICT, "The account has as many keys as it may";
}
