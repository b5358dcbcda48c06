//! E-mail addresses in keys of rows: found by their beginning, and unreadable.
//!
//! Each character is a token of two bytes that depends on all before it and on a key of the shop. So addresses that begin
//! alike have keys that begin alike, and a row says no more. Two beginnings may share a token by chance: whoever walks
//! rows looks at the state, too. The order of the keys is none.

use std::hash::Hasher;

use siphasher::sip::SipHasher24;

#[derive(Clone, Default)]
pub struct AddressIndex([u8; 16]);

impl AddressIndex {
    pub fn new(key: [u8; 16]) -> Self {
        Self(key)
    }

    /// What every key of an address that begins so begins with. `text` as the index compares addresses.
    pub fn beginning(&self, text: &str) -> Vec<u8> {
        self.tokens(text).0
    }

    /// The part of a key that is the whole address's alone.
    pub fn whole(&self, text: &str) -> Vec<u8> {
        let (mut tokens, mut hasher) = self.tokens(text);
        hasher.write(&[0]);
        tokens.extend_from_slice(&hasher.finish().to_be_bytes());
        tokens
    }

    fn tokens(&self, text: &str) -> (Vec<u8>, SipHasher24) {
        let mut hasher = SipHasher24::new_with_key(&self.0);
        let mut tokens = Vec::with_capacity(2 * text.len() + 8);
        for character in text.chars() {
            hasher.write(character.encode_utf8(&mut [0; 4]).as_bytes());
            let [high, low, ..] = hasher.finish().to_be_bytes();
            tokens.extend_from_slice(&[high, low]);
        }
        (tokens, hasher)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_found_by_any_of_its_beginnings_and_is_not_to_be_read() {
        let index = AddressIndex::new([7; 16]);
        let key = index.whole("jörg@example.org");
        for beginning in ["", "j", "jör", "jörg@example.or", "jörg@example.org"] {
            assert!(key.starts_with(&index.beginning(beginning)), "{beginning}");
        }
        for other in ["k", "jorg", "jörg@example.org."] {
            assert!(!key.starts_with(&index.beginning(other)), "{other}");
        }
        assert!(!index.whole("jörg@example.org.uk").starts_with(&key), "the whole is no beginning");
        assert!(!AddressIndex::new([8; 16]).whole("jörg@example.org").starts_with(&index.beginning("j")));
        assert!(!key.windows(4).any(|bytes| bytes == b"exam"));
    }
}
