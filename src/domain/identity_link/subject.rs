//! A person as their provider names them, and what it says of them.

use std::sync::Arc;

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::domain::{email::Mailbox, key::EntityKey, kinds::Kind, time::Timestamp};

/// One person at one provider. Of the name that the provider gives them only a digest is kept: it is theirs alone, and
/// ids stand in logs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// As the shop's configuration calls it.
    pub provider: Arc<str>,
    digest: Arc<str>,
}

impl Subject {
    /// `issuer` and `subject` together name a person for ever (OpenID Connect Core, 2). Frozen.
    pub fn of(provider: &str, issuer: &str, subject: &str) -> Self {
        let length = (issuer.len() as u64).to_be_bytes();
        let hash = Sha256::new().chain_update(b"souk/identity_link/").chain_update(length);
        let digest = hash.chain_update(issuer).chain_update(subject).finalize();
        Self { provider: provider.into(), digest: HEXLOWER.encode(&digest[..16]).into() }
    }

    pub fn key(&self) -> EntityKey {
        EntityKey::new(Kind::IdentityLink, format!("{}/{}", self.provider, self.digest))
    }
}

/// What a provider vouches for, of somebody who has just come from it.
#[derive(Clone, Debug, PartialEq)]
pub struct Vouched {
    pub subject: Subject,
    /// `None`: it tells none, or none that could be one.
    pub mailbox: Option<Mailbox>,
    /// The provider says that the address is theirs.
    pub verified: bool,
    pub name: Option<String>,
    /// When they last proved to the provider who they are, where it tells.
    pub authenticated_at: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_frozen_and_issuer_and_subject_are_told_apart() {
        let key = |issuer: &str, subject: &str| Subject::of("google", issuer, subject).key().to_string();
        assert_eq!(key("https://a.example", "1"), "identity_link/google/d7c7692f40cb04a92747d9f0ec1bd327");
        assert_ne!(key("https://a.example", "1"), key("https://a.exampl", "e1"));
        assert_ne!(key("https://a.example", "1"), key("https://b.example", "1"));
    }
}
