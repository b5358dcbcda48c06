//! `Idempotency-Key`: how a caller's key becomes the id of a command, so that a retry has one effect.
//!
//! The id is a UUIDv5 (RFC 9562) of caller, route and key: two callers, or two routes, never share one. Deliberately
//! absent: a table of keys and responses. The entity remembers the id with its state (G3), or the id names the created
//! entity (an order, a payment, a parcel), which then exists already.

use std::num::NonZeroU64;

use axum::{extract::FromRequestParts, http::request::Parts};
use serde::Serialize;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{Code, Problem};
use crate::domain::ids::UserId;

/// This project's namespace, made once at random; a change would make every retry across an upgrade a new request.
const NAMESPACE: Uuid = Uuid::from_u128(0x6f0c_1c2e_7a53_4d0e_9b53_1f6a_50c4_8a11);

pub const HEADER: &str = "idempotency-key";
pub const KEY_BYTES_MAX: usize = 255;

/// A required key: 1 to 255 printable ASCII characters.
#[derive(Debug, PartialEq)]
pub struct IdempotencyKey(String);

/// An optional key.
pub struct OptionalKey(pub Option<IdempotencyKey>);

impl IdempotencyKey {
    pub fn parse(text: &[u8]) -> Result<Self, Problem> {
        let printable = text.iter().all(|byte| (0x20..0x7f).contains(byte));
        match std::str::from_utf8(text) {
            Ok(key) if printable && (1..=KEY_BYTES_MAX).contains(&key.len()) => Ok(Self(key.to_owned())),
            _ => Err(Problem::new(Code::BAD_IDEMPOTENCY_KEY, "a key has 1 to 255 printable ASCII characters")),
        }
    }

    /// The id of this call's command or created entity.
    pub fn name(&self, user: UserId, route: &str) -> Uuid {
        // The user's id has a fixed length and a route holds no line break: no two triples read the same.
        Uuid::new_v5(&NAMESPACE, format!("{user}\n{route}\n{}", self.0).as_bytes())
    }
}

/// The fingerprint of a request's content: equal bodies give equal numbers, regardless of spacing or order of members,
/// because the parsed body is hashed.
pub fn fingerprint(route: &str, body: &impl Serialize) -> NonZeroU64 {
    let mut hash = Sha256::new();
    hash.update(route.as_bytes());
    hash.update(b"\n");
    // The project's request shapes always serialise; a failure would only weaken the comparison.
    hash.update(serde_json::to_vec(body).unwrap_or_default());
    let digest = hash.finalize();
    let number = digest.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte));
    NonZeroU64::new(number).unwrap_or(NonZeroU64::MIN)
}

impl<S: Send + Sync> FromRequestParts<S> for OptionalKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.headers.get(HEADER).map(|value| IdempotencyKey::parse(value.as_bytes())).transpose().map(Self)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let OptionalKey(key) = OptionalKey::from_request_parts(parts, state).await?;
        key.ok_or_else(|| Problem::new(Code::IDEMPOTENCY_KEY_REQUIRED, "send an Idempotency-Key, the same on retries"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_retry_names_the_same_thing_and_nobody_else_does() {
        let (key, other) = (IdempotencyKey::parse(b"k1").unwrap(), IdempotencyKey::parse(b"k2").unwrap());
        let (ann, bob) = (UserId(Uuid::from_u128(1)), UserId(Uuid::from_u128(2)));
        let name = key.name(ann, "checkout");
        assert_eq!(name, key.name(ann, "checkout"));
        assert_eq!(name.get_version_num(), 5);
        for different in [key.name(bob, "checkout"), key.name(ann, "payments"), other.name(ann, "checkout")] {
            assert_ne!(name, different);
        }
    }

    #[test]
    fn the_name_is_frozen() {
        let key = IdempotencyKey::parse(b"k1").unwrap();
        let name = key.name(UserId(Uuid::from_u128(1)), "checkout");
        assert_eq!(name.to_string(), "3d359679-e370-50aa-9d1c-60aa5e7aae21");
    }

    #[test]
    fn a_fingerprint_depends_on_content_alone() {
        let (a, b) =
            (json!({"a": 1, "b": 2}), serde_json::from_str::<serde_json::Value>("{ \"a\":1,\n\"b\":2}").unwrap());
        assert_eq!(fingerprint("r", &a), fingerprint("r", &b));
        assert_ne!(fingerprint("r", &a), fingerprint("r", &json!({"a": 1, "b": 3})));
        assert_ne!(fingerprint("r", &a), fingerprint("s", &a));
    }

    #[test]
    fn keys_have_bounds() {
        for bad in [&b""[..], b"tab\there", "ключ".as_bytes(), &[b'x'; 256]] {
            assert_eq!(IdempotencyKey::parse(bad).unwrap_err().code, Code::BAD_IDEMPOTENCY_KEY);
        }
        assert!(IdempotencyKey::parse(&[b'x'; 255]).is_ok());
    }
}
