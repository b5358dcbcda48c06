//! Ids. Each is a type of its own, so that an order's id can never be passed as a cart's.
//!
//! Ids are UUIDs made by the caller (version 7 in production, seeded in the simulation);
//! a SKU is the shop's natural key.

use std::{fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

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
    /// Names one command; a retry carries the same id and has no second effect (G3).
    CommandId
}

impl CommandId {
    /// The id of a step that follows from `self` and `step` alone: a crash and a retry derive the same one.
    pub fn derive(space: Uuid, step: &str) -> Self {
        Self(Uuid::new_v5(&space, step.as_bytes()))
    }
}

/// A stock keeping unit's code: 1 to 64 of `A-Z a-z 0-9 . _ -`. Parsed at the edge, trusted inside.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Sku(Arc<str>);

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a SKU has 1 to 64 letters, digits, dots, dashes or underscores, not {0:?}")]
pub struct BadSku(pub String);

impl Sku {
    pub const LEN_MAX: usize = 64;

    pub fn parse(text: &str) -> Result<Self, BadSku> {
        let legal = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
        match !text.is_empty() && text.len() <= Self::LEN_MAX && text.bytes().all(legal) {
            true => Ok(Self(text.into())),
            false => Err(BadSku(text.chars().take(80).collect())),
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

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
