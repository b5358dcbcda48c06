//! Each refusal of an API key and the problem it becomes: one exhaustive table.

use crate::{
    domain::api_key::{ApiKey, ApiKeyRejection},
    http::{Code, Problem},
};

impl From<ApiKeyRejection> for Problem {
    fn from(refusal: ApiKeyRejection) -> Self {
        let detail = refusal.to_string();
        match refusal {
            // Of a place; an account's places are tried one after the other.
            ApiKeyRejection::Taken => Problem::new(Code::TOO_MANY_API_KEYS, detail).with("max", ApiKey::PLACES),
            ApiKeyRejection::Unknown => Problem::new(Code::UNKNOWN_API_KEY, detail),
            ApiKeyRejection::BadName { max } => Problem::field("name", detail).with("max", max),
            ApiKeyRejection::BadPermissions { given: _, max } => Problem::field("permissions", detail).with("max", max),
            ApiKeyRejection::BadLife { max } => Problem::field("expires_in_days", detail).with("max", max),
            ApiKeyRejection::BadOverlap { max } => Problem::field("overlap_seconds", detail).with("max", max),
        }
    }
}
