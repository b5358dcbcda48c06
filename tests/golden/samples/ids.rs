//! Fixed names and amounts for the samples.

use std::num::NonZeroU32;

use souk::domain::{
    ids::{FulfilmentId, OrderId, PaymentId, RefundId, Sku, UserId},
    money::{Currency, Money},
    time::Timestamp,
};
use uuid::Uuid;

pub const AT: Timestamp = Timestamp(1_795_000_000_123);

pub fn id(n: u128) -> Uuid {
    Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 + n)
}

pub fn order_id() -> OrderId {
    OrderId(id(1))
}

pub fn payment_id() -> PaymentId {
    PaymentId(id(2))
}

pub fn user_id() -> UserId {
    UserId(id(3))
}

pub fn fulfilment_id() -> FulfilmentId {
    FulfilmentId(id(4))
}

pub fn refund_id() -> RefundId {
    RefundId(id(5))
}

pub fn sku() -> Sku {
    Sku::parse("TSHIRT-RED-M").unwrap()
}

pub fn units(n: u32) -> NonZeroU32 {
    NonZeroU32::new(n).unwrap()
}

pub fn eur(amount: i64) -> Money {
    Money::new(amount, Currency::EUR)
}

pub fn text(text: &str) -> String {
    text.to_owned()
}
