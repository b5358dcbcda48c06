//! What a cart is asked, what it writes down, what it refuses and what it shows.

use serde::{Deserialize, Serialize};

use super::{Gift, GiftLine, Item, Merge};
use crate::domain::{
    ids::{OrderId, SessionId, Sku, UserId},
    money::Money,
    time::Timestamp,
};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CartCommand {
    /// Sets each line's quantity (absolute, so a retry changes nothing). `add` adds to the present quantity.
    SetLines {
        owner: UserId,
        lines: Vec<(Item, u32)>,
        add: bool,
    },
    RemoveLine {
        sku: Sku,
    },
    /// A checkout begins: the cart's newest order from now on. The reply has the lines to buy, and the older orders
    /// without a sale, whose place it takes. An empty cart begins none.
    BeginCheckout {
        order: OrderId,
    },
    /// An order was verified: the bought units leave the cart, units added since stay.
    Settle {
        order: OrderId,
        bought: Vec<(Sku, u32)>,
    },
    /// The shop's offer has changed: these SKUs are sold no longer, those again. Only lines of this cart are told of.
    TellOffer {
        gone: Vec<Sku>,
        back: Vec<Sku>,
    },
    /// A log-in: a guest's lines go to the account's cart. `gift` without lines; `stock`: what can be had of each SKU.
    Give {
        gift: Gift,
        stock: Vec<(Sku, u32)>,
    },
    /// A guest's lines, for the account's cart.
    Merge {
        login: SessionId,
        owner: UserId,
        lines: Vec<GiftLine>,
    },
    GiftTaken {
        login: SessionId,
    },
    GiftRefused {
        login: SessionId,
    },
    /// The alarm: a cart untouched for [`Cart::IDLE_DAYS`](super::Cart::IDLE_DAYS) days is forgotten.
    Expire,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CartEvent {
    /// One line, whole: journals from before [`CartEvent::LinesChanged`] have it.
    LineSet {
        owner: UserId,
        item: Item,
        quantity: u32,
        at: Timestamp,
    },
    LineRemoved {
        sku: Sku,
        at: Timestamp,
    },
    Settled {
        order: OrderId,
        bought: Vec<(Sku, u32)>,
        at: Timestamp,
    },
    Expired,
    /// Not the shopper's act: it does not keep an idle cart.
    OfferChanged {
        gone: Vec<Sku>,
        back: Vec<Sku>,
    },
    CheckoutBegun {
        order: OrderId,
        at: Timestamp,
    },
    /// What one command changed, and nothing that the cart knows already.
    LinesChanged {
        /// Where it is another than before: mostly with the first line.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        owner: Option<UserId>,
        /// New lines, and lines whose item is another than before.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        items: Vec<(Item, u32)>,
        /// New quantities of known items; 0 removes the line.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        quantities: Vec<(Sku, u32)>,
        at: Timestamp,
    },
    /// A guest's lines are set aside for an account's cart.
    GiftBegun {
        gift: Gift,
        at: Timestamp,
    },
    GiftTaken {
        login: SessionId,
    },
    GiftReturned {
        login: SessionId,
    },
    /// One line of a guest's cart, as it is now in the account's; `wanted`: both carts' units.
    LineMerged {
        login: SessionId,
        item: Item,
        wanted: u32,
        quantity: u32,
        at: Timestamp,
    },
    Merged {
        login: SessionId,
        owner: UserId,
        at: Timestamp,
    },
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
    #[error("the cart is another account's")]
    OfAnother,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CartLine {
    pub sku: Sku,
    pub name: String,
    pub quantity: u32,
    pub unit_price: Money,
    pub line_total: Money,
    /// The shop has said that it sells the SKU no longer.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub withdrawn: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CartView {
    pub owner: Option<UserId>,
    pub lines: Vec<CartLine>,
    /// Absent while the cart is empty.
    pub total: Option<Money>,
    pub items: u64,
    /// Orders of this cart without a sale, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checkouts: Vec<OrderId>,
    /// The log-in whose merge is under way: a guest's cart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub giving: Option<SessionId>,
    /// The newest merge: an account's cart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merge: Option<Merge>,
}
