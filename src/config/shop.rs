//! `[shop]`: what the merchant decides: currency, tax, how long a checkout holds stock, when money is taken, shipping.

use serde::{Deserialize, Serialize};

use super::check::{Checks, DAY_MS};
use crate::domain::{
    money::{Currency, Money},
    order::{CapturePolicy, HoldAt},
};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shop {
    /// ISO 4217 code of every price. Default `EUR`.
    pub currency: Currency,
    /// Tax that is inside every price, in hundredths of a percent. Default 1,900 (19 %).
    pub tax_basis_points: u32,
    /// Milliseconds that a checkout holds its stock; then the order expires and the units are free again. Default 600,000.
    pub hold_ttl_ms: u64,
    /// When stock is held: `checkout`, as soon as an order is placed; `payment`, when a payment starts and before its
    /// provider is asked, so that an order that nobody pays holds nothing. Default `checkout`.
    pub hold_at: HoldAt,
    /// Days after an order's expiry in which a payment that succeeds late revives it, where its stock is left; later the
    /// payment is always undone. Default 1.
    pub late_payment_days: u32,
    /// When an authorised payment is captured: `on_verified` by the engine, as soon as the order is verified; `manual` by
    /// staff, with `POST /api/payments/{id}/capture`, before the first parcel. Default `on_verified`.
    pub capture: CapturePolicy,
    /// Ways to ship, in the order shown; the first is the default. Default standard and express.
    pub shipping_methods: Vec<ShippingMethod>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShippingMethod {
    /// Name in the API: small letters, digits, dashes.
    pub id: String,
    /// Name that a shopper reads.
    pub name: String,
    /// Price in minor units of `shop.currency`, tax included.
    pub price_minor: u64,
    /// Working days until delivery.
    pub days: u32,
}

impl ShippingMethod {
    /// `currency`: the shop's.
    pub fn price(&self, currency: Currency) -> Money {
        Money { amount: i64::try_from(self.price_minor).unwrap_or(i64::MAX), currency }
    }
}

impl Default for Shop {
    fn default() -> Self {
        let method = |id: &str, name: &str, price_minor, days| ShippingMethod {
            id: id.into(),
            name: name.into(),
            price_minor,
            days,
        };
        Self {
            currency: Currency::EUR,
            tax_basis_points: 1_900,
            hold_ttl_ms: 600_000,
            hold_at: HoldAt::Checkout,
            late_payment_days: 1,
            capture: CapturePolicy::OnVerified,
            shipping_methods: vec![method("standard", "Standard", 490, 4), method("express", "Express", 1_290, 1)],
        }
    }
}

/// Neither a code for tests (`XTS`), a metal (`XAU`) nor a fund. What ISO does not list (`BTC`) has no minor unit here.
fn is_money(currency: Currency) -> bool {
    iso_currency::Currency::from_code(currency.as_str()).is_some_and(|known| !known.is_special() && !known.is_fund())
}

impl Shop {
    /// More would not be a choice but a catalogue.
    const SHIPPING_METHODS_MAX: usize = 32;

    pub fn late_payment_ms(&self) -> i64 {
        i64::from(self.late_payment_days).saturating_mul(DAY_MS.cast_signed())
    }

    pub fn shipping(&self, id: &str) -> Option<&ShippingMethod> {
        self.shipping_methods.iter().find(|method| method.id == id)
    }

    pub(super) fn check(&self, checks: &mut Checks) {
        checks.that(
            "shop.currency",
            self.currency,
            is_money(self.currency),
            "a currency of ISO 4217 that people pay in",
        );
        checks.range("shop.tax_basis_points", u64::from(self.tax_basis_points), 0, 10_000, "hundredths of a percent");
        checks.range("shop.hold_ttl_ms", self.hold_ttl_ms, 1_000, 7 * DAY_MS, "milliseconds");
        checks.range("shop.late_payment_days", u64::from(self.late_payment_days), 0, 30, "days");
        let count = self.shipping_methods.len();
        let enough = (1..=Self::SHIPPING_METHODS_MAX).contains(&count);
        checks.that("shop.shipping_methods", format!("{count} methods"), enough, "1 to 32 methods");
        for (n, method) in self.shipping_methods.iter().enumerate() {
            let legal = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
            let good = (1..=32).contains(&method.id.len()) && method.id.bytes().all(legal);
            checks.that("shop.shipping_methods", &method.id, good, "an id of 1 to 32 small letters, digits or dashes");
            let first = self.shipping_methods[..n].iter().all(|other| other.id != method.id);
            checks.that("shop.shipping_methods", &method.id, first, "each id once");
            checks.that("shop.shipping_methods", &method.name, !method.name.trim().is_empty(), "a name for each");
            checks.range("shop.shipping_methods.price_minor", method.price_minor, 0, 100_000_000, "minor units");
            checks.range("shop.shipping_methods.days", u64::from(method.days), 0, 365, "working days");
        }
    }
}
