//! A browser's session: the two tokens in cookies that no script can read.
//!
//! `__Host-souk_access` and `__Host-souk_refresh`, or without the prefix where the page came without TLS from this very
//! machine. They end when their tokens do. Beside them [`flow`], of a log-in that is at a provider. A request that another site makes is refused before any of this is read
//! ([`Site`](super::Site)).

use axum::http::{HeaderMap, header};

use super::Granted;

const ACCESS: [&str; 2] = ["__Host-souk_access", "souk_access"];
const REFRESH: [&str; 2] = ["__Host-souk_refresh", "souk_refresh"];
const FLOW: [&str; 2] = ["__Host-souk_oidc", "souk_oidc"];

/// The values of the `Set-Cookie` headers.
pub fn set(granted: &Granted, idle_ms: u64, secure: bool) -> [String; 2] {
    [
        cookie(ACCESS, &granted.access_token, granted.expires_in.into(), "Lax", secure),
        cookie(REFRESH, &granted.refresh_token, idle_ms / 1000, "Strict", secure),
    ]
}

/// The values that take both away, under either name.
pub fn clear() -> [String; 4] {
    let gone = |names, same_site| [true, false].map(|secure| cookie(names, "", 0, same_site, secure));
    let ([a, b], [c, d]) = (gone(ACCESS, "Lax"), gone(REFRESH, "Strict"));
    [a, b, c, d]
}

/// Comes back with whoever a provider sends back: a request that another site makes, but of the whole window.
pub fn set_flow(value: &str, seconds: u32, secure: bool) -> String {
    cookie(FLOW, value, seconds.into(), "Lax", secure)
}

pub fn clear_flow() -> [String; 2] {
    [true, false].map(|secure| cookie(FLOW, "", 0, "Lax", secure))
}

pub fn flow(headers: &HeaderMap) -> Option<&str> {
    named(headers, FLOW)
}

fn cookie([host, plain]: [&str; 2], value: &str, seconds: u64, same_site: &str, secure: bool) -> String {
    let (name, secure) = if secure { (host, "; Secure") } else { (plain, "") };
    format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite={same_site}{secure}")
}

pub fn access(headers: &HeaderMap) -> Option<&str> {
    named(headers, ACCESS)
}

pub fn refresh(headers: &HeaderMap) -> Option<&str> {
    named(headers, REFRESH)
}

/// The safe name goes before the plain one, which a neighbour domain can set.
fn named<'a>(headers: &'a HeaderMap, names: [&str; 2]) -> Option<&'a str> {
    names.into_iter().find_map(|name| {
        let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
        let pairs = lines.flat_map(|line| line.split(';'));
        pairs.filter_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('=')).find(|value| !value.is_empty())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_safe_name_wins_and_neither_is_taken_for_the_other() {
        let headers = |cookie: &'static str| HeaderMap::from_iter([(header::COOKIE, cookie.parse().unwrap())]);
        let both = headers("a=b; souk_access=planted; __Host-souk_access=own; __Host-souk_refresh=r");
        assert_eq!((access(&both), refresh(&both)), (Some("own"), Some("r")));
        assert_eq!(access(&headers("souk_access=plain")), Some("plain"));
        assert_eq!(access(&headers("souk_access=; souk_access2=x")), None);
    }

    #[test]
    fn every_cookie_is_out_of_a_scripts_reach_and_is_cleared_under_both_names() {
        let cleared = clear();
        assert!(cleared.iter().all(|cookie| cookie.contains("; HttpOnly; ") && cookie.contains("Max-Age=0")));
        let names: std::collections::BTreeSet<_> = cleared.iter().map(|c| c.split('=').next()).collect();
        assert_eq!(names.len(), 4);
        let safe = cleared.iter().filter(|cookie| cookie.starts_with("__Host-"));
        assert!(safe.clone().all(|cookie| cookie.ends_with("; Secure")) && safe.count() == 2);
    }
}
