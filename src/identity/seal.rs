//! Text that only this shop can have written: `base64url(payload).base64url(HMAC-SHA-256)`.
//!
//! The signature covers the encoded payload, so that each sealed text has one spelling. The keyed state is
//! kept and cloned: verifying costs the payload's blocks, not the key's. Nothing is encrypted.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::SigningSecret;

/// Bytes of a sealed text; a longer one is refused before it is hashed.
pub const SEALED_LEN_MAX: usize = 2048;

#[derive(Clone)]
pub struct Seal {
    keyed: Hmac<Sha256>,
}

impl Seal {
    pub fn new(secret: &SigningSecret, purpose: &str) -> Self {
        Self { keyed: keyed(&secret.derive(purpose)) }
    }

    pub fn seal(&self, payload: &[u8]) -> String {
        let mut text = URL_SAFE_NO_PAD.encode(payload);
        let tag = self.keyed.clone().chain_update(text.as_bytes()).finalize().into_bytes();
        text.push('.');
        URL_SAFE_NO_PAD.encode_string(tag, &mut text);
        text
    }

    /// The first half of `text`'s code: enough to tell texts apart in a log.
    pub fn tag(&self, text: &[u8]) -> u64 {
        let code: [u8; 32] = self.keyed.clone().chain_update(text).finalize().into_bytes().into();
        u64::from_be_bytes([code[0], code[1], code[2], code[3], code[4], code[5], code[6], code[7]])
    }

    /// The payload, when the signature is valid. Compares in constant time.
    pub fn open(&self, sealed: &str) -> Option<Vec<u8>> {
        if sealed.len() > SEALED_LEN_MAX {
            return None;
        }
        let (payload, tag) = sealed.split_once('.')?;
        let tag = URL_SAFE_NO_PAD.decode(tag).ok()?;
        self.keyed.clone().chain_update(payload.as_bytes()).verify_slice(&tag).ok()?;
        URL_SAFE_NO_PAD.decode(payload).ok()
    }
}

pub fn hmac(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = keyed(key);
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

fn keyed(key: &[u8; 32]) -> Hmac<Sha256> {
    // HMAC fills a short key with zeros up to the block; done here, no length can be wrong.
    let mut block = hmac::digest::Key::<Hmac<Sha256>>::default();
    block[..32].copy_from_slice(key);
    Hmac::new(&block)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seal(purpose: &str) -> Seal {
        Seal::new(&SigningSecret::from_bytes([9; 32]), purpose)
    }

    #[test]
    fn hmac_matches_rfc_4231() {
        // Test case 2 of RFC 4231: key "Jefe", here filled with zeros as HMAC itself does.
        let mut key = [0; 32];
        key[..4].copy_from_slice(b"Jefe");
        let tag = hmac(&key, &[b"what do ya want ", b"for nothing?"]);
        assert_eq!(tag[..8], [0x5b, 0xdc, 0xc1, 0x46, 0xbf, 0x60, 0x75, 0x4e]);
    }

    #[test]
    fn opens_what_it_sealed_and_nothing_that_was_touched() {
        let sealed = seal("a").seal(b"payload");
        assert_eq!(seal("a").open(&sealed).as_deref(), Some(&b"payload"[..]));
        for at in 0..sealed.len() {
            let mut bytes = sealed.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let touched = String::from_utf8(bytes).unwrap();
            assert_eq!(seal("a").open(&touched), None, "byte {at}: {touched}");
        }
        for bad in ["", ".", "abc", &sealed[..sealed.len() - 1], &format!("{sealed}="), &"a".repeat(5000)] {
            assert_eq!(seal("a").open(bad), None, "{bad}");
        }
    }

    #[test]
    fn another_purpose_does_not_open_it() {
        assert_eq!(seal("b").open(&seal("a").seal(b"payload")), None);
    }
}
