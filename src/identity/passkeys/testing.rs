//! An authenticator of the tests that lies where it is told to; one that never lies is in `tests/api/passkeys.rs`.

use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair},
};

use super::*;

pub struct Authenticator {
    pkcs8: Vec<u8>,
    pair: EcdsaKeyPair,
    random: SystemRandom,
    pub credential: Vec<u8>,
    pub origin: String,
    pub domain: String,
    pub flags: u8,
    pub counter: u32,
    /// Put into what the browser says, after the members that are asked for.
    pub says: String,
}

/// Present, recognised.
pub const RECOGNISED: u8 = 0b101;
pub const TOUCHED: u8 = 0b001;

impl Authenticator {
    pub fn new() -> Self {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).expect("a key pair");
        Self::of(pkcs8.as_ref())
    }

    /// The same key pair, in hands that may lie.
    pub fn copy(&self) -> Self {
        Self::of(&self.pkcs8)
    }

    fn of(pkcs8: &[u8]) -> Self {
        let (pkcs8, random) = (pkcs8.to_vec(), SystemRandom::new());
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &pkcs8, &random).expect("its own");
        let credential = pair.public_key().as_ref()[1..17].to_vec();
        let (origin, domain) = (crate::identity::testing::SHOP.to_owned(), "shop.example".to_owned());
        Self { pkcs8, pair, random, credential, origin, domain, flags: RECOGNISED, counter: 0, says: String::new() }
    }

    pub fn made(&self, asked: &Asked) -> Registration {
        let length = u16::try_from(self.credential.len()).expect("short").to_be_bytes();
        let key = cose::testing::es256(self.pair.public_key().as_ref());
        let data = [&self.data(self.flags | 0x40)[..], &[0; 16], &length, &self.credential, &key].concat();
        let length = u16::try_from(data.len()).expect("short").to_be_bytes();
        let head = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x59";
        Registration {
            client_data: self.client_data("webauthn.create", asked),
            attestation: [&head[..], &length, &data].concat(),
        }
    }

    pub fn answers(&self, asked: &Asked, user: Option<UserId>) -> Assertion {
        self.says(self.client_data("webauthn.get", asked), user)
    }

    pub fn says(&self, client_data: Vec<u8>, user: Option<UserId>) -> Assertion {
        let authenticator_data = self.data(self.flags);
        let digest = ring::digest::digest(&ring::digest::SHA256, &client_data);
        let message = [&authenticator_data, digest.as_ref()].concat();
        let signature = self.pair.sign(&self.random, &message).expect("a signature").as_ref().to_vec();
        let credential = CredentialId(data_encoding::BASE64URL_NOPAD.encode(&self.credential));
        Assertion { credential, client_data, authenticator_data, signature, user }
    }

    pub fn client_data(&self, kind: &str, asked: &Asked) -> Vec<u8> {
        let challenge = data_encoding::BASE64URL_NOPAD.encode(&asked.challenge);
        let (origin, more) = (&self.origin, &self.says);
        format!(r#"{{"type":"{kind}","challenge":"{challenge}","origin":"{origin}"{more}}}"#).into_bytes()
    }

    fn data(&self, flags: u8) -> Vec<u8> {
        let domain = ring::digest::digest(&ring::digest::SHA256, self.domain.as_bytes());
        [domain.as_ref(), &[flags], &self.counter.to_be_bytes()].concat()
    }
}
