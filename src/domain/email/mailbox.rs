//! An e-mail address as accounts compare it.
//!
//! Normalised once, where it is parsed: trimmed, Unicode's composed form, full lower case. Nothing clever: dots, plus
//! signs and providers' own rules stay as they are. The form that its owner wrote is kept beside, for mails and pages.

use std::{ops::Deref, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};
use unicode_normalization::UnicodeNormalization;

use crate::domain::{key::EntityKey, kinds::Kind, personal::Form};

/// Personal but for the id of its claim. One reference count: it stands in many commands and states.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mailbox(Arc<Parts>);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parts {
    /// What is compared.
    pub address: Arc<str>,
    /// As it was written.
    pub shown: Arc<str>,
    /// The id of the entity that says who has the address. Absent in what was written before addresses were keyed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    claim: Option<Arc<str>>,
}

impl Deref for Mailbox {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

/// What stays readable: the claim is to be given back also when its address is known no more.
#[derive(Serialize, Deserialize)]
struct Open {
    claim: Arc<str>,
}

/// A digest under a key of the shop: without the key nobody can try addresses.
pub trait AddressKey {
    fn digest(&self, address: &[u8]) -> [u8; 32];
}

impl Mailbox {
    /// RFC 5321's longest path, in bytes; also of the normalised form.
    pub const BYTES_MAX: usize = 254;

    /// `None`: too long, or it cannot be an address at all. The syntax is the edge's to check.
    pub fn new(written: &str, key: &dyn AddressKey) -> Option<Self> {
        let mailbox = Self::unkeyed(written)?;
        let claim = Some(spelled(&key.digest(mailbox.address.as_bytes())).into());
        Some(Self(Arc::new(Parts { claim, ..Parts::clone(&mailbox) })))
    }

    /// As addresses were first kept; its claim is another than that of [`Mailbox::new`].
    pub fn unkeyed(written: &str) -> Option<Self> {
        let shown = written.trim();
        if shown.len() > Self::BYTES_MAX {
            return None;
        }
        let address = Self::compared(shown);
        let plausible = address.contains('@') && !address.contains(char::is_whitespace);
        let fits = plausible && address.len() <= Self::BYTES_MAX;
        fits.then(|| Self(Arc::new(Parts { address: address.into(), shown: shown.into(), claim: None })))
    }

    /// A text, or the beginning of one, as addresses are compared.
    pub fn compared(written: &str) -> String {
        written.trim().nfc().collect::<String>().to_lowercase().nfc().collect()
    }

    /// The entity that says who has the address. Its id is a digest, because ids stand in logs and in the journal's keys,
    /// where no personal data may be. Frozen.
    pub fn key(&self) -> EntityKey {
        EntityKey::new(Kind::Email, self.claim_id())
    }

    fn claim_id(&self) -> Arc<str> {
        self.claim.clone().unwrap_or_else(|| {
            let digest = Sha256::new().chain_update(b"souk/email/").chain_update(self.address.as_bytes()).finalize();
            spelled(&digest).into()
        })
    }

    /// What is left of it when its owner is forgotten: enough to give the claim back.
    pub fn erased(&self) -> Self {
        Self::blank(self.claim_id())
    }

    fn blank(claim: Arc<str>) -> Self {
        Self(Arc::new(Parts { address: "".into(), shown: "".into(), claim: Some(claim) }))
    }
}

fn spelled(digest: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(&digest[..16])
}

impl Serialize for Mailbox {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let open = Open { claim: self.claim_id() };
        Form::write(open, &**self, |serializer| self.0.serialize(serializer), serializer)
    }
}

impl<'de> Deserialize<'de> for Mailbox {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Kept {
            Sealed(Form<Open>),
            Plain(Parts),
        }
        Ok(match Kept::deserialize(deserializer)? {
            Kept::Plain(parts) => Self(Arc::new(parts)),
            Kept::Sealed(form) => match form.read() {
                Some(parts) => Self(Arc::new(parts)),
                None => Self::blank(form.open.claim),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(written: &str) -> Option<String> {
        Mailbox::unkeyed(written).map(|mailbox| mailbox.address.to_string())
    }

    #[test]
    fn what_people_take_for_one_address_is_one() {
        assert_eq!(address(" Ada@Example.ORG ").as_deref(), Some("ada@example.org"));
        assert_eq!(address("jose\u{301}@example.org"), address("JOS\u{c9}@example.org"));
        assert_eq!(address("a.d.a+shop@example.org").as_deref(), Some("a.d.a+shop@example.org"), "nothing clever");
        assert_eq!(&*Mailbox::unkeyed(" Ada@Example.ORG ").unwrap().shown, "Ada@Example.ORG");
    }

    #[test]
    fn what_cannot_be_an_address_is_none() {
        for bad in ["", "ada", "a b@c", &format!("{}@b", "x".repeat(253))] {
            assert_eq!(address(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_entitys_id_is_frozen_and_shows_no_address() {
        struct Key;
        impl AddressKey for Key {
            fn digest(&self, address: &[u8]) -> [u8; 32] {
                Sha256::new().chain_update(b"key").chain_update(address).finalize().into()
            }
        }
        let unkeyed = Mailbox::unkeyed("Ada@example.org").unwrap().key();
        assert_eq!(unkeyed, Mailbox::unkeyed("ada@EXAMPLE.org").unwrap().key());
        assert_eq!(unkeyed.to_string(), "email/bdc87793aafac6185305b5f74a432ce9");
        let mailbox = Mailbox::new("Ada@example.org", &Key).unwrap();
        assert_eq!(mailbox.key().to_string(), "email/01f5beafee9ecdbda2ab895327f1cf9a");
        assert_eq!(mailbox.erased().key(), mailbox.key());
        assert!(!format!("{:?}", mailbox.erased()).contains("example"));
    }
}
