//! A person as their provider names them, and what it says of them.

use std::sync::Arc;

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};

use crate::domain::{email::Mailbox, key::EntityKey, kinds::Kind, time::Timestamp};

/// One person at one provider. Of the name that the provider gives them only a digest under a key of the shop is kept: it
/// is theirs alone and may be an address, and ids stand in logs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// As the shop's configuration calls it.
    pub provider: Arc<str>,
    digest: Arc<str>,
}

impl Subject {
    /// `digest`: of issuer and subject. Frozen.
    pub fn new(provider: &str, digest: &[u8; 32]) -> Self {
        Self { provider: provider.into(), digest: HEXLOWER.encode(&digest[..16]).into() }
    }

    pub fn key(&self) -> EntityKey {
        EntityKey::new(Kind::IdentityLink, format!("{}/{}", self.provider, self.digest))
    }
}

/// What a provider vouches for, of somebody who has just come from it.
#[derive(Clone, Debug, PartialEq)]
pub struct Vouched {
    pub provider: String,
    /// Who says so, and what they call them: together the name of a person for ever (OpenID Connect Core, 2).
    pub issuer: String,
    pub subject: String,
    /// `None`: it tells none, or none that could be one.
    pub mailbox: Option<Mailbox>,
    /// The provider says that the address is theirs.
    pub verified: bool,
    pub name: Option<String>,
    /// When they last proved to the provider who they are, where it tells.
    pub authenticated_at: Option<Timestamp>,
}
