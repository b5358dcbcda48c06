//! A guest's session: an id and its time of issue, sealed in the cookie `__Host-souk_session`, or `souk_session` where
//! browsers come without TLS.
//!
//! The session has no state on the server, so a new session costs nothing and cannot exhaust the server. A browser that
//! sends two first writes at once becomes two guests, and keeps the cookie that arrives last.

use axum::http::{HeaderMap, header};
use uuid::Uuid;

use crate::domain::time::Timestamp;

use super::seal::Seal;

pub const COOKIE: &str = "souk_session";
/// Where the cookie is `Secure`: by this prefix browsers refuse one that a neighbour domain or a plain connection sets.
pub const HOST_COOKIE: &str = "__Host-souk_session";
const TTL_S: i64 = 30 * 86_400;
/// The first write of a day renews a session, so that it ends 30 days after the last write.
const RENEW_AFTER_MS: i64 = 86_400_000;
/// Clocks of two nodes may differ by so much.
const SKEW_MS: i64 = 60_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GuestSession {
    pub id: Uuid,
    pub issued: Timestamp,
}

impl GuestSession {
    /// The session of the request's first valid cookie, and that cookie's name. The safe name comes first: whoever has it
    /// cannot be given another session by a cookie of the plain one.
    pub fn read(seal: &Seal, headers: &HeaderMap, now: Timestamp) -> Option<(Self, &'static str)> {
        [HOST_COOKIE, COOKIE].into_iter().find_map(|name| Some((Self::named(name, seal, headers, now)?, name)))
    }

    fn named(name: &str, seal: &Seal, headers: &HeaderMap, now: Timestamp) -> Option<Self> {
        let pairs = headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.split(';'));
        pairs
            .filter_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
            // A browser sends one; more come from a neighbour domain that sets its own. Bound the work.
            .take(4)
            .filter_map(|sealed| Self::decode(&seal.open(sealed)?))
            // One from the future is ours all the same, since nobody else can seal it: this machine's clock has gone back,
            // or another node's runs ahead. Its guest keeps cart and orders.
            .find(|session| now.since(session.issued) < TTL_S * 1000)
    }

    pub fn wants_renewal(&self, now: Timestamp) -> bool {
        // One from the future is replaced, so that it ends when it should.
        !(-SKEW_MS..RENEW_AFTER_MS).contains(&now.since(self.issued))
    }

    /// The value of the `Set-Cookie` header.
    pub fn set_cookie(&self, seal: &Seal, secure: bool) -> String {
        let (name, secure) = if secure { (HOST_COOKIE, "; Secure") } else { (COOKIE, "") };
        format!("{name}={}; Path=/; Max-Age={TTL_S}; HttpOnly; SameSite=Lax{secure}", seal.seal(&self.encode()))
    }

    fn encode(&self) -> [u8; 24] {
        let mut bytes = [0; 24];
        bytes[..16].copy_from_slice(self.id.as_bytes());
        bytes[16..].copy_from_slice(&self.issued.0.to_be_bytes());
        bytes
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (id, issued) = bytes.split_at_checked(16)?;
        Some(Self { id: Uuid::from_slice(id).ok()?, issued: Timestamp(i64::from_be_bytes(issued.try_into().ok()?)) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::SigningSecret;

    fn seal(purpose: &str) -> Seal {
        Seal::new(&SigningSecret::from_bytes([3; 32]), purpose)
    }

    fn session() -> GuestSession {
        GuestSession { id: Uuid::from_u128(42), issued: Timestamp(1_000_000) }
    }

    fn read(cookie: &str, now: Timestamp) -> Option<GuestSession> {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, cookie.parse().unwrap());
        GuestSession::read(&seal("guest-session"), &headers, now).map(|(session, _)| session)
    }

    fn pair(seal: &Seal) -> String {
        session().set_cookie(seal, false).split(';').next().unwrap().to_owned()
    }

    #[test]
    fn the_cookie_has_its_attributes() {
        let plain = session().set_cookie(&seal("guest-session"), false);
        let (value, attributes) = plain.split_once("; ").unwrap();
        assert!(value.starts_with("souk_session=") && value.len() < 100, "{value}");
        assert_eq!(attributes, "Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax");
        let secure = session().set_cookie(&seal("guest-session"), true);
        assert!(secure.starts_with("__Host-souk_session=") && secure.ends_with("; SameSite=Lax; Secure"), "{secure}");
    }

    #[test]
    fn the_safe_name_wins_over_the_plain_one_which_a_neighbour_can_set() {
        let seal = seal("guest-session");
        let other = GuestSession { id: Uuid::from_u128(7), ..session() };
        let (planted, own) = (other.set_cookie(&seal, false), session().set_cookie(&seal, true));
        let [planted, own] = [&planted, &own].map(|cookie| cookie.split(';').next().unwrap());
        assert_eq!(read(&format!("{planted}; {own}"), session().issued), Some(session()));
        assert_eq!(read(planted, session().issued), Some(other), "an old cookie alone keeps its cart");
    }

    #[test]
    fn is_found_among_other_cookies_until_it_is_too_old() {
        let ours = pair(&seal("guest-session"));
        let issued = session().issued;
        assert_eq!(read(&format!("theme=dark; {ours}; souk_session2=x"), issued), Some(session()));
        assert_eq!(read(&format!("souk_session=forged; {ours}"), issued), Some(session()));
        assert_eq!(read(&ours, issued.plus_ms(TTL_S * 1000 - 1)), Some(session()));
        assert_eq!(read(&ours, issued.plus_ms(TTL_S * 1000)), None);
        for back in [SKEW_MS + 1, 86_400_000, TTL_S * 1000] {
            assert_eq!(read(&ours, issued.plus_ms(-back)), Some(session()), "the clock went back by {back} ms");
            assert!(session().wants_renewal(issued.plus_ms(-back)), "and the next write dates it anew");
        }
        assert!(!session().wants_renewal(issued.plus_ms(-SKEW_MS)));
        assert!(!session().wants_renewal(issued.plus_ms(RENEW_AFTER_MS - 1)));
        assert!(session().wants_renewal(issued.plus_ms(RENEW_AFTER_MS)));
    }

    #[test]
    fn an_access_token_is_no_session() {
        assert_eq!(read(&pair(&seal("access-token")), session().issued), None);
    }
}
