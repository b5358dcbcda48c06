//! A cart on the wire: the one shape of HTTP responses and of `cart.<id>`.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::ids::{CartId, Sku};
use crate::{domain::stock::Availability, shop::money::MoneyBody};

#[derive(Serialize, ToSchema)]
#[schema(as = Cart)]
pub struct CartBody {
    /// Null for a guest who has not put anything into a cart yet.
    #[schema(value_type = Option<uuid::Uuid>)]
    pub id: Option<CartId>,
    /// 0 while nothing was ever put into it.
    pub version: u64,
    pub lines: Vec<CartLineBody>,
    pub totals: CartTotals,
    /// Units in the cart.
    pub units: u64,
    /// Always empty: promotions come later.
    pub coupons: Vec<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = CartLine)]
pub struct CartLineBody {
    #[schema(value_type = String)]
    pub sku: Sku,
    pub name: String,
    pub quantity: u32,
    pub unit_price: MoneyBody,
    pub line_total: MoneyBody,
    /// Units that can be had, for staff and where the shop shows counts; else null.
    pub available: Option<u64>,
    pub availability: Availability,
    /// The shop sells it no longer: only removing it is left.
    pub withdrawn: bool,
    pub image: Option<String>,
}

/// Before shipping, which is chosen at checkout.
#[derive(Serialize, ToSchema)]
pub struct CartTotals {
    pub items: MoneyBody,
    /// Contained in `items`.
    pub tax: MoneyBody,
    pub total: MoneyBody,
}

/// A line's new quantity.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Quantity)]
pub struct QuantityBody {
    #[schema(minimum = 1, example = 2)]
    pub quantity: i64,
}

/// Units to add to a line.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewCartLine)]
pub struct NewLineBody {
    #[schema(max_length = 255)]
    pub sku: String,
    #[schema(minimum = 1, example = 1)]
    pub quantity: i64,
}
