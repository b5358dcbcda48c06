//! Who may connect: the origin check and the client's address.
//!
//! A browser sends cookies with a WebSocket to any host and asks no CORS question, so a foreign page could listen to a
//! visitor's cart (cross-site WebSocket hijacking, CWE-1385). Therefore an `Origin` must name the server's own host or
//! be listed. Clients that are not browsers send none and are admitted: they carry only their own cookies.

use std::net::{IpAddr, Ipv4Addr};

use axum::{extract::FromRequestParts, http::request::Parts, response::Response};

use super::{Credentials, LiveState, refused};
use crate::live::Audience;

/// A caller that may connect.
pub struct Visitor {
    pub audience: Audience,
    pub address: IpAddr,
}

impl FromRequestParts<LiveState> for Visitor {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &LiveState) -> Result<Self, Response> {
        state.door.same_site(&parts.headers, &parts.extensions).map_err(refused)?;
        let audience = (state.authorise)(Credentials::Handshake(&parts.headers)).await;
        let audience = audience.map_err(|error| refused(error.into()))?;
        let address = state.door.client(&parts.headers, &parts.extensions);
        let address = address.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        Ok(Self { audience, address })
    }
}
