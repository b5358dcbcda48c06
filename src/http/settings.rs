//! What the shop and its HTTP side are set to: documented values, passed in, never read from the
//! environment here.

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
    /// What a shopper may choose at checkout. Default: `standard` and `express`.
    pub shipping_methods: Vec<ShippingMethod>,
    /// How long a checkout holds its stock while it waits for the payment, milliseconds. Default 600000
    /// (10 minutes). At its end the order expires and the stock is free again.
    pub hold_ttl_ms: u64,
    /// `on_verified` captures money as soon as the stock is committed; `manual` leaves it to an operator.
    pub capture: CapturePolicy,
    /// Whether anybody may see how many units are available, not only whether. Default false.
    pub public_stock_counts: bool,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShippingMethod {
    /// What an order names it by, e.g. `standard`.
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
    pub const HOLD_TTL_MS_MAX: u64 = 7 * 24 * 3_600_000;
    pub const SHIPPING_METHODS_MAX: usize = 32;

    /// The first thing that is wrong, as (key, what is expected).
    pub fn problem(&self) -> Option<(&'static str, String)> {
        let methods = &self.shipping_methods;
        if !(1_000..=Self::HOLD_TTL_MS_MAX).contains(&self.hold_ttl_ms) {
            return Some(("hold_ttl_ms", format!("1000 to {} milliseconds", Self::HOLD_TTL_MS_MAX)));
        }
        if self.tax_basis_points > 10_000 {
            return Some(("tax_basis_points", "0 to 10000".to_owned()));
        }
        if methods.is_empty() || methods.len() > Self::SHIPPING_METHODS_MAX {
            return Some(("shipping_methods", format!("1 to {} methods", Self::SHIPPING_METHODS_MAX)));
        }
        for (n, method) in methods.iter().enumerate() {
            if method.id.is_empty() || methods[..n].iter().any(|other| other.id == method.id) {
                return Some(("shipping_methods.id", format!("a unique name, not {:?}", method.id)));
            }
            if method.price.currency != self.currency || method.price.amount < 0 {
                return Some(("shipping_methods.price", format!("an amount of 0 or more in {}", self.currency)));
            }
        }
        None
    }

    pub fn shipping(&self, id: &str) -> Option<&ShippingMethod> {
        self.shipping_methods.iter().find(|method| method.id == id)
    }
}

/// What the OpenAPI document promises, and what the catalogue renders at once.
pub const PAGE_MAX: usize = 100;

/// Bounds on what one request may ask for.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HttpLimits {
    /// Bytes of a request's body; more is answered 413. Default 65536.
    pub body_bytes: usize,
    /// After this long a request is answered 504, milliseconds. Default 15000.
    pub request_timeout_ms: u64,
    /// How long a handler waits for the engine's answer, milliseconds; less than `request_timeout_ms`, so
    /// that the better answer comes first. Default 10000.
    pub answer_within_ms: u64,
    /// Requests under way at once; one more is answered 503 with Retry-After. Default 4096.
    pub inflight_max: usize,
    /// Items on a page when `limit` is absent. Default 24.
    pub page_default: usize,
    /// The largest `limit`; more is answered 400. Default 100, which is also the most.
    pub page_max: usize,
    /// Lines of one bulk change of a cart; more is answered 422. Default 200.
    pub bulk_lines: usize,
    /// The longest hold that an operator may take by hand, seconds. Default 604800 (a week).
    pub manual_hold_seconds: u64,
    /// Guest look-ups of one order number in a minute; more are answered 429. Default 10.
    pub lookups_a_minute: u32,
}

impl Default for HttpLimits {
    fn default() -> Self {
        Self {
            body_bytes: 64 * 1024,
            request_timeout_ms: 15_000,
            answer_within_ms: 10_000,
            inflight_max: 4096,
            page_default: 24,
            page_max: 100,
            bulk_lines: 200,
            manual_hold_seconds: 7 * 24 * 3_600,
            lookups_a_minute: 10,
        }
    }
}

impl HttpLimits {
    /// The first thing that is wrong, as (key, what is expected).
    pub fn problem(&self) -> Option<(&'static str, String)> {
        if !(1_024..=16 * 1_048_576).contains(&self.body_bytes) {
            return Some(("body_bytes", "1024 to 16777216 bytes".to_owned()));
        }
        if !(1..=600_000).contains(&self.request_timeout_ms) {
            return Some(("request_timeout_ms", "1 to 600000 milliseconds".to_owned()));
        }
        if self.answer_within_ms == 0 || self.answer_within_ms >= self.request_timeout_ms {
            return Some(("answer_within_ms", "at least 1, and less than request_timeout_ms".to_owned()));
        }
        if self.page_default == 0 || self.page_default > self.page_max || self.page_max > PAGE_MAX {
            return Some(("page_default", format!("1 to page_max, and page_max at most {PAGE_MAX}")));
        }
        if self.bulk_lines == 0 || self.manual_hold_seconds == 0 || self.lookups_a_minute == 0 {
            return Some((
                "bulk_lines",
                "bulk_lines, manual_hold_seconds and lookups_a_minute of at least 1".to_owned(),
            ));
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_right() {
        assert_eq!(ShopSettings::default().problem(), None);
        assert_eq!(HttpLimits::default().problem(), None);
    }

    #[test]
    fn what_is_wrong_is_named() {
        let mut shop = ShopSettings::default();
        shop.shipping_methods[1].id = "standard".to_owned();
        assert_eq!(shop.problem().unwrap().0, "shipping_methods.id");
        let limits = HttpLimits { answer_within_ms: 15_000, ..HttpLimits::default() };
        assert_eq!(limits.problem().unwrap().0, "answer_within_ms");
        assert!(serde_json::from_str::<HttpLimits>(r#"{"body_size":1}"#).is_err());
    }
}
