//! A cart: what a shopper means to buy. Invariant: each SKU stands on one line, 1 to
//! [`Cart::QUANTITY_MAX`] units, at most [`Cart::LINES_MAX`] lines; a cart never holds stock.

use serde::{Deserialize, Serialize};

use super::{
    ids::{OrderId, Sku, UserId},
    money::Money,
    time::Timestamp,
};

/// What the shop's front knows of a variant when it is put into a cart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Item {
    pub sku: Sku,
    pub name: String,
    pub unit_price: Money,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CartCommand {
    /// Sets each line's quantity (absolute, so a retry changes nothing). `add` adds to what is there.
    SetLines {
        owner: UserId,
        lines: Vec<(Item, u32)>,
        add: bool,
    },
    RemoveLine {
        sku: Sku,
    },
    /// An order was verified: what it bought leaves the cart, what was added since stays.
    Settle {
        order: OrderId,
        bought: Vec<(Sku, u32)>,
    },
    /// The alarm: a cart untouched for [`Cart::IDLE_DAYS`] days is emptied.
    Expire,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CartEvent {
    LineSet { owner: UserId, item: Item, quantity: u32, at: Timestamp },
    LineRemoved { sku: Sku, at: Timestamp },
    Settled { order: OrderId, bought: Vec<(Sku, u32)>, at: Timestamp },
    Expired,
}

#[derive(Clone, Debug, PartialEq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CartRejection {
    #[error("a line takes 1 to {max} units, not {quantity}")]
    BadQuantity { sku: Sku, quantity: u64, max: u32 },
    #[error("a cart takes at most {max} lines")]
    TooManyLines { max: usize },
    #[error("SKU {sku} is not in the cart")]
    NoSuchLine { sku: Sku },
    #[error("the cart is in {cart} and the item in {item}")]
    CurrencyMismatch { cart: String, item: String },
    #[error("the cart's total does not fit")]
    Overflow,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CartLine {
    pub sku: Sku,
    pub name: String,
    pub quantity: u32,
    pub unit_price: Money,
    pub line_total: Money,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CartView {
    pub owner: Option<UserId>,
    pub lines: Vec<CartLine>,
    /// Absent while the cart is empty.
    pub total: Option<Money>,
    pub items: u64,
}

// SKELETON-BEGIN: replaced by the real state, decide and apply.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Cart {}
impl super::entity::Entity for Cart {
    const KIND: super::model::Kind = super::model::Kind::Cart;
    type Command = CartCommand;
    type Event = CartEvent;
    type Rejection = CartRejection;
    type View = CartView;
    fn decide(&self, _: &CartCommand, _: super::time::Timestamp) -> Result<Vec<CartEvent>, CartRejection> {
        todo!()
    }
    fn apply(&mut self, _: &CartEvent) {
        todo!()
    }
    fn view(&self) -> CartView {
        todo!()
    }
}
// SKELETON-END
