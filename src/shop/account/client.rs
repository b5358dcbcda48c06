//! Who asks, as the request tells: address, device, and whether it came by HTTPS.

use axum::{
    extract::{FromRef, FromRequestParts},
    http::{header, request::Parts},
};

use crate::{
    domain::text,
    http::{Door, auth::declare::Argument, door::Came},
    identity::Client,
};

/// Characters of a device's name that are kept.
const DEVICE_MAX: usize = 200;

pub struct Asker {
    pub client: Client,
    pub https: bool,
}

impl<S> FromRequestParts<S> for Asker
where
    S: Send + Sync,
    Door: FromRef<S>,
{
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let address = Door::from_ref(state).client(&parts.headers, &parts.extensions);
        let told = parts.headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
        let device = told.chars().filter(|c| !text::commands(*c)).take(DEVICE_MAX).collect();
        let https = parts.extensions.get::<Came>().is_some_and(|came| came.https);
        Ok(Self { client: Client { address, device }, https })
    }
}

impl Argument for Asker {}
