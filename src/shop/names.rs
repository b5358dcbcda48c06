//! The enumerations of the API: the domain's own, whose names are the API's words, described for the OpenAPI document.

use std::borrow::Cow;

use serde::Serialize;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, Type},
};

use crate::domain::{
    order::{HoldState, OrderStatus, PaymentStatus, StaffTransition},
    payment::RefundStatus,
    stock::{Availability, ledger::MovementKind},
};

/// Describes enumerations that know all of their members and names (`domain::states`).
macro_rules! described {
    ($($name:literal = $states:ty: $text:literal;)*) => {$(
        impl PartialSchema for $states {
            fn schema() -> RefOr<Schema> {
                let names = <$states>::ALL.iter().map(|state| state.name());
                let schema = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names));
                RefOr::T(Schema::Object(schema.description(Some($text)).build()))
            }
        }

        impl ToSchema for $states {
            fn name() -> Cow<'static, str> {
                $name.into()
            }
        }
    )*};
}

described! {
    "OrderStatus" = OrderStatus: "Where an order is.";
    "PaymentStatus" = PaymentStatus: "Where its money is.";
    "OrderMove" = StaffTransition: "An operator's move of an order.";
    "RefundStatus" = RefundStatus: "Where a refund is.";
    "MovementKind" = MovementKind: "What a movement of stock was.";
    "Availability" = Availability: "Whether a SKU can be had: `low` is at or below its threshold, and 3 units or fewer.";
}

/// Where the units of one SKU of an order are. The numbers of a refused line stand in the refusal.
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
            HoldState::Refused { .. } | HoldState::OverShare { .. } => Self::Refused,
            HoldState::Lost => Self::Lost,
            HoldState::Committed => Self::Committed,
            HoldState::Releasing => Self::Releasing,
            HoldState::Released => Self::Released,
            HoldState::Shipped => Self::Shipped,
        }
    }
}
