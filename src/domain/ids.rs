//! Ids. Each is a type of its own, so that an order's id can never be passed as a cart's.
//!
//! Ids are UUIDs made by the caller (version 7 in production, seeded in the simulation);
//! a SKU is the shop's natural key.

use std::{fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{key::EntityKey, text};

macro_rules! uuid_ids {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::from_str(text).map(Self)
            }
        }
    )*};
}

uuid_ids! {
    /// One cart: a guest's session or an account owns exactly one.
    CartId
    /// One order, from its placing on. Also the key of its stock holds.
    OrderId
    /// One attempt to pay an order.
    PaymentId
    ProductId
    /// A person: an account's id, or a guest's session id.
    UserId
    /// One parcel of an order.
    FulfilmentId
    /// One refund of a payment.
    RefundId
    /// One mail to one person.
    MailId
    /// One log-in of an account on one device, until it ends.
    SessionId
    /// One key of a program to the API.
    ApiKeyId
    /// One right that a mail carries: to verify an address, to reset a password.
    TokenId
    /// One entry of an account's address book.
    AddressId
    /// One second factor of an account.
    FactorId
    /// Names one command; a retry carries the same id and has no second effect (G3).
    CommandId
}

impl CommandId {
    /// The id of a step that follows from `self` and `step` alone: a crash and a retry derive the same one.
    pub fn derive(space: Uuid, step: &str) -> Self {
        Self(Uuid::new_v5(&space, step.as_bytes()))
    }
}

/// A stock keeping unit's code: 1 to 255 characters that can be seen, spaces inside allowed. Parsed at the edge, trusted
/// inside. A URL has it percent-encoded; `.` and `..` are refused, because clients take them for steps of a path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Sku(Arc<str>);

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a SKU has 1 to 255 printable characters, without spaces at its ends, not {0:?}")]
pub struct BadSku(pub String);

impl Sku {
    /// Characters, as Shopify bounds them.
    pub const LEN_MAX: usize = 255;

    pub fn parse(text: &str) -> Result<Self, BadSku> {
        // A byte is at most one character: most codes need no second look.
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
        let short = (1..=Self::LEN_MAX).contains(&text.len());
        match short && text.bytes().all(plain) || Self::is_printable(text) {
            true => Ok(Self(text.into())),
            false => Err(BadSku(text.chars().take(80).collect())),
        }
    }

    fn is_printable(text: &str) -> bool {
        // Of the spaces only the common one: two codes that look alike must be equal.
        let legal = |c: char| c == ' ' || text::is_seen(c);
        let fits = !text.is_empty() && text.chars().nth(Self::LEN_MAX).is_none();
        fits && text.trim() == text && !matches!(text, "." | "..") && text.chars().all(legal)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The longest SKU is a key: a character has up to four bytes.
const _: () = assert!(Sku::LEN_MAX * 4 <= EntityKey::ID_LEN_MAX);

impl fmt::Display for Sku {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Sku {
    type Error = BadSku;
    fn try_from(text: String) -> Result<Self, BadSku> {
        Self::parse(&text)
    }
}

impl From<Sku> for String {
    fn from(sku: Sku) -> String {
        sku.0.as_ref().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sku_is_what_can_be_seen() {
        for good in
            ["A", "MUG RED 1", "PAN/1", "Größe-L", "a&b#c?d", "100%", "杯", "stock.A,B:1", "...", &"ß".repeat(255)]
        {
            assert_eq!(Sku::parse(good).map(String::from), Ok(good.to_owned()));
        }
        let long = ["x".repeat(256), "ß".repeat(256)];
        let bad = ["", " ", " A", "A ", ".", "..", "A\tB", "A\u{200B}", "A\u{A0}B", "\u{202E}A", "A\u{FE0F}", "A\nB"];
        for bad in bad.into_iter().chain(long.iter().map(String::as_str)) {
            assert!(Sku::parse(bad).is_err(), "{bad:?}");
        }
    }
}
