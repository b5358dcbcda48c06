//! A log-in on its way: what a browser keeps between our page and its return from a provider.
//!
//! All of it is in one sealed cookie, so nothing is kept here for whoever begins a log-in and leaves. State, nonce and
//! PKCE's verifier are codes of the cookie's text under keys of their own: whoever reads the cookie learns none of them,
//! and what comes back fits the browser that went, the provider that it went to, and the page that it is to return to.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::{
    domain::{
        ids::{SessionId, UserId},
        time::Timestamp,
    },
    identity::{
        SigningSecret,
        seal::{Seal, hmac},
    },
};

/// How long a person may stay at the provider.
pub const FLOW_S: u32 = 10 * 60;
/// Bytes of a path to return to.
const PATH_MAX: usize = 512;

pub struct Flows {
    seal: Seal,
    key: [u8; 32],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    LogIn,
    /// By who is signed in.
    Link {
        user: UserId,
        session: SessionId,
    },
}

#[derive(Serialize, Deserialize)]
struct Flow {
    id: Uuid,
    provider: String,
    return_to: String,
    purpose: Purpose,
    begun: Timestamp,
}

/// What is sent along, and must come back.
pub struct Begun {
    pub cookie: String,
    pub state: String,
    pub nonce: String,
    pub verifier: String,
}

pub struct Resumed {
    pub return_to: String,
    pub purpose: Purpose,
    pub begun: Begun,
}

impl Flows {
    pub fn new(secret: &SigningSecret) -> Self {
        Self { seal: Seal::new(secret, "oidc-flow"), key: secret.derive("oidc-checks") }
    }

    /// `None`: there is no such page of the shop's own.
    pub fn begin(&self, id: Uuid, provider: &str, return_to: &str, purpose: Purpose, now: Timestamp) -> Option<Begun> {
        if !is_own_path(return_to) {
            return None;
        }
        let flow = Flow { id, provider: provider.to_owned(), return_to: return_to.to_owned(), purpose, begun: now };
        Some(self.checks(self.seal.seal(&serde_json::to_vec(&flow).ok()?)))
    }

    /// `None`: it was not begun by this browser, or with another provider, or too long ago.
    pub fn resume(&self, cookie: &str, provider: &str, state: &str, now: Timestamp) -> Option<Resumed> {
        let flow: Flow = serde_json::from_slice(&self.seal.open(cookie)?).ok()?;
        let begun = self.checks(cookie.to_owned());
        let young = (0..i64::from(FLOW_S) * 1000).contains(&now.since(flow.begun));
        let fits = flow.provider == provider && same(begun.state.as_bytes(), state.as_bytes());
        (young && fits).then_some(Resumed { return_to: flow.return_to, purpose: flow.purpose, begun })
    }

    fn checks(&self, cookie: String) -> Begun {
        let code = |of: &[u8]| URL_SAFE_NO_PAD.encode(hmac(&self.key, &[of, cookie.as_bytes()]));
        let (state, nonce, verifier) = (code(b"state/"), code(b"nonce/"), code(b"verifier/"));
        Begun { cookie, state, nonce, verifier }
    }
}

/// In constant time.
fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |difference, (a, b)| difference | (a ^ b)) == 0
}

/// A page of the shop itself: browsers take `//host`, and a backslash in it, for another's.
pub fn is_own_path(path: &str) -> bool {
    let legal = |b: u8| b.is_ascii_graphic() && !matches!(b, b'\\' | b'#' | b'"' | b'<' | b'>');
    path.starts_with('/') && !path.starts_with("//") && path.len() <= PATH_MAX && path.bytes().all(legal)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flows(n: u8) -> Flows {
        Flows::new(&SigningSecret::from_bytes([n; 32]))
    }

    const NOW: Timestamp = Timestamp(1_795_000_000_000);

    fn begun(provider: &str) -> Begun {
        flows(1).begin(Uuid::from_u128(1), provider, "/account", Purpose::LogIn, NOW).unwrap()
    }

    #[test]
    fn what_comes_back_fits_the_browser_the_provider_and_the_time() {
        let sent = begun("google");
        let resume = |cookie: &str, provider: &str, state: &str, now| flows(1).resume(cookie, provider, state, now);
        let back = resume(&sent.cookie, "google", &sent.state, NOW.plus_ms(599_999)).unwrap();
        assert_eq!((back.return_to.as_str(), back.purpose), ("/account", Purpose::LogIn));
        assert_eq!((back.begun.nonce, back.begun.verifier.len()), (sent.nonce.clone(), 43));
        assert!(resume(&sent.cookie, "google", &sent.state, NOW.plus_ms(600_000)).is_none(), "too old");
        assert!(resume(&sent.cookie, "microsoft", &sent.state, NOW).is_none(), "another provider");
        let other = flows(1).begin(Uuid::from_u128(2), "google", "/account", Purpose::LogIn, NOW).unwrap();
        assert!(resume(&other.cookie, "google", &sent.state, NOW).is_none(), "another browser");
        for state in ["", &sent.nonce, &sent.state[1..]] {
            assert!(resume(&sent.cookie, "google", state, NOW).is_none(), "{state}");
        }
        assert!(flows(2).resume(&sent.cookie, "google", &sent.state, NOW).is_none(), "another shop");
    }

    #[test]
    fn the_cookie_tells_none_of_the_codes_and_they_differ() {
        let sent = begun("google");
        let codes = [&sent.state, &sent.nonce, &sent.verifier];
        assert!(codes.iter().all(|code| !sent.cookie.contains(code.as_str())));
        assert_eq!(codes.into_iter().collect::<std::collections::BTreeSet<_>>().len(), 3);
        assert!(sent.cookie.len() < 400);
    }

    #[test]
    fn nobody_is_sent_to_another_site() {
        for own in ["/", "/account?tab=links", "/p/a%20b", "/a//b", &format!("/{}", "a".repeat(511))] {
            assert!(is_own_path(own), "{own}");
        }
        for other in [
            "",
            "account",
            "//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "https://evil.example",
            "/a\r\nb",
            "/a b",
            "/a#b",
            "javascript:alert(1)",
            "/\u{ff0f}evil",
            "/a\\b",
            "/\tevil.example",
            &format!("/{}", "a".repeat(512)),
        ] {
            assert!(!is_own_path(other), "{other:?}");
            assert!(flows(1).begin(Uuid::nil(), "google", other, Purpose::LogIn, NOW).is_none());
        }
    }

    #[test]
    fn the_longest_path_fits_into_a_seal() {
        let (user, session) = (UserId(Uuid::max()), SessionId(Uuid::max()));
        let longest = format!("/{}", "a".repeat(511));
        let purpose = Purpose::Link { user, session };
        let sent = flows(1).begin(Uuid::max(), &"p".repeat(32), &longest, purpose, NOW).unwrap();
        assert_eq!(flows(1).resume(&sent.cookie, &"p".repeat(32), &sent.state, NOW).unwrap().purpose, purpose);
    }
}
