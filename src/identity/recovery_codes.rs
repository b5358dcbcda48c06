//! Recovery codes: what lets an account's owner in whose second factor is lost. Ten at a time, each good for one use,
//! shown once; the account keeps keyed digests.

use super::{SigningSecret, seal::hmac};
use crate::domain::{account::CodeDigest, ids::UserId};
use data_encoding::HEXLOWER;

/// Made at a time.
pub const CODES: usize = 10;
/// Crockford's base 32 in lower case: no letter is taken for another, 5 bits each.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// Letters of one code: 50 bits, against five tries and a throttle.
const LETTERS: usize = 10;
/// Bytes of what is typed as a code; a longer text is none.
const TYPED_MAX: usize = 32;

pub struct RecoveryCodes([u8; 32]);

impl RecoveryCodes {
    pub fn new(secret: &SigningSecret) -> Self {
        Self(secret.derive("recovery-code"))
    }

    /// Codes for their owner, and what is kept of them.
    pub fn make(&self, user: UserId) -> Result<(Vec<String>, Vec<CodeDigest>), getrandom::Error> {
        let mut bytes = [0; CODES * LETTERS];
        getrandom::fill(&mut bytes)?;
        let codes: Vec<String> = bytes.chunks(LETTERS).map(written).collect();
        let digests = codes.iter().map(|code| self.digest(user, code)).collect();
        Ok((codes, digests))
    }

    /// However it was typed: large or small, with or without the dash, `O` for 0 and `l` for 1. What can be no code has a
    /// digest that no code has.
    pub fn digest(&self, user: UserId, typed: &str) -> CodeDigest {
        let kept = typed.chars().take(TYPED_MAX).filter(|c| !c.is_whitespace() && *c != '-');
        let code: String = kept.map(|c| plain(c.to_ascii_lowercase())).collect();
        CodeDigest(HEXLOWER.encode(&hmac(&self.0, &[user.0.as_bytes(), code.as_bytes()])))
    }
}

fn written(bytes: &[u8]) -> String {
    let letters: Vec<char> = bytes.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect();
    let (first, second) = letters.split_at(LETTERS / 2);
    format!("{}-{}", first.iter().collect::<String>(), second.iter().collect::<String>())
}

fn plain(letter: char) -> char {
    match letter {
        'o' => '0',
        'i' | 'l' => '1',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn codes_are_read_as_people_type_them() {
        let codes = RecoveryCodes::new(&SigningSecret::from_bytes([1; 32]));
        let (user, other) = (UserId(Uuid::from_u128(1)), UserId(Uuid::from_u128(2)));
        let (shown, kept) = codes.make(user).unwrap();
        assert_eq!((shown.len(), shown[0].len()), (CODES, LETTERS + 1));
        assert_eq!(shown.iter().collect::<std::collections::BTreeSet<_>>().len(), CODES);
        let typed = shown[3].to_uppercase().replace('-', " ").replace('0', "O").replace('1', "I");
        assert_eq!(codes.digest(user, &typed), kept[3]);
        assert_ne!(codes.digest(other, &shown[3]), kept[3]);
        let elsewhere = RecoveryCodes::new(&SigningSecret::from_bytes([2; 32]));
        assert_ne!(elsewhere.digest(user, &shown[3]), kept[3]);
        assert!(!kept.contains(&codes.digest(user, "")) && !kept.contains(&codes.digest(user, &"x".repeat(1000))));
    }
}
