//! Who may connect: the origin check and the client's address.
//!
//! A browser sends cookies with a WebSocket to any host and asks no CORS question, so a foreign page could listen to a
//! visitor's cart (cross-site WebSocket hijacking, CWE-1385). Therefore an `Origin` must name the server's own host or
//! be listed. Clients that are not browsers send none and are admitted: they carry only their own cookies.

use std::net::{IpAddr, Ipv4Addr};

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, request::Parts},
    response::Response,
};

use super::{Credentials, LiveState, refused};
use crate::{
    http::{Code, Problem},
    identity::Site,
    live::Audience,
    network::client_address,
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
        let address = client_address(&parts.headers, &parts.extensions, state.trust_forwarded_for);
        let address = address.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        Ok(Self { audience, address, headers: parts.headers.clone() })
    }
}
