//! A password as its account knows it: salt, parameters, and a verifier of the key that they make of it.
//!
//! The password is proven, never shipped: the node that it was typed at reads salt and parameters, makes the key by
//! Argon2id, and sends the key; the account compares its digest with the verifier. Whoever reads the stored verifier
//! cannot log in with it, and no reply, view or event feed has it.

use std::fmt;

use data_encoding::BASE64_NOPAD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

/// What the key is made with. Not secret: a log-in's node asks for it before it knows who is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Challenge {
    #[serde(with = "base64")]
    pub salt: Vec<u8>,
    pub memory_kib: u32,
    pub passes: u32,
    pub lanes: u32,
}

/// `Debug` hides the verifier.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Password {
    #[serde(flatten)]
    pub challenge: Challenge,
    #[serde(with = "base64")]
    verifier: Vec<u8>,
}

/// Argon2id of a password: who has it can log in. `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct Key(Vec<u8>);

impl Key {
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl Password {
    /// `key`: what the challenge makes of the password.
    pub fn of(challenge: Challenge, key: &[u8]) -> Self {
        Self { challenge, verifier: digest(key) }
    }

    pub fn is(&self, key: &Key) -> bool {
        let found = digest(&key.0);
        // No early end that would tell how much is right.
        found.len() == self.verifier.len() && found.iter().zip(&self.verifier).fold(0, |d, (a, b)| d | (a ^ b)) == 0
    }
}

fn digest(key: &[u8]) -> Vec<u8> {
    Sha256::digest(key).to_vec()
}

pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    BASE64_NOPAD.decode(text.as_bytes()).ok()
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

impl Serialize for Key {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        base64::serialize(&self.0, serializer)
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        base64::deserialize(deserializer).map(Self)
    }
}

mod base64 {
    use serde::de::Error;

    use super::*;

    pub fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&BASE64_NOPAD.encode(bytes))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(deserializer)?;
        decode(&text).ok_or_else(|| D::Error::custom("not base64 without padding"))
    }
}
