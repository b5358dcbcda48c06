//! E-mail addresses, and persons at providers, as this shop names them: a digest under a key of its own, so that ids and index rows show no address,
//! and whoever lacks the key cannot try addresses either.

use super::seal::hmac;
use crate::domain::{
    email::{AddressKey, Mailbox},
    identity_link::{Subject, Vouched},
};

/// Frozen with the shop: another key would find no account.
#[derive(Clone)]
pub struct Addresses([u8; 32]);

impl Addresses {
    pub fn new(key: [u8; 32]) -> Self {
        Self(key)
    }

    /// `None`: too long, or it cannot be an address at all.
    pub fn mailbox(&self, written: &str) -> Option<Mailbox> {
        Mailbox::new(written, self)
    }

    /// Of whom a provider vouches for.
    pub fn subject(&self, vouched: &Vouched) -> Subject {
        let Vouched { provider, issuer, subject, .. } = vouched;
        let length = (issuer.len() as u64).to_be_bytes();
        let parts = [b"souk/identity_link/", &length[..], issuer.as_bytes(), subject.as_bytes()];
        Subject::new(provider, &hmac(&self.0, &parts))
    }

    /// Of index rows, which are told apart from claims.
    pub fn index_key(&self) -> [u8; 16] {
        let mut key = [0; 16];
        key.copy_from_slice(&hmac(&self.0, &[b"souk/address-index"])[..16]);
        key
    }
}

impl AddressKey for Addresses {
    fn digest(&self, address: &[u8]) -> [u8; 32] {
        hmac(&self.0, &[b"souk/email/", address])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_shop_names_an_address_otherwise_and_the_name_is_frozen() {
        let id = |key: u8| Addresses::new([key; 32]).mailbox("Ada@Example.org").unwrap().key().to_string();
        assert_eq!(id(7), Addresses::new([7; 32]).mailbox("ada@example.org").unwrap().key().to_string());
        assert_ne!(id(7), id(8));
        assert_eq!(id(7), "email/44cc5498a1a3dad856b954534497e72d");
    }
    #[test]
    fn a_person_at_a_provider_is_named_by_issuer_and_subject_and_the_name_is_frozen() {
        let id = |issuer: &str, subject: &str| {
            let (provider, issuer, subject) = ("google".to_owned(), issuer.to_owned(), subject.to_owned());
            let (mailbox, verified, name, authenticated_at) = (None, false, None, None);
            let vouched = Vouched { provider, issuer, subject, mailbox, verified, name, authenticated_at };
            Addresses::new([7; 32]).subject(&vouched).key().to_string()
        };
        assert_eq!(id("https://a.example", "1"), "identity_link/google/40cb30a32b5715c4de8a6d32b35916a1");
        assert_ne!(id("https://a.example", "1"), id("https://a.exampl", "e1"));
        assert_ne!(id("https://a.example", "1"), id("https://b.example", "1"));
    }
}
