//! An e-mail address as accounts compare it.
//!
//! Normalised once, where it is parsed: trimmed, Unicode's composed form, full lower case. Nothing clever: dots, plus
//! signs and providers' own rules stay as they are. The form that its owner wrote is kept beside, for mails and pages.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use unicode_normalization::UnicodeNormalization;

use crate::domain::{key::EntityKey, kinds::Kind};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mailbox {
    /// What is compared.
    pub address: Arc<str>,
    /// As it was written.
    pub shown: Arc<str>,
}

impl Mailbox {
    /// RFC 5321's longest path, in bytes; also of the normalised form.
    pub const BYTES_MAX: usize = 254;

    /// `None`: too long, or it cannot be an address at all. The syntax is the edge's to check.
    pub fn new(written: &str) -> Option<Self> {
        let shown = written.trim();
        if shown.len() > Self::BYTES_MAX {
            return None;
        }
        let address = Self::compared(shown);
        let plausible = address.contains('@') && !address.contains(char::is_whitespace);
        (plausible && address.len() <= Self::BYTES_MAX).then(|| Self { address: address.into(), shown: shown.into() })
    }

    /// A text, or the beginning of one, as addresses are compared.
    pub fn compared(written: &str) -> String {
        written.trim().nfc().collect::<String>().to_lowercase().nfc().collect()
    }

    /// The entity that says who has the address. Its id is a digest, because ids stand in logs and in the journal's keys,
    /// where no personal data may be. Frozen.
    pub fn key(&self) -> EntityKey {
        let digest = Sha256::new().chain_update(b"souk/email/").chain_update(self.address.as_bytes()).finalize();
        EntityKey::new(Kind::Email, data_encoding::HEXLOWER.encode(&digest[..16]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(written: &str) -> Option<String> {
        Mailbox::new(written).map(|mailbox| mailbox.address.to_string())
    }

    #[test]
    fn what_people_take_for_one_address_is_one() {
        assert_eq!(address(" Ada@Example.ORG ").as_deref(), Some("ada@example.org"));
        assert_eq!(address("jose\u{301}@example.org"), address("JOS\u{c9}@example.org"));
        assert_eq!(address("a.d.a+shop@example.org").as_deref(), Some("a.d.a+shop@example.org"), "nothing clever");
        assert_eq!(&*Mailbox::new(" Ada@Example.ORG ").unwrap().shown, "Ada@Example.ORG");
    }

    #[test]
    fn what_cannot_be_an_address_is_none() {
        for bad in ["", "ada", "a b@c", &format!("{}@b", "x".repeat(253))] {
            assert_eq!(address(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_entitys_id_is_frozen_and_shows_no_address() {
        let key = Mailbox::new("Ada@example.org").unwrap().key();
        assert_eq!(key, Mailbox::new("ada@EXAMPLE.org").unwrap().key());
        assert_eq!(key.to_string(), "email/bdc87793aafac6185305b5f74a432ce9");
    }
}
