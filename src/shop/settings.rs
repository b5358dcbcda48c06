//! The merchant's decisions: documented values, passed in, never read from the environment here.

use serde::Deserialize;

use crate::domain::{
    money::{Currency, Money},
    order::CapturePolicy,
};

/// The shop's commercial settings.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ShopSettings {
    /// ISO 4217 code of every price. Default `EUR`.
    pub currency: Currency,
    /// Tax contained in prices, in hundredths of a percent: 1900 is 19 %. Default 1900.
    pub tax_basis_points: u32,
    /// The shopper's choices at checkout. Default: `standard` and `express`.
    pub shipping_methods: Vec<ShippingMethod>,
    /// How long a checkout holds its stock while it waits for the payment, milliseconds. Default 600000
    /// (10 minutes). At its end the order expires and the stock is free again.
    pub hold_ttl_ms: u64,
    /// `on_verified` captures money as soon as the stock is committed; `manual` leaves it to an operator.
    pub capture: CapturePolicy,
    /// Whether all callers see the number of available units, not only the class. Default false.
    pub public_stock_counts: bool,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShippingMethod {
    /// The method's name in an order, e.g. `standard`.
    pub id: String,
    pub name: String,
    /// Tax included, in the shop's currency.
    pub price: Money,
    /// Working days until delivery.
    pub days: u32,
}

impl Default for ShopSettings {
    fn default() -> Self {
        let method = |id: &str, name: &str, amount, days| ShippingMethod {
            id: id.to_owned(),
            name: name.to_owned(),
            price: Money { amount, currency: Currency::EUR },
            days,
        };
        Self {
            currency: Currency::EUR,
            tax_basis_points: 1900,
            shipping_methods: vec![method("standard", "Standard", 490, 4), method("express", "Express", 1290, 1)],
            hold_ttl_ms: 600_000,
            capture: CapturePolicy::OnVerified,
            public_stock_counts: false,
        }
    }
}

impl ShopSettings {
    pub fn shipping(&self, id: &str) -> Option<&ShippingMethod> {
        self.shipping_methods.iter().find(|method| method.id == id)
    }
}
