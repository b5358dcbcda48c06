//! The enumerations of the API, each with the domain's enum it stands for, in exhaustive tables.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::{
    order::{HoldState, OrderStatus, PaymentStatus, StaffTransition},
    payment::RefundStatus,
    stock::{self, ledger::MovementKind},
};

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident as $public:ident = $domain:ty { $($variant:ident),* $(,)? })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        #[schema(as = $public)]
        pub enum $name { $($variant),* }

        impl From<$domain> for $name {
            fn from(value: $domain) -> Self {
                match value { $(<$domain>::$variant => Self::$variant),* }
            }
        }

        impl From<$name> for $domain {
            fn from(value: $name) -> Self {
                match value { $($name::$variant => <$domain>::$variant),* }
            }
        }
    )*};
}

names! {
    /// Where an order is.
    OrderStatusBody as OrderStatus = OrderStatus {
        Placing, AwaitingPayment, Verified, Processing, PartiallyShipped, Shipped, Delivered, Completed,
        Rejected, Expired, Cancelled,
    }
    /// Where its money is.
    PaymentStatusBody as PaymentStatus = PaymentStatus {
        None, Pending, RequiresAction, Authorized, Captured, PartiallyRefunded, Refunded, Voided, Failed,
    }
    /// An operator's move of an order.
    StaffTransitionBody as OrderMove = StaffTransition { Processing, Delivered, Completed, Cancelled }
    RefundState as RefundStatus = RefundStatus { Pending, Done, Failed }
    /// What a movement of stock was.
    MovementName as MovementKind = MovementKind {
        Receipt, Adjustment, Hold, Commit, Release, Expiry, Shipment, Return, Threshold,
    }
    /// Whether a SKU can be had: `low` is at or below its threshold.
    Availability as Availability = stock::Availability { InStock, Low, Out }
}

/// Where the units of one SKU of an order are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = OrderStockState)]
pub enum StockState {
    Wanted,
    Held,
    Refused,
    Lost,
    Committed,
    Releasing,
    Released,
    Shipped,
}

impl From<HoldState> for StockState {
    fn from(state: HoldState) -> Self {
        match state {
            HoldState::Wanted => Self::Wanted,
            HoldState::Held => Self::Held,
            HoldState::Refused { .. } => Self::Refused,
            HoldState::Lost => Self::Lost,
            HoldState::Committed => Self::Committed,
            HoldState::Releasing => Self::Releasing,
            HoldState::Released => Self::Released,
            HoldState::Shipped => Self::Shipped,
        }
    }
}
