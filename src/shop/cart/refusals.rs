//! Each refusal of the domain and the problem it becomes: one exhaustive table.
//!
//! A new refusal in the domain stops the build here until it has a code.

use crate::{
    domain::cart::CartRejection,
    http::{Code, Problem},
};

impl From<CartRejection> for Problem {
    fn from(refusal: CartRejection) -> Self {
        use CartRejection as R;
        let detail = refusal.to_string();
        let problem = |code| Problem::new(code, detail);
        match refusal {
            R::BadQuantity { sku, quantity, max } => {
                problem(Code::BAD_QUANTITY).with("sku", sku).with("quantity", quantity).with("max", max)
            }
            R::TooManyLines { max } => problem(Code::TOO_MANY_LINES).with("max", max),
            R::NoSuchLine { sku } => problem(Code::UNKNOWN_LINE).with("sku", sku),
            R::CurrencyMismatch { cart, item } => {
                problem(Code::CURRENCY_MISMATCH).with("cart", cart).with("item", item)
            }
            R::Overflow => problem(Code::AMOUNT_OVERFLOW),
            // Only between two carts, never in an answer.
            R::OfAnother => problem(Code::FORBIDDEN),
        }
    }
}
