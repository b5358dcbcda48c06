//! What an account keeps of a passkey, and what it asks of each use.

use serde::{Deserialize, Serialize};

/// A name that the authenticator gave the key pair, in base64url: nobody else knows what it says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CredentialId(pub String);

/// A COSE key (RFC 9052) in base64url, as the authenticator wrote it. Public: nothing can be signed with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CosePublicKey(pub String);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Passkey {
    pub credential: CredentialId,
    pub key: CosePublicKey,
    /// Signatures that the authenticator has made; 0 of one that does not count.
    pub counter: u32,
}

/// One answer of an authenticator, whose signature a node has verified.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PasskeyUse {
    /// The millisecond at which the shop asked.
    pub asked: u64,
    pub counter: u32,
    /// The authenticator recognised its owner (PIN, finger, face), who did not only touch it.
    pub verified: bool,
}

impl Passkey {
    /// A counter that stands still is a copy's, unless neither ever counted.
    pub(super) fn counts_on(&self, used: &PasskeyUse) -> bool {
        used.counter > self.counter || (used.counter == 0 && self.counter == 0)
    }
}
