//! Each refusal of a checkout and the problem it becomes: one exhaustive table.

use serde_json::{Value, json};

use super::{
    cart_lines::CartRefusal,
    place::{CheckoutRefusal, ShortLine},
};
use crate::{
    domain::stock::Availability,
    http::{Code, Problem},
    shop::money::MoneyBody,
};

/// `counts`: whether the caller may know how many units are left; the word is for everybody.
pub fn problem(refusal: CheckoutRefusal, counts: bool) -> Problem {
    use CheckoutRefusal as R;
    let detail = refusal.to_string();
    match refusal {
        R::UnknownShippingMethod { known } => Problem::new(Code::UNKNOWN_SHIPPING_METHOD, detail).with("known", known),
        R::Cart(refusal) => refusal.into(),
        R::KeyReused => Problem::new(Code::IDEMPOTENCY_KEY_REUSED, detail),
        R::OutOfStock { order, lines } => {
            let lines: Vec<_> = lines.iter().map(|line| short(line, counts)).collect();
            Problem::new(Code::OUT_OF_STOCK, detail).with("order_id", order).with("lines", lines)
        }
        R::Unpaid(refusal) => refusal.problem(counts),
        R::AlreadyBought { by } => Problem::new(Code::ALREADY_PAID, detail).with("order_id", by),
        R::Money(error) => error.into(),
        R::Order(error) => error.into(),
    }
}

fn short(line: &ShortLine, counts: bool) -> Value {
    // The refusal knows the count alone, and not the SKU's threshold.
    let availability = Availability::of(line.available, 0);
    let mut shown = json!({"sku": line.sku, "requested": line.requested, "availability": availability});
    if counts {
        shown["available"] = line.available.into();
    }
    shown
}

impl From<CartRefusal> for Problem {
    fn from(refusal: CartRefusal) -> Self {
        use CartRefusal as R;
        let detail = refusal.to_string();
        match refusal {
            R::Empty => Problem::new(Code::CART_EMPTY, detail),
            R::Withdrawn { skus } => Problem::new(Code::ITEM_WITHDRAWN, detail).with("skus", skus),
            R::PricesChanged { lines } => {
                let money = |money| MoneyBody::from(money);
                let shown = lines.iter().map(
                    |line| json!({"sku": line.now.sku, "was": money(line.was), "now": money(line.now.unit_price)}),
                );
                Problem::new(Code::PRICE_CHANGED, detail).with("lines", shown.collect::<Vec<_>>())
            }
            R::Cart(error) => error.into(),
        }
    }
}
