//! Which passwords are taken: long enough, not among the 100,000 commonest, and not guessed in a short time.
//!
//! Guessing is judged by zxcvbn, which knows words, names, dates, keyboard rows and what the account itself says. The
//! list is `common_passwords.bin`: four bytes of each one's SHA-256, sorted (`scripts/common-passwords.py` makes it and
//! names its source); one good password in 43,000 is refused by mistake. Deliberately absent: rules about digits and
//! signs, which make passwords no better.

use sha2::{Digest, Sha256};
use zxcvbn::{Score, zxcvbn};

use super::passwords::PASSWORD_LEN_MAX;

static COMMON: &[u8] = include_bytes!("common_passwords.bin");
const DIGEST_LEN: usize = 4;
/// Characters.
pub const PASSWORD_LEN_MIN: usize = 8;
/// zxcvbn's time grows with the square: what begins with so many characters that are hard to guess is hard to guess.
const JUDGED_MAX: usize = 64;

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Weakness {
    #[error("a password has at least {PASSWORD_LEN_MIN} characters")]
    TooShort,
    #[error("a password has at most {PASSWORD_LEN_MAX} bytes")]
    TooLong,
    #[error("this password is one of the commonest")]
    Common,
    #[error("this password is too easy to guess: a few words that do not belong together make a better one")]
    Guessable,
}

/// What needs no look at the password itself.
pub fn length_fault(password: &str) -> Option<Weakness> {
    match password.len() > PASSWORD_LEN_MAX {
        true => Some(Weakness::TooLong),
        false => password.chars().nth(PASSWORD_LEN_MIN - 1).is_none().then_some(Weakness::TooShort),
    }
}

/// `about`: what everybody knows of the account's owner, its e-mail and name.
pub fn weakness(password: &str, about: &[&str]) -> Option<Weakness> {
    if let Some(fault) = length_fault(password) {
        return Some(fault);
    }
    if is_common(&password.to_lowercase()) {
        return Some(Weakness::Common);
    }
    let parts = about.iter().flat_map(|text| text.split(['@', '.', ' '])).filter(|part| part.len() > 2);
    let known: Vec<&str> = parts.chain(about.iter().copied()).chain(["souk"]).collect();
    let judged: String = password.chars().take(JUDGED_MAX).collect();
    (zxcvbn(&judged, &known).score() < Score::Three).then_some(Weakness::Guessable)
}

fn is_common(password: &str) -> bool {
    let digest = Sha256::digest(password.as_bytes());
    let (listed, _) = COMMON.as_chunks::<DIGEST_LEN>();
    listed.binary_search_by(|known| known[..].cmp(&digest[..DIGEST_LEN])).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weak_ones_are_told_why() {
        let about = ["ada.lovelace@example.org", "Ada Lovelace"];
        for (password, expected) in [
            ("", Some(Weakness::TooShort)),
            ("s3cr3t!", Some(Weakness::TooShort)),
            ("пароль7", Some(Weakness::TooShort)),
            ("password", Some(Weakness::Common)),
            ("PASSWORD1", Some(Weakness::Common)),
            ("iloveyou", Some(Weakness::Common)),
            ("lovelace1", Some(Weakness::Guessable)),
            ("aaaaaaaaaaaa", Some(Weakness::Common)),
            ("abcabcabcabcabc", Some(Weakness::Guessable)),
            ("qwertyuiop99", Some(Weakness::Guessable)),
            ("correct horse battery staple", None),
            ("k7#pQ2vz!mW", None),
        ] {
            assert_eq!(weakness(password, &about), expected, "{password}");
        }
        assert_eq!(weakness(&"ab c".repeat(257), &[]), Some(Weakness::TooLong));
    }

    #[test]
    fn the_list_is_whole_and_sorted() {
        let (listed, rest) = COMMON.as_chunks::<DIGEST_LEN>();
        assert!(rest.is_empty() && listed.len() > 99_000 && listed.is_sorted(), "{}", listed.len());
    }

    #[test]
    fn a_long_one_is_judged_in_a_moment() {
        let began = std::time::Instant::now();
        assert_eq!(weakness(&"a1b2c3d4".repeat(128), &[]), Some(Weakness::Guessable));
        assert!(began.elapsed() < std::time::Duration::from_secs(2), "{:?}", began.elapsed());
    }
}
