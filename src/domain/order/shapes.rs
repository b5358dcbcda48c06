//! The parts of an order: its two statuses, its stock lines, the checkout that it was placed with.

mod address;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use self::address::Address;
use crate::domain::{
    email::Mailbox,
    ids::{CartId, OrderId, UserId},
    personal::{self, Subject},
    pricing::{Line, Totals},
    states::states,
    stock::Share,
    time::Timestamp,
};

states! {
    /// An order's status; the classes of statuses are in `classes`.
    #[derive(Default)]
    OrderStatus {
        #[default]
        Placing = "placing",
        AwaitingPayment = "awaiting_payment",
        Verified = "verified",
        Processing = "processing",
        PartiallyShipped = "partially_shipped",
        Shipped = "shipped",
        Delivered = "delivered",
        Completed = "completed",
        Rejected = "rejected",
        Expired = "expired",
        Cancelled = "cancelled",
    }
    /// Where an order's money is.
    #[derive(Default)]
    PaymentStatus {
        #[default]
        None = "none",
        Pending = "pending",
        RequiresAction = "requires_action",
        Authorized = "authorized",
        Captured = "captured",
        PartiallyRefunded = "partially_refunded",
        Refunded = "refunded",
        Voided = "voided",
        Failed = "failed",
    }
}

/// One SKU of the order: where its units are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldState {
    /// Not requested, or requested without a reply so far: a `Hold` is pending.
    Wanted,
    Held,
    Refused {
        available: u64,
    },
    /// The buyer may keep only so much of the SKU unpaid, and `remaining` units more.
    OverShare {
        remaining: u64,
    },
    /// The stock replied that the hold is gone (it expired there): one more `Hold` is tried.
    Lost,
    Committed,
    /// A `Release` is pending.
    Releasing,
    Released,
    Shipped,
}

/// The contents of an order at its placing; prices are fixed here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CheckoutSnapshot {
    pub order: OrderId,
    pub user: UserId,
    pub cart: Option<CartId>,
    #[serde(with = "personal::text")]
    pub email: String,
    pub shipping_address: Address,
    pub billing_address: Option<Address>,
    pub shipping_method: String,
    pub lines: Vec<Line>,
    pub totals: Totals,
    /// When the hold, and with it the order, expires unless it is paid.
    pub pay_by: Timestamp,
    pub capture: CapturePolicy,
    /// The older orders of this cart without a sale, oldest first: this order takes their place and their holds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replaces: Vec<OrderId>,
    /// A payment that succeeds after the expiry revives the order until then; later it is undone. Absent in orders from
    /// before this bound existed: see [`super::Order::revivable_until`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revivable_until: Option<Timestamp>,
    /// When the stock is held.
    #[serde(default, skip_serializing_if = "HoldAt::is_checkout")]
    pub hold_at: HoldAt,
    /// What the buyer may keep unpaid of one SKU; absent: without a bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share: Option<Share>,
    /// The shopper is told by mail what becomes of the order.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub mails: bool,
    /// An account placed it, not a guest. Absent in orders from before shoppers had accounts.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_account: bool,
}

/// When an order's stock is held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldAt {
    /// As soon as the order is placed: what a shopper pays for is set aside for the time to pay.
    #[default]
    Checkout,
    /// When a payment starts, before its provider is asked: an order that nobody pays holds nothing.
    Payment,
}

impl HoldAt {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    fn is_checkout(&self) -> bool {
        *self == Self::Checkout
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CapturePolicy {
    /// Money is captured as soon as the stock is committed and the order verified.
    #[default]
    OnVerified,
    /// An operator captures.
    Manual,
}

impl PaymentStatus {
    /// Money is promised or taken, and not all given back.
    pub const fn is_paid(self) -> bool {
        match self {
            Self::Authorized | Self::Captured | Self::PartiallyRefunded => true,
            Self::None | Self::Pending | Self::RequiresAction | Self::Refunded | Self::Voided | Self::Failed => false,
        }
    }

    /// Money was taken, and not all of it was given back: unlike an authorisation it cannot be voided under a parcel.
    pub const fn is_taken(self) -> bool {
        match self {
            Self::Captured | Self::PartiallyRefunded => true,
            Self::None
            | Self::Pending
            | Self::RequiresAction
            | Self::Authorized
            | Self::Refunded
            | Self::Voided
            | Self::Failed => false,
        }
    }

    /// The provider has not decided.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Pending | Self::RequiresAction)
    }

    /// Whether an update to `to` is newer than this status: a payment only moves forwards, but its updates may arrive
    /// in any order.
    pub const fn precedes(self, to: Self) -> bool {
        match to {
            Self::None | Self::Pending => false,
            Self::RequiresAction => matches!(self, Self::Pending),
            Self::Authorized => self.is_open(),
            Self::Captured | Self::Voided | Self::Failed => self.is_open() || matches!(self, Self::Authorized),
            // Each partial refund is an update.
            Self::PartiallyRefunded | Self::Refunded => self.is_open() || self.is_paid(),
        }
    }
}

/// A shopper's input at the checkout, beside the cart: two requests with equal details are the same checkout.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CheckoutDetails<'a> {
    pub email: &'a str,
    pub shipping_address: &'a Address,
    pub billing_address: Option<&'a Address>,
    pub shipping_method: &'a str,
}

impl CheckoutSnapshot {
    /// An order of 0.00: nothing has to be paid.
    pub fn is_free(&self) -> bool {
        self.totals.total.amount == 0
    }

    /// Of a guest's order: of an account's nothing is given to whoever has its address.
    pub fn contact(&self) -> Option<Arc<str>> {
        let named = (!self.by_account).then_some(&self.email)?;
        Mailbox::unkeyed(named).map(|mailbox| mailbox.address.clone())
    }

    /// An account's orders are erased with it, a guest's one by one.
    pub fn subject(&self) -> Subject {
        if self.by_account { Subject::User(self.user) } else { Subject::Order(self.order) }
    }

    /// As far as it is shown: nobody can have given an empty address.
    pub fn is_erased(&self) -> bool {
        self.email.is_empty()
    }

    /// What the books need.
    pub(super) fn erased(&self) -> Self {
        let billing_address = self.billing_address.as_ref().map(Address::erased);
        Self { email: String::new(), shipping_address: self.shipping_address.erased(), billing_address, ..self.clone() }
    }

    pub fn details(&self) -> CheckoutDetails<'_> {
        CheckoutDetails {
            email: &self.email,
            shipping_address: &self.shipping_address,
            billing_address: self.billing_address.as_ref(),
            shipping_method: &self.shipping_method,
        }
    }

    /// The same checkout again, e.g. a retry by another node a moment later. Every field is named, so that a new field
    /// needs a decision here.
    pub(super) fn repeats(&self, other: &Self) -> bool {
        let Self {
            order,
            user,
            cart,
            lines,
            // In the details.
            email: _,
            shipping_address: _,
            billing_address: _,
            shipping_method: _,
            // Derived from the lines and the shipping method, at the prices and settings of that moment.
            totals: _,
            // A retry comes a moment later, perhaps at a node with other settings.
            pay_by: _,
            capture: _,
            revivable_until: _,
            hold_at: _,
            share: _,
            mails: _,
            // The user's kind, and the user is compared.
            by_account: _,
            // A retry may find the cart with other older orders; the first list counts.
            replaces: _,
        } = self;
        (order, user, cart, lines) == (&other.order, &other.user, &other.cart, &other.lines)
            && self.details() == other.details()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_json() {
        for status in OrderStatus::ALL {
            assert_eq!(serde_json::to_value(status).unwrap(), status.name());
        }
        for status in PaymentStatus::ALL {
            assert_eq!(serde_json::to_value(status).unwrap(), status.name());
        }
    }
}
