//! `ETag`, `If-Match` and `If-None-Match`: an entity's version, or a hash of a body without a version.

use axum::{
    Json,
    extract::FromRequestParts,
    http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{Code, Problem};

/// `"17"`: the version of one entity.
pub fn etag(version: u64) -> HeaderValue {
    // Digits between quotes are always a legal header value; the fallback cannot be reached.
    HeaderValue::try_from(format!("\"{version}\"")).unwrap_or(HeaderValue::from_static("\"0\""))
}

/// A JSON body with its entity's version as its `ETag`, whatever version the caller has: of what depends on permissions,
/// one in the caller's cache may show more than the caller may see by now, or less.
pub struct Tagged<T>(pub u64, pub T);

impl<T: Serialize> IntoResponse for Tagged<T> {
    fn into_response(self) -> Response {
        ([(header::ETAG, etag(self.0))], Json(self.1)).into_response()
    }
}

/// The tag of a body without a version: the first half of a SHA-256, in hexadecimal digits.
pub fn etag_of(body: &[u8]) -> HeaderValue {
    let digest: [u8; 32] = Sha256::digest(body).into();
    let half = digest.iter().take(16).fold(0_u128, |number, byte| number << 8 | u128::from(*byte));
    HeaderValue::try_from(format!("\"{half:032x}\"")).unwrap_or(HeaderValue::from_static("\"0\""))
}

/// The version that the caller has read; `None` without the header, or for `*`.
pub struct IfMatch(pub Option<u64>);

impl<S: Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.headers.get(header::IF_MATCH).map_or(Ok(None), |value| version(value.as_bytes())).map(Self)
    }
}

/// `"17"`, and also `W/"17"`, `"17-gzip"` and `17`, as proxies and people write it.
fn version(text: &[u8]) -> Result<Option<u64>, Problem> {
    let text = std::str::from_utf8(text).unwrap_or_default().trim();
    if text == "*" {
        return Ok(None);
    }
    let digits = text.strip_prefix("W/").unwrap_or(text).trim_matches('"');
    match uncompressed(digits).parse() {
        Ok(version) => Ok(Some(version)),
        Err(_) => Err(Problem::new(Code::BAD_CONDITION, "If-Match takes one version, such as \"17\"")),
    }
}

/// A proxy that compresses may mark the tag with the encoding (Apache's `mod_deflate` does).
fn uncompressed(opaque: &str) -> &str {
    ["-gzip", "-br", "-zstd"].iter().find_map(|mark| opaque.strip_suffix(mark)).unwrap_or(opaque)
}

/// 304 if the caller has this version already, else the response of `full`; both with the tag.
pub fn unless_known(headers: &HeaderMap, tag: HeaderValue, full: impl FnOnce() -> Response) -> Response {
    let known = headers.get(header::IF_NONE_MATCH).is_some_and(|listed| lists(listed.as_bytes(), tag.as_bytes()));
    let mut response = if known { StatusCode::NOT_MODIFIED.into_response() } else { full() };
    response.headers_mut().insert(header::ETAG, tag);
    response
}

/// Weak comparison, as RFC 9110 asks for `If-None-Match`.
fn lists(listed: &[u8], tag: &[u8]) -> bool {
    let opaque = |tag: &[u8]| {
        let text = String::from_utf8_lossy(tag.strip_prefix(b"W/").unwrap_or(tag)).into_owned();
        uncompressed(text.trim_matches('"')).to_owned()
    };
    let tag = opaque(tag);
    listed.split(|byte| *byte == b',').map(|one| opaque(one.trim_ascii())).any(|one| one == "*" || one == tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_they_are_written() {
        assert_eq!(version(etag(17).as_bytes()).unwrap(), Some(17));
        assert_eq!(version(b"W/\"17\"").unwrap(), Some(17));
        assert_eq!(version(b"\"17-gzip\"").unwrap(), Some(17));
        assert_eq!(version(b"*").unwrap(), None);
        for bad in ["", "\"x\"", "\"1\", \"2\"", "-1", "99999999999999999999"] {
            assert_eq!(version(bad.as_bytes()).unwrap_err().code, Code::BAD_CONDITION, "{bad}");
        }
    }

    #[test]
    fn a_known_tag_in_a_list_is_found() {
        assert!(lists(b"\"1\", W/\"17\"", etag(17).as_bytes()));
        assert!(lists(b"\"17-br\"", etag(17).as_bytes()));
        assert!(lists(b"*", etag(17).as_bytes()));
        assert!(!lists(b"\"1\"", etag(17).as_bytes()));
    }
}
