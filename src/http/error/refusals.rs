//! Each domain refusal and the problem it becomes: one exhaustive table for each kind of entity.
//!
//! A new refusal in the domain stops the build here until it has a code.

use super::{Code, Problem};
use crate::domain::{
    account::AccountRejection, cart::CartRejection, money::MoneyError, order::OrderRejection,
    payment::PaymentRejection, stock::StockRejection,
};

impl From<StockRejection> for Problem {
    fn from(refusal: StockRejection) -> Self {
        use StockRejection as R;
        let detail = refusal.to_string();
        let problem = |code| Problem::new(code, detail);
        match refusal {
            R::OutOfStock { requested, available } => {
                problem(Code::OutOfStock).with("requested", requested).with("available", available)
            }
            R::HoldConflict { order, units } => problem(Code::HoldConflict).with("hold", order).with("units", units),
            R::NoHold { order } => problem(Code::NoHold).with("hold", order),
            R::NotCommitted { order } => problem(Code::HoldNotCommitted).with("hold", order),
            R::ShipsTooMany { requested, committed } => {
                problem(Code::ShipsTooMany).with("requested", requested).with("open", committed)
            }
            R::ReturnsTooMany { requested, shipped } => {
                problem(Code::ReturnsTooMany).with("requested", requested).with("shipped", shipped)
            }
            R::AdjustsBelowZero { delta, available } => {
                problem(Code::AdjustsBelowZero).with("delta", delta).with("available", available)
            }
            R::BadText { what, max } => problem(Code::InvalidField).with("field", what).with("max", max),
            R::Overflow => problem(Code::AmountOverflow),
            R::TooManyHolds { max } => problem(Code::TooManyHolds).with("max", max),
        }
    }
}

impl From<CartRejection> for Problem {
    fn from(refusal: CartRejection) -> Self {
        use CartRejection as R;
        let detail = refusal.to_string();
        let problem = |code| Problem::new(code, detail);
        match refusal {
            R::BadQuantity { sku, quantity, max } => {
                problem(Code::BadQuantity).with("sku", sku).with("quantity", quantity).with("max", max)
            }
            R::TooManyLines { max } => problem(Code::TooManyLines).with("max", max),
            R::NoSuchLine { sku } => problem(Code::UnknownLine).with("sku", sku),
            R::CurrencyMismatch { cart, item } => problem(Code::CurrencyMismatch).with("cart", cart).with("item", item),
            R::Overflow => problem(Code::AmountOverflow),
        }
    }
}

impl From<OrderRejection> for Problem {
    fn from(refusal: OrderRejection) -> Self {
        use OrderRejection as R;
        let detail = refusal.to_string();
        let problem = |code| Problem::new(code, detail.clone());
        match refusal {
            R::NotPlaced => problem(Code::UnknownOrder),
            R::Empty => problem(Code::CartEmpty),
            // An order's id is made from its idempotency key: other contents mean a reused key.
            R::AlreadyPlaced => problem(Code::IdempotencyKeyReused),
            // We made the totals: a caller cannot cause this.
            R::BadTotals => Problem::internal(&detail),
            R::IllegalMove { from, to, reason } => {
                problem(Code::IllegalMove).with("from", from).with("to", to).with("reason", reason)
            }
            R::NotPayable { lifecycle } => problem(Code::OrderNotPayable).with("order_status", lifecycle),
            R::PaymentUnderWay { payment } => problem(Code::PaymentUnderWay).with("payment_id", payment),
            R::AlreadyPaid => problem(Code::AlreadyPaid),
            R::UnknownPayment { payment } => problem(Code::UnknownPayment).with("payment_id", payment),
            R::ShipsTooMany { sku, requested, open } => {
                problem(Code::ShipsTooMany).with("sku", sku).with("requested", requested).with("open", open)
            }
            R::NotFulfillable { lifecycle } => problem(Code::NotFulfillable).with("order_status", lifecycle),
            // As with orders: the id comes from the key.
            R::FulfilmentConflict { fulfilment } => {
                problem(Code::IdempotencyKeyReused).with("fulfilment_id", fulfilment)
            }
            R::TooMany { what, max } => problem(Code::TooMany).with("what", what).with("max", max),
        }
    }
}

impl From<PaymentRejection> for Problem {
    fn from(refusal: PaymentRejection) -> Self {
        use PaymentRejection as R;
        let detail = refusal.to_string();
        let problem = |code| Problem::new(code, detail);
        match refusal {
            R::NotOpened => problem(Code::UnknownPayment),
            R::AlreadyOpened => problem(Code::IdempotencyKeyReused),
            R::NotCapturable { status } => problem(Code::NotCapturable).with("payment_status", status),
            R::NotVoidable { status } => problem(Code::NotVoidable).with("payment_status", status),
            R::NotRefundable { status } => problem(Code::NotRefundable).with("payment_status", status),
            R::RefundsTooMuch { requested, refundable } => {
                problem(Code::RefundsTooMuch).with("requested", requested).with("refundable", refundable)
            }
            R::CurrencyMismatch { refund, payment } => {
                problem(Code::CurrencyMismatch).with("refund", refund).with("payment", payment)
            }
            R::RefundConflict { refund } => problem(Code::IdempotencyKeyReused).with("refund_id", refund),
            R::TooManyRefunds { max } => problem(Code::TooManyRefunds).with("max", max),
        }
    }
}

impl From<AccountRejection> for Problem {
    fn from(refusal: AccountRejection) -> Self {
        match refusal {
            AccountRejection::AlreadyRegistered => Problem::new(Code::AccountExists, refusal.to_string()),
            // Never "no such account": that would tell who is registered.
            AccountRejection::NotRegistered => Problem::new(Code::InvalidCredentials, "e-mail or password is wrong"),
        }
    }
}

impl From<MoneyError> for Problem {
    fn from(error: MoneyError) -> Self {
        let detail = error.to_string();
        match error {
            MoneyError::BadCurrency(_) => Problem::field("currency", detail),
            MoneyError::CurrencyMismatch(..) => Problem::new(Code::CurrencyMismatch, detail),
            MoneyError::Overflow => Problem::new(Code::AmountOverflow, detail),
            // Shares are ours to compute: a caller cannot cause this.
            MoneyError::NoParts => Problem::internal(&detail),
        }
    }
}
