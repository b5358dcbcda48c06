//! The secret part of a key's text, and what is kept of it.
//!
//! 256 random bits need no salt and no slow digest: nobody finds them by trying. So their SHA-256 stands in the state that
//! every node reads, and a request with a key asks no other node. History blots it all the same.

use std::fmt;

use data_encoding::BASE64_NOPAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// `Debug` hides it, and it is never serialised.
#[derive(Clone, PartialEq, Eq)]
pub struct KeySecret([u8; 32]);

/// The digest of a secret. `Debug` hides it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Verifier(String);

impl KeySecret {
    /// Of random bits.
    pub fn new(bits: [u8; 32]) -> Self {
        Self(bits)
    }

    pub fn bits(&self) -> &[u8; 32] {
        &self.0
    }
}

impl Verifier {
    pub fn of(secret: &KeySecret) -> Self {
        let digest = Sha256::new().chain_update(b"souk/api-key/").chain_update(secret.0).finalize();
        Self(BASE64_NOPAD.encode(&digest))
    }

    pub fn is_of(&self, secret: &KeySecret) -> bool {
        let found = Self::of(secret).0;
        // No early end that would tell how much is right.
        found.len() == self.0.len() && found.bytes().zip(self.0.bytes()).fold(0, |d, (a, b)| d | (a ^ b)) == 0
    }
}

impl fmt::Debug for KeySecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeySecret(..)")
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Verifier(..)")
    }
}
