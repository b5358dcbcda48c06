//! A page's cursor: the sort key of the last item shown, as base64url of `name, 0, id`.
//!
//! It names a place in the order, not a number of items, so it stays valid while products come and go.

use std::sync::Arc;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use uuid::Uuid;

use crate::domain::ids::ProductId;

/// Name in lower case (at most 64 bytes), then the id.
pub(super) type SortKey = (Arc<str>, ProductId);

/// 64 + 1 + 16 bytes in base64 are 108 characters.
const LEN_MAX: usize = 128;

pub(super) fn encode((name, id): &SortKey) -> String {
    BASE64_URL_SAFE_NO_PAD.encode([name.as_bytes(), &[0], id.0.as_bytes()].concat())
}

pub(super) fn decode(text: &str) -> Option<SortKey> {
    if text.len() > LEN_MAX {
        return None;
    }
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
    let (name, id) = bytes.split_last_chunk::<16>()?;
    let name = std::str::from_utf8(name.strip_suffix(&[0])?).ok()?;
    Some((name.into(), ProductId(Uuid::from_bytes(*id))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_back_what_it_wrote_and_nothing_else() {
        let key: SortKey = ("ä".repeat(32).into(), ProductId(Uuid::from_u128(5)));
        assert_eq!(decode(&encode(&key)), Some(key));
        for bad in ["", "AAAA", "not base64 at all", &"A".repeat(200)] {
            assert_eq!(decode(bad), None, "{bad}");
        }
    }
}
