//! Whether a browser sends a request on behalf of another site (request forgery).
//!
//! `SameSite=Lax` already withholds the cookie from most of these requests; this module refuses the rest. Programs send
//! neither header and pass. A bearer token cannot be forged this way: no browser adds it by itself.

use axum::http::{HeaderMap, header};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Site {
    Own,
    Foreign,
}

impl Site {
    /// `trusted`: origins such as `https://shop.example` that count as the shop's own.
    pub fn of(headers: &HeaderMap, trusted: &[String]) -> Self {
        let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("not ascii"));
        let origin = text("origin");
        if origin.is_some_and(|origin| trusted.iter().any(|ours| ours.eq_ignore_ascii_case(origin))) {
            return Self::Own;
        }
        if text("sec-fetch-site").is_some_and(|site| site.eq_ignore_ascii_case("cross-site")) {
            return Self::Foreign;
        }
        let host = text(header::HOST.as_str());
        // `null` (a sandboxed frame, a redirect) has no host and is foreign.
        match origin.map(|origin| origin.split_once("://").map(|(_, host)| host)) {
            None => Self::Own,
            Some(Some(from)) if host.is_some_and(|host| host.eq_ignore_ascii_case(from)) => Self::Own,
            Some(_) => Self::Foreign,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(pairs: &[(&'static str, &'static str)]) -> Site {
        let headers = pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        Site::of(&headers, &["https://shop.example".to_owned()])
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
