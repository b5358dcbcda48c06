//! Who may connect: the origin check and the client's address.
//!
//! A browser sends cookies with a WebSocket to any host and asks no CORS question, so a foreign page could listen to a
//! visitor's cart (cross-site WebSocket hijacking, CWE-1385). Therefore an `Origin` must name the server's own host or
//! be listed. Clients that are not browsers send none and are admitted: they carry only their own cookies.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::{
    extract::{ConnectInfo, FromRequestParts},
    http::{HeaderMap, request::Parts},
    response::Response,
};

use super::{Credentials, LiveState, refused};
use crate::{
    http::{Code, Problem},
    identity::Site,
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
        if Site::of(&parts.headers, &state.limits().allowed_origins) == Site::Foreign {
            return Err(refused(Problem::new(Code::FOREIGN_ORIGIN, "this page's origin may not listen here")));
        }
        let audience = (state.authorise)(Credentials::Handshake(&parts.headers))
            .map_err(|error| refused(Problem::new(Code::INVALID_TOKEN, error.to_string())))?;
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
        Ok(Self {
            audience,
            address: address(&parts.headers, peer, state.trust_forwarded_for),
            headers: parts.headers.clone(),
        })
    }
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
    fn a_forwarded_address_counts_only_where_a_proxy_of_ours_sets_it() {
        let headers = headers(&[("x-forwarded-for", "9.9.9.9, 10.0.0.7")]);
        let peer = Some("127.0.0.1".parse().unwrap());
        assert_eq!(address(&headers, peer, true).to_string(), "10.0.0.7");
        assert_eq!(address(&headers, peer, false).to_string(), "127.0.0.1");
    }
}
