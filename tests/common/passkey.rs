//! A browser of the tests with an authenticator that keeps one passkey (WebAuthn, ES256), whose owner is always there and
//! recognised.

use data_encoding::BASE64URL_NOPAD;
use ring::{
    digest::{SHA256, digest},
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair},
};
use serde_json::{Value, json};

pub struct Browser {
    origin: String,
    /// Of which the pair is made: in PKCS 8.
    pair: Vec<u8>,
    /// As it was told when the passkey was made.
    owner: Value,
    counter: u32,
}

/// Present, recognised; with a new key pair.
const RECOGNISED: u8 = 0b101;
const WITH_PAIR: u8 = 0b100_0101;

impl Browser {
    pub fn new(origin: &str) -> Self {
        let random = SystemRandom::new();
        let pair = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).expect("a key pair");
        Self { origin: origin.to_owned(), pair: pair.as_ref().to_vec(), owner: Value::Null, counter: 0 }
    }

    /// The same passkey on another page.
    pub fn at(&self, origin: &str) -> Self {
        Self { origin: origin.to_owned(), pair: self.pair.clone(), owner: self.owner.clone(), counter: self.counter }
    }

    /// `navigator.credentials.create`, as `toJSON` writes it.
    pub fn create(&mut self, options: &Value) -> Value {
        assert!(options["pubKeyCredParams"].as_array().expect("algorithms").iter().any(|one| one["alg"] == -7));
        self.owner = options["user"]["id"].clone();
        let point = self.pair().public_key().as_ref().to_vec();
        let key = [&[0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32], &point[1..33], &[0x22, 0x58, 32], &point[33..]];
        let id = self.id();
        let attested = [&[0; 16][..], &[0, 16], &id, &key.concat()].concat();
        let data = [self.data(&options["rp"]["id"], WITH_PAIR), attested].concat();
        let length = u8::try_from(data.len()).expect("short");
        let object = [b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58", &[length][..], &data].concat();
        let response = json!({
            "clientDataJSON": encoded(&self.client_data("webauthn.create", options)),
            "attestationObject": encoded(&object), "transports": ["internal"],
        });
        self.credential(response)
    }

    /// `navigator.credentials.get`
    pub fn get(&mut self, options: &Value) -> Value {
        self.counter += 1;
        let (data, said) = (self.data(&options["rpId"], RECOGNISED), self.client_data("webauthn.get", options));
        let message = [&data, digest(&SHA256, &said).as_ref()].concat();
        let signature = self.pair().sign(&SystemRandom::new(), &message).expect("a signature");
        let response = json!({
            "clientDataJSON": encoded(&said), "authenticatorData": encoded(&data),
            "signature": encoded(signature.as_ref()), "userHandle": self.owner,
        });
        self.credential(response)
    }

    fn credential(&self, response: Value) -> Value {
        let id = encoded(&self.id());
        json!({"id": id, "rawId": id, "type": "public-key", "authenticatorAttachment": "platform",
            "clientExtensionResults": {}, "response": response})
    }

    fn pair(&self) -> EcdsaKeyPair {
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &self.pair, &SystemRandom::new()).expect("its own")
    }

    fn id(&self) -> Vec<u8> {
        self.pair().public_key().as_ref()[1..17].to_vec()
    }

    fn data(&self, domain: &Value, flags: u8) -> Vec<u8> {
        let domain = digest(&SHA256, domain.as_str().expect("a domain").as_bytes());
        [domain.as_ref(), &[flags], &self.counter.to_be_bytes()].concat()
    }

    fn client_data(&self, kind: &str, options: &Value) -> Vec<u8> {
        let said =
            json!({"type": kind, "challenge": options["challenge"], "origin": self.origin, "crossOrigin": false});
        said.to_string().into_bytes()
    }
}

fn encoded(bytes: &[u8]) -> String {
    BASE64URL_NOPAD.encode(bytes)
}
