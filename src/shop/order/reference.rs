//! An order's reference: its number, and ten letters and digits that nobody can guess: `1042-K7QF39XM2P`.
//!
//! The letters are made from the order's id, which only its shopper and staff see: a guest who has lost the cookie finds
//! the order by them, and who counts numbers upwards finds nothing (50 bits). Deliberately absent: an index, since the
//! number leads to the order; and a secret, since a changed signing key must not change references in mails.

use sha2::{Digest, Sha256};

use crate::domain::ids::OrderId;

/// Crockford's alphabet: no letter that is read as a digit.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const LETTERS: usize = 10;
const PURPOSE: &[u8] = b"souk order reference";

pub fn of(number: u64, order: OrderId) -> String {
    let digest: [u8; 32] = Sha256::new().chain_update(PURPOSE).chain_update(order.0.as_bytes()).finalize().into();
    let letters = digest.iter().take(LETTERS).map(|byte| char::from(ALPHABET[usize::from(byte % 32)]));
    format!("{number}-{}", letters.collect::<String>())
}

/// A typed reference: the number, and how the reference is spelled. Spaces, small letters and confused ones are forgiven.
pub fn read(typed: &str) -> Option<(u64, String)> {
    let (number, letters) = typed.trim().split_once('-')?;
    let number: u64 = number.trim().parse().ok()?;
    let plain = letters.chars().filter(|letter| !letter.is_whitespace() && *letter != '-').take(LETTERS + 1);
    let letters: String = plain
        .map(|letter| match letter.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        })
        .collect();
    (letters.len() == LETTERS).then(|| (number, format!("{number}-{letters}")))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_reference_stays_what_it_was_and_is_another_for_each_order() {
        let one = of(1042, OrderId(Uuid::from_u128(1)));
        assert_eq!(one, of(1042, OrderId(Uuid::from_u128(1))));
        assert_ne!(one, of(1042, OrderId(Uuid::from_u128(2))));
        assert_eq!(one.len(), "1042-".len() + LETTERS);
    }

    #[test]
    fn it_is_read_as_people_type_it() {
        let written = of(1042, OrderId(Uuid::from_u128(1)));
        let typed =
            format!(" {} {} ", written[..8].to_lowercase(), &written[8..]).replace('0', "o").replace("1o42", "1042");
        assert_eq!(read(&typed), Some((1042, written)));
        for wrong in ["", "1042", "1042-", "1042-ABC", "x-K7QF39XM2P", "1042-K7QF39XM2PQ", "-K7QF39XM2P"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
