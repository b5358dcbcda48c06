//! Whether a browser sends a request on behalf of another site (request forgery).
//!
//! `SameSite=Lax` already withholds the cookie from most of these requests; this module refuses the rest. Programs send
//! neither header and pass. A bearer token cannot be forged this way: no browser adds it by itself.

use std::net::IpAddr;

use axum::http::{HeaderMap, header};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Site {
    Own,
    Foreign,
}

impl Site {
    /// `host`: the shop's own as a trusted proxy tells it, else the request's `Host` is. `https`: the request is known to
    /// have come by it, so that a page of plain HTTP, which anybody on the way may have written, is another site.
    /// `trusted`: origins such as `https://shop.example` that count as the shop's own.
    pub fn of(headers: &HeaderMap, host: Option<&str>, https: bool, trusted: &[String]) -> Self {
        let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("not ascii"));
        let origin = text("origin");
        if origin.is_some_and(|origin| trusted.iter().any(|ours| ours.eq_ignore_ascii_case(origin))) {
            return Self::Own;
        }
        if text("sec-fetch-site").is_some_and(|site| site.eq_ignore_ascii_case("cross-site")) {
            return Self::Foreign;
        }
        let host = host.or_else(|| text(header::HOST.as_str()));
        if https && origin.is_some_and(|origin| origin.starts_with("http://")) {
            return Self::Foreign;
        }
        // `null` (a sandboxed frame, a redirect) has no host and is foreign.
        match origin.map(|origin| origin.split_once("://").map(|(_, host)| host)) {
            None => Self::Own,
            Some(Some(from)) if host.is_some_and(|host| host.eq_ignore_ascii_case(from)) => Self::Own,
            Some(_) => Self::Foreign,
        }
    }
}

/// Whether the request was sent to this machine's own name, by no proxy: browsers there speak plain HTTP, and some keep
/// no `Secure` cookie from it. A forged header costs its sender the mark on the own cookie only.
pub fn is_this_machine(headers: &HeaderMap) -> bool {
    let forwarded = ["forwarded", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"];
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    let loopback = name.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback());
    (loopback || name.eq_ignore_ascii_case("localhost")) && !forwarded.iter().any(|name| headers.contains_key(*name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(pairs: &[(&'static str, &'static str)]) -> Site {
        let headers = pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        Site::of(&headers, None, false, &["https://shop.example".to_owned()])
    }

    #[test]
    fn the_own_host_is_what_the_proxy_tells_and_its_scheme_counts() {
        let of = |origin: &'static str, host, https| {
            let pairs = [("host", "10.0.0.7:8080"), ("origin", origin)];
            let headers = pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
            Site::of(&headers, host, https, &[])
        };
        assert_eq!(of("https://shop.example", Some("shop.example"), true), Site::Own);
        assert_eq!(of("https://10.0.0.7:8080", Some("shop.example"), true), Site::Foreign);
        assert_eq!(
            of("http://shop.example", Some("shop.example"), true),
            Site::Foreign,
            "a page that was not encrypted"
        );
        assert_eq!(of("http://10.0.0.7:8080", None, false), Site::Own);
    }

    #[test]
    fn this_machine_is_a_loopback_name_without_a_proxy() {
        let local = |pairs: &[(&'static str, &'static str)]| {
            let pairs = pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
            is_this_machine(&pairs.collect())
        };
        for host in ["localhost:8080", "LOCALHOST", "127.0.0.1:80", "[::1]:8080", "127.8.0.1"] {
            assert!(local(&[("host", host)]), "{host}");
            assert!(!local(&[("host", host), ("x-forwarded-proto", "https")]), "{host} behind a proxy");
        }
        for host in ["shop.example", "localhost.evil.example", "10.0.0.1:8080", "[2001:db8::1]", ""] {
            assert!(!local(&[("host", host)]), "{host}");
        }
        assert!(!local(&[]));
    }

    #[test]
    fn only_our_own_pages_and_programs_pass() {
        let host = ("host", "localhost:8080");
        assert_eq!(site(&[host]), Site::Own, "curl");
        assert_eq!(site(&[host, ("origin", "http://localhost:8080"), ("sec-fetch-site", "same-origin")]), Site::Own);
        assert_eq!(site(&[host, ("origin", "https://shop.example"), ("sec-fetch-site", "cross-site")]), Site::Own);
        assert_eq!(site(&[host, ("origin", "http://localhost:9090"), ("sec-fetch-site", "same-site")]), Site::Foreign);
        assert_eq!(site(&[host, ("origin", "https://evil.example")]), Site::Foreign);
        assert_eq!(site(&[host, ("origin", "null")]), Site::Foreign);
        assert_eq!(site(&[host, ("sec-fetch-site", "cross-site")]), Site::Foreign);
        assert_eq!(site(&[("origin", "http://localhost:8080")]), Site::Foreign, "no host to compare with");
    }
}
