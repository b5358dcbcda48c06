//! Who may connect: the origin check and the client's address.
//!
//! A browser sends cookies with a WebSocket to any host and asks no CORS question, so a foreign page could listen to a
//! visitor's cart (cross-site WebSocket hijacking, CWE-1385). Therefore an `Origin` must name the server's own host or
//! be listed. Clients that are not browsers send none and are admitted: they carry only their own cookies.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::{
    extract::{ConnectInfo, FromRequestParts},
    http::{HeaderMap, header, request::Parts},
    response::Response,
};

use super::{LiveState, refused};
use crate::{
    http::{Code, Problem},
    live::Audience,
};

/// A caller that may connect.
pub struct Visitor {
    pub audience: Audience,
    pub address: IpAddr,
    pub headers: HeaderMap,
}

impl FromRequestParts<LiveState> for Visitor {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &LiveState) -> Result<Self, Response> {
        let host = parts.uri.authority().map(|authority| authority.as_str());
        if !own_origin(&parts.headers, host, &state.limits().allowed_origins) {
            return Err(refused(Problem::new(Code::FOREIGN_ORIGIN, "this page's origin may not listen here")));
        }
        let audience = (state.authorise)(&parts.headers, None)
            .map_err(|error| refused(Problem::new(Code::INVALID_TOKEN, error.to_string())))?;
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
        Ok(Self {
            audience,
            address: address(&parts.headers, peer, state.trust_forwarded_for),
            headers: parts.headers.clone(),
        })
    }
}

/// `authority` is that of an HTTP/2 request, which has no `Host`.
fn own_origin(headers: &HeaderMap, authority: Option<&str>, listed: &[String]) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else { return true };
    let Ok(origin) = origin.to_str() else { return false };
    if listed.iter().any(|allowed| allowed.trim_end_matches('/').eq_ignore_ascii_case(origin)) {
        return true;
    }
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).or(authority);
    let named = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
    matches!((named, host), (Some(named), Some(host)) if named.eq_ignore_ascii_case(host))
}

fn address(headers: &HeaderMap, peer: Option<IpAddr>, trust_forwarded_for: bool) -> IpAddr {
    let forwarded = || {
        let last = headers.get_all("x-forwarded-for").into_iter().next_back()?.to_str().ok()?.rsplit(',').next()?;
        last.trim().parse().ok()
    };
    let forwarded = if trust_forwarded_for { forwarded() } else { None };
    forwarded.or(peer).unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn only_our_own_pages_and_listed_ones_may_listen() {
        let listed = ["https://shop.example/".to_owned()];
        for (origin, own) in [
            ("http://localhost:8080", true),
            ("https://LOCALHOST:8080", true),
            ("https://shop.example", true),
            ("http://localhost:8081", false),
            ("https://evil.example", false),
            ("https://localhost:8080.evil.example", false),
            ("null", false),
        ] {
            assert_eq!(
                own_origin(&headers(&[("origin", origin), ("host", "localhost:8080")]), None, &listed),
                own,
                "{origin}"
            );
        }
        assert!(own_origin(&headers(&[("host", "localhost:8080")]), None, &listed), "not a browser");
        assert!(own_origin(&headers(&[("origin", "https://a.example")]), Some("a.example"), &listed), "http/2");
    }

    #[test]
    fn a_forwarded_address_counts_only_where_a_proxy_of_ours_sets_it() {
        let headers = headers(&[("x-forwarded-for", "9.9.9.9, 10.0.0.7")]);
        let peer = Some("127.0.0.1".parse().unwrap());
        assert_eq!(address(&headers, peer, true).to_string(), "10.0.0.7");
        assert_eq!(address(&headers, peer, false).to_string(), "127.0.0.1");
    }
}
