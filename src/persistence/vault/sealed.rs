//! A sealed text: base64url of a version, the subject's index, a random nonce and the cipher's text with its tag. Frozen.
//!
//! The index tells whose it is to whoever has the keys' names, which are no secret: ids stand beside it anyway.

use std::sync::Arc;

use data_encoding::BASE64URL_NOPAD;
use ring::{
    aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    rand::SecureRandom,
};

use super::{keyring::Index, tree::Seed};

const VERSION: u8 = 1;
const HEAD: usize = 1 + Index::LEN;

pub fn cipher(key: &Seed) -> LessSafeKey {
    // A key of 32 bytes is one of this cipher, by its type.
    LessSafeKey::new(UnboundKey::new(&CHACHA20_POLY1305, key).unwrap_or_else(|_| unreachable!("32 bytes")))
}

/// `None`: the system gives no random numbers.
pub fn seal(key: &LessSafeKey, index: Index, plain: &[u8], random: &dyn SecureRandom) -> Option<String> {
    let mut nonce = [0; NONCE_LEN];
    random.fill(&mut nonce).ok()?;
    let mut out = Vec::with_capacity(HEAD + NONCE_LEN + plain.len() + CHACHA20_POLY1305.tag_len());
    out.push(VERSION);
    out.extend_from_slice(&index.0);
    let head = Aad::from(out.clone());
    out.extend_from_slice(&nonce);
    out.extend_from_slice(plain);
    let text = out.get_mut(HEAD + NONCE_LEN..)?;
    let tag = key.seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), head, text).ok()?;
    out.extend_from_slice(tag.as_ref());
    Some(BASE64URL_NOPAD.encode(&out))
}

pub fn open(text: &str, key: impl FnOnce(Index) -> Option<Arc<LessSafeKey>>) -> Option<Vec<u8>> {
    let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).ok()?;
    let (head, rest) = bytes.split_first_chunk::<HEAD>()?;
    let (version, index) = head.split_first()?;
    let index = Index(index.try_into().ok().filter(|_| *version == VERSION)?);
    let (nonce, text) = rest.split_first_chunk::<NONCE_LEN>()?;
    let mut text = text.to_vec();
    let nonce = Nonce::assume_unique_for_key(*nonce);
    let plain = key(index)?.open_in_place(nonce, Aad::from(head), &mut text).ok()?.len();
    text.truncate(plain);
    Some(text)
}
