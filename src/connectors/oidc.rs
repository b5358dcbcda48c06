//! OpenID providers, asked for who has come: authorization code with PKCE, state, nonce and `iss` (OpenID Connect Core,
//! RFC 7636, RFC 9207, RFC 9700).
//!
//! In reading order: [`provider`] (one provider: where people are sent, and what their return is worth), `known` (what it
//! says of itself, kept for a while), `claims` (whether its word holds), `fetch` (requests with bounds). No provider is
//! asked before somebody wants to log in with it, and a dead one delays its own log-ins only: each has its places, its
//! time and its pause after a failure. Deliberately absent: what a log-in leads to (`identity::sso`), refresh tokens, and
//! logging out at the provider.

mod claims;
mod fetch;
mod known;
mod provider;

use std::sync::Arc;

pub use self::{
    fetch::{Authorities, Fetch},
    provider::{Provider, Setup},
};

/// What is sent along and must come back. Each text is known to nobody else.
#[derive(Clone)]
pub struct Checks {
    pub state: String,
    pub nonce: String,
    /// Of PKCE: 43 to 128 characters.
    pub verifier: String,
}

/// What a browser brings back from a provider.
#[derive(Clone, Debug, Default)]
pub struct Returned {
    pub code: Option<String>,
    /// Who answers (RFC 9207).
    pub issuer: Option<String>,
    /// Why there is no code.
    pub error: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OidcFault {
    /// The person, or the provider for them, did not agree; or the code is none, or used.
    #[error("the provider refuses: {0}")]
    Refused(String),
    /// It may come from somebody else.
    #[error("the answer cannot be trusted: {0}")]
    Untrusted(String),
    #[error("the provider cannot be asked: {reason}")]
    Unavailable { reason: String, retry_after_ms: u64 },
}

impl OidcFault {
    fn unavailable(reason: impl ToString) -> Self {
        Self::Unavailable { reason: reason.to_string(), retry_after_ms: 5_000 }
    }

    fn untrusted(reason: impl ToString) -> Self {
        Self::Untrusted(reason.to_string())
    }
}

/// The configured providers, in their order.
#[derive(Clone, Default)]
pub struct Providers(Arc<Vec<Provider>>);

impl Providers {
    pub fn new(providers: Vec<Provider>) -> Self {
        Self(Arc::new(providers))
    }

    pub fn get(&self, name: &str) -> Option<&Provider> {
        self.0.iter().find(|provider| provider.name() == name)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Provider> {
        self.0.iter()
    }
}
