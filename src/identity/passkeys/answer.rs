//! What an authenticator answers, verified as "Web Authentication" (W3C, level 3, section 7) asks of a relying party.
//!
//! Deliberately absent: attestation. The shop takes every authenticator, so nobody's make is asked for or believed.

use data_encoding::BASE64URL_NOPAD;
use ring::digest::{SHA256, digest};
use serde::Deserialize;

use super::{
    cbor::{Cbor, Value},
    ceremony::Question,
    cose::PublicKey,
    relying_party::RelyingParty,
};
use crate::domain::{
    account::{CosePublicKey, CredentialId, Passkey, PasskeyUse},
    ids::UserId,
};

const PRESENT: u8 = 1;
const VERIFIED: u8 = 1 << 2;
const BACKUP_ELIGIBLE: u8 = 1 << 3;
const BACKED_UP: u8 = 1 << 4;
const HAS_CREDENTIAL: u8 = 1 << 6;
/// Bytes, by the specification.
const CREDENTIAL_ID_MAX: usize = 1023;

/// A new key pair's first answer; the bytes are as the browser gave them.
pub struct Registration {
    pub client_data: Vec<u8>,
    pub attestation: Vec<u8>,
}

/// The answer of a passkey that is known.
pub struct Assertion {
    pub credential: CredentialId,
    pub client_data: Vec<u8>,
    pub authenticator_data: Vec<u8>,
    pub signature: Vec<u8>,
    /// Whose it is, as it was told when it was made. An authenticator that was asked for this credential may leave it out.
    pub user: Option<UserId>,
}

/// What the browser says about the page that asked.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ClientData {
    r#type: String,
    challenge: String,
    origin: String,
    #[serde(default)]
    cross_origin: bool,
}

struct AuthenticatorData<'a> {
    flags: u8,
    counter: u32,
    rest: Cbor<'a>,
}

impl Registration {
    pub fn verified(&self, shop: &RelyingParty, question: &Question) -> Option<Passkey> {
        ClientData::check(&self.client_data, "webauthn.create", shop, question)?;
        let data = AuthenticatorData::read(self.authenticator_data()?, shop)?;
        let (credential, key) = data.credential()?;
        Some(Passkey {
            credential: CredentialId(BASE64URL_NOPAD.encode(credential)),
            key: CosePublicKey(BASE64URL_NOPAD.encode(key)),
            counter: data.counter,
        })
    }

    fn authenticator_data(&self) -> Option<&[u8]> {
        let mut cbor = Cbor(&self.attestation);
        let mut found = None;
        for _ in 0..cbor.map()? {
            match cbor.next()? {
                Value::Text("authData") => {
                    let Value::Bytes(bytes) = cbor.next()? else { return None };
                    found = Some(bytes);
                }
                Value::Text(_) => cbor.skip()?,
                _ => return None,
            }
        }
        found.filter(|_| cbor.0.is_empty())
    }
}

impl Assertion {
    /// `key`: as the account keeps it.
    pub fn verified(&self, key: &CosePublicKey, shop: &RelyingParty, question: &Question) -> Option<PasskeyUse> {
        let key = BASE64URL_NOPAD.decode(key.0.as_bytes()).ok()?;
        let (key, _) = PublicKey::read(&key)?;
        let message = [&self.authenticator_data, digest(&SHA256, &self.client_data).as_ref()].concat();
        if !key.has_signed(&message, &self.signature) {
            return None;
        }
        ClientData::check(&self.client_data, "webauthn.get", shop, question)?;
        let data = AuthenticatorData::read(&self.authenticator_data, shop)?;
        Some(PasskeyUse { asked: question.asked, counter: data.counter, verified: data.flags & VERIFIED != 0 })
    }
}

impl ClientData {
    fn check(bytes: &[u8], kind: &str, shop: &RelyingParty, question: &Question) -> Option<()> {
        let said: Self = serde_json::from_slice(bytes).ok()?;
        let challenge = BASE64URL_NOPAD.decode(said.challenge.as_bytes()).ok()?;
        let ours = said.r#type == kind && challenge == question.challenge && shop.has_origin(&said.origin);
        (ours && !said.cross_origin).then_some(())
    }
}

impl<'a> AuthenticatorData<'a> {
    fn read(bytes: &'a [u8], shop: &RelyingParty) -> Option<Self> {
        let mut rest = Cbor(bytes);
        let (told_shop, flags) = (rest.take(32)?, rest.take(1)?[0]);
        let counter = u32::from_be_bytes(rest.take(4)?.try_into().ok()?);
        let ours = told_shop == digest(&SHA256, shop.id.as_bytes()).as_ref();
        // Whoever cannot be backed up is not backed up.
        let sound = flags & BACKUP_ELIGIBLE != 0 || flags & BACKED_UP == 0;
        (ours && sound && flags & PRESENT != 0).then_some(Self { flags, counter, rest })
    }

    fn credential(&self) -> Option<(&'a [u8], &'a [u8])> {
        if self.flags & HAS_CREDENTIAL == 0 {
            return None;
        }
        let mut rest = self.rest.clone();
        // The authenticator's make.
        rest.take(16)?;
        let length = usize::from(u16::from_be_bytes(rest.take(2)?.try_into().ok()?));
        let credential = rest.take(length).filter(|_| (1..=CREDENTIAL_ID_MAX).contains(&length))?;
        let (_, length) = PublicKey::read(rest.0)?;
        Some((credential, rest.take(length)?))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    /// Of 1Password's `passkey-client` 0.6.0 (ES256, EdDSA) and OpenSSL 3.0 (RS256, as Windows Hello signs): the challenge
    /// of the first question is 32 times 1, of the second 32 times 2.
    const RECORDED: &str = include_str!("../../../tests/data/passkeys/recorded.json");

    fn bytes(value: &Value) -> Vec<u8> {
        BASE64URL_NOPAD.decode(value.as_str().expect("a text").as_bytes()).expect("base64url")
    }

    #[test]
    fn what_other_makers_write_is_read_and_a_changed_bit_is_not() {
        let shop = RelyingParty::new("https://shop.example", &[], "").unwrap();
        let question = |n| Question { asked: 7, challenge: [n; 32] };
        let recorded: Vec<Value> = serde_json::from_str(RECORDED).unwrap();
        assert!(recorded.iter().map(|one| one["algorithm"].as_i64().unwrap()).eq(super::super::ALGORITHMS));
        for one in recorded {
            let (made, answer) = (&one["made"], &one["answer"]);
            let client_data = bytes(&made["clientDataJSON"]);
            let made = Registration { client_data, attestation: bytes(&made["attestationObject"]) };
            let passkey = made.verified(&shop, &question(1)).expect("a passkey");
            assert_eq!((passkey.credential.0.as_str(), passkey.counter), (one["id"].as_str().unwrap(), 0));
            assert_eq!(made.verified(&shop, &question(2)), None);
            let whole = || Assertion {
                credential: passkey.credential.clone(),
                client_data: bytes(&answer["clientDataJSON"]),
                authenticator_data: bytes(&answer["authenticatorData"]),
                signature: bytes(&answer["signature"]),
                user: None,
            };
            let used = PasskeyUse { asked: 7, counter: 1, verified: true };
            assert_eq!(whole().verified(&passkey.key, &shop, &question(2)), Some(used));
            assert_eq!(whole().verified(&passkey.key, &shop, &question(1)), None);
            let parts: [fn(&mut Assertion) -> &mut Vec<u8>; 3] =
                [|a| &mut a.client_data, |a| &mut a.authenticator_data, |a| &mut a.signature];
            for part in parts {
                let length = part(&mut whole()).len();
                for bit in (0..length * 8).step_by(7) {
                    let mut changed = whole();
                    part(&mut changed)[bit / 8] ^= 1 << (bit % 8);
                    assert_eq!(changed.verified(&passkey.key, &shop, &question(2)), None, "bit {bit}");
                }
            }
            let other = RelyingParty::new("https://other.example", &[], "").unwrap();
            assert_eq!(whole().verified(&passkey.key, &other, &question(2)), None);
        }
    }
}
