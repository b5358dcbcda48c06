//! What an order is made of: its two regions, its stock lines, its placement.

use serde::{Deserialize, Serialize};

use crate::domain::{
    ids::{CartId, OrderId, UserId},
    pricing::{Line, Totals},
    time::Timestamp,
};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderStatus {
    #[default]
    Placing,
    AwaitingPayment,
    Verified,
    Processing,
    PartiallyShipped,
    Shipped,
    Delivered,
    Completed,
    Rejected,
    Expired,
    Cancelled,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentStatus {
    #[default]
    None,
    Pending,
    RequiresAction,
    Authorized,
    Captured,
    PartiallyRefunded,
    Refunded,
    Voided,
    Failed,
}

/// One SKU of the order: where its units are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldState {
    /// Not asked for, or asked and not yet answered: the order owes a `Hold`.
    Wanted,
    Held,
    Refused {
        available: u64,
    },
    /// The stock says that the hold is gone (it expired there): one more `Hold` is tried.
    Lost,
    Committed,
    /// The order owes a `Release`.
    Releasing,
    Released,
    Shipped,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Address {
    pub name: String,
    pub line1: String,
    #[serde(default)]
    pub line2: Option<String>,
    pub city: String,
    #[serde(default)]
    pub region: Option<String>,
    pub postal_code: String,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    #[serde(default)]
    pub phone: Option<String>,
}

/// Everything an order is placed with; prices are fixed here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CheckoutSnapshot {
    pub order: OrderId,
    pub user: UserId,
    pub cart: Option<CartId>,
    pub email: String,
    pub shipping_address: Address,
    pub billing_address: Option<Address>,
    pub shipping_method: String,
    pub lines: Vec<Line>,
    pub totals: Totals,
    /// When the hold, and with it the order, expires unless it is paid.
    pub pay_by: Timestamp,
    pub capture: CapturePolicy,
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
    /// The name in events' ids and in texts, as in its JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Pending => "pending",
            Self::RequiresAction => "requires_action",
            Self::Authorized => "authorized",
            Self::Captured => "captured",
            Self::PartiallyRefunded => "partially_refunded",
            Self::Refunded => "refunded",
            Self::Voided => "voided",
            Self::Failed => "failed",
        }
    }

    /// Money is promised or taken, and not all given back.
    pub const fn is_paid(self) -> bool {
        match self {
            Self::Authorized | Self::Captured | Self::PartiallyRefunded => true,
            Self::None | Self::Pending | Self::RequiresAction | Self::Refunded | Self::Voided | Self::Failed => false,
        }
    }

    /// The provider has not decided.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Pending | Self::RequiresAction)
    }

    /// Whether news of `to` is newer than this: a payment only moves forwards, its news may not.
    pub const fn precedes(self, to: Self) -> bool {
        match to {
            Self::None | Self::Pending => false,
            Self::RequiresAction => matches!(self, Self::Pending),
            Self::Authorized => self.is_open(),
            Self::Captured | Self::Voided | Self::Failed => self.is_open() || matches!(self, Self::Authorized),
            // Each partial refund is news.
            Self::PartiallyRefunded | Self::Refunded => self.is_open() || self.is_paid(),
        }
    }
}

impl OrderStatus {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Placing => "placing",
            Self::AwaitingPayment => "awaiting_payment",
            Self::Verified => "verified",
            Self::Processing => "processing",
            Self::PartiallyShipped => "partially_shipped",
            Self::Shipped => "shipped",
            Self::Delivered => "delivered",
            Self::Completed => "completed",
            Self::Rejected => "rejected",
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
        }
    }

    /// Placed, and given up before or after it was sold.
    pub const fn is_given_up(self) -> bool {
        matches!(self, Self::Rejected | Self::Expired | Self::Cancelled)
    }
}

impl CheckoutSnapshot {
    /// The same checkout again, e.g. a retry by another node a moment later: `pay_by` may differ.
    pub(super) fn repeats(&self, other: &Self) -> bool {
        self.order == other.order
            && self.user == other.user
            && self.cart == other.cart
            && self.lines == other.lines
            && self.email == other.email
            && self.shipping_address == other.shipping_address
            && self.billing_address == other.billing_address
            && self.shipping_method == other.shipping_method
    }
}
