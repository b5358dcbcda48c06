//! Amounts, counts and names, in as few letters as a test wants to read.

use std::num::NonZeroU32;

use crate::domain::{
    ids::Sku,
    money::{Currency, Money},
};

/// Cents.
pub fn eur(amount: i64) -> Money {
    Money::new(amount, Currency::EUR)
}

#[track_caller]
pub fn units(n: u32) -> NonZeroU32 {
    NonZeroU32::new(n).expect("at least one unit")
}

#[track_caller]
pub fn sku(text: &str) -> Sku {
    Sku::parse(text).expect("a SKU")
}
