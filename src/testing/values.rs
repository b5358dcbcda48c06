//! Amounts, counts, names and variables, in as few letters as a test wants to read.

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

/// What Kubernetes puts into a pod beside a Service named `souk`.
pub const SERVICE_LINKS: [(&str, &str); 8] = [
    ("SOUK_SERVICE_HOST", "10.96.12.7"),
    ("SOUK_SERVICE_PORT", "80"),
    ("SOUK_SERVICE_PORT_HTTP", "80"),
    ("SOUK_PORT", "tcp://10.96.12.7:80"),
    ("SOUK_PORT_80_TCP", "tcp://10.96.12.7:80"),
    ("SOUK_PORT_80_TCP_PROTO", "tcp"),
    ("SOUK_PORT_80_TCP_PORT", "80"),
    ("SOUK_PORT_80_TCP_ADDR", "10.96.12.7"),
];
