//! The keys of access tokens: Ed25519, each for one period of time, all derived from the shop's signing secret, so that
//! every node has the same ones without a word between them.
//!
//! A token is signed with the period's own key. The one before stays valid for the tokens that it signed, and the next
//! one is published ahead, so that whoever keeps a copy of `/.well-known/jwks.json` never meets an unknown `kid`.

use std::sync::{Arc, Mutex, PoisonError};

use data_encoding::BASE64URL_NOPAD;
use ed25519_dalek::SigningKey;
use jsonwebtoken::{DecodingKey, EncodingKey};
use serde::Serialize;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use super::SigningSecret;
use crate::domain::time::Timestamp;

/// PKCS #8 of an Ed25519 key (RFC 8410), up to its 32 bytes.
const PKCS8: [u8; 16] = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];

pub struct Key {
    pub kid: String,
    pub signs: EncodingKey,
    pub verifies: DecodingKey,
    x: String,
}

/// A public key as a JSON Web Key (RFC 8037).
#[derive(Debug, Serialize, ToSchema)]
pub struct PublicKey {
    #[schema(example = "OKP")]
    pub kty: &'static str,
    #[schema(example = "Ed25519")]
    pub crv: &'static str,
    pub x: String,
    pub kid: String,
    #[schema(example = "EdDSA")]
    pub alg: &'static str,
    #[serde(rename = "use")]
    #[schema(example = "sig")]
    pub usage: &'static str,
}

/// Those of one moment: the current one, the next, the one before.
pub struct Keys {
    period: i64,
    all: [Key; 3],
}

pub struct KeyRing {
    secret: SigningSecret,
    period_ms: i64,
    /// Made anew once a period; the lock is held for a clone.
    newest: Mutex<Option<Arc<Keys>>>,
}

impl KeyRing {
    pub fn new(secret: &SigningSecret, period_ms: u64) -> Self {
        let period_ms = i64::try_from(period_ms).unwrap_or(i64::MAX).max(1);
        Self { secret: secret.clone(), period_ms, newest: Mutex::default() }
    }

    pub fn at(&self, now: Timestamp) -> Arc<Keys> {
        let period = now.0.div_euclid(self.period_ms);
        // No step can leave it half done, so a poisoned lock is usable.
        let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        match &*newest {
            Some(keys) if keys.period == period => keys.clone(),
            Some(_) | None => {
                let all = [period, period.saturating_add(1), period.saturating_sub(1)];
                let keys = Arc::new(Keys { period, all: all.map(|period| self.key(period)) });
                newest.insert(keys).clone()
            }
        }
    }

    fn key(&self, period: i64) -> Key {
        let seed = self.secret.derive(&format!("access-token/ed25519/{}/{period}", self.period_ms));
        let public = SigningKey::from_bytes(&seed).verifying_key().to_bytes();
        let x = BASE64URL_NOPAD.encode(&public);
        // The thumbprint of RFC 7638.
        let print = Sha256::digest(format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#));
        Key {
            kid: BASE64URL_NOPAD.encode(&print),
            signs: EncodingKey::from_ed_der(&[&PKCS8[..], &seed].concat()),
            verifies: DecodingKey::from_ed_der(&public),
            x,
        }
    }
}

impl Keys {
    pub fn current(&self) -> &Key {
        let [current, ..] = &self.all;
        current
    }

    pub fn named(&self, kid: &str) -> Option<&Key> {
        self.all.iter().find(|key| key.kid == kid)
    }

    pub fn public(&self) -> Vec<PublicKey> {
        let public = |key: &Key| PublicKey {
            kty: "OKP",
            crv: "Ed25519",
            x: key.x.clone(),
            kid: key.kid.clone(),
            alg: "EdDSA",
            usage: "sig",
        };
        self.all.iter().map(public).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY_MS: i64 = 86_400_000;

    fn ring(secret: u8) -> KeyRing {
        KeyRing::new(&SigningSecret::from_bytes([secret; 32]), 30 * DAY_MS as u64)
    }

    #[test]
    fn every_node_has_the_same_keys_and_another_secret_others() {
        let at = Timestamp(1_795_000_000_000);
        assert_eq!(ring(1).at(at).current().kid, ring(1).at(at).current().kid);
        assert_ne!(ring(1).at(at).current().kid, ring(2).at(at).current().kid);
    }

    #[test]
    fn the_next_key_is_published_ahead_and_the_last_one_stays_for_a_period() {
        let ring = ring(1);
        let now = Timestamp(1_795_000_000_000);
        let [before, later] = [ring.at(now), ring.at(now.plus_ms(30 * DAY_MS))];
        assert_ne!(before.current().kid, later.current().kid);
        assert!(before.named(&later.current().kid).is_some(), "published ahead");
        assert!(later.named(&before.current().kid).is_some(), "still valid");
        let last = ring.at(now.plus_ms(60 * DAY_MS));
        assert!(last.named(&before.current().kid).is_none(), "gone");
        let kids: std::collections::BTreeSet<_> = before.public().into_iter().map(|key| key.kid).collect();
        assert_eq!(kids.len(), 3);
    }
}
