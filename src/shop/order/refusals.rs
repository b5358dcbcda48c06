//! Each refusal of the domain and the problem it becomes: one exhaustive table.
//!
//! A new refusal in the domain stops the build here until it has a code.

use crate::{
    domain::order::OrderRejection,
    http::{Code, Problem},
};

impl From<OrderRejection> for Problem {
    fn from(refusal: OrderRejection) -> Self {
        use OrderRejection as R;
        let detail = refusal.to_string();
        let problem = |code| Problem::new(code, detail.clone());
        match refusal {
            R::NotPlaced => problem(Code::UNKNOWN_ORDER),
            R::Empty => problem(Code::CART_EMPTY),
            // An order's id is derived from its idempotency key: other contents mean a reused key.
            R::AlreadyPlaced => problem(Code::IDEMPOTENCY_KEY_REUSED),
            // The server computes the totals: a caller cannot cause this.
            R::BadTotals => Problem::internal(&detail),
            R::IllegalMove { from, to, reason } => {
                problem(Code::ILLEGAL_MOVE).with("from", from).with("to", to).with("reason", reason)
            }
            R::NotPayable { lifecycle } => problem(Code::ORDER_NOT_PAYABLE).with("order_status", lifecycle),
            R::PaymentUnderWay { payment } => problem(Code::PAYMENT_UNDER_WAY).with("payment_id", payment),
            R::AlreadyPaid => problem(Code::ALREADY_PAID),
            R::UnknownPayment { payment } => problem(Code::UNKNOWN_PAYMENT).with("payment_id", payment),
            R::ShipsTooMany { sku, requested, open } => {
                problem(Code::SHIPS_TOO_MANY).with("sku", sku).with("requested", requested).with("open", open)
            }
            R::NotFulfillable { lifecycle } => problem(Code::NOT_FULFILLABLE).with("order_status", lifecycle),
            R::NotCaptured { payment } => problem(Code::NOT_FULFILLABLE).with("payment_status", payment),
            R::Superseded { by } => problem(Code::CHECKOUT_SUPERSEDED).with("order_id", by),
            // As with orders: the id is derived from the key.
            R::FulfilmentConflict { fulfilment } => {
                problem(Code::IDEMPOTENCY_KEY_REUSED).with("fulfilment_id", fulfilment)
            }
            R::UnderWay { lifecycle } => problem(Code::ORDERS_UNDER_WAY).with("order_status", lifecycle),
            R::TooMany { what, max } => problem(Code::TOO_MANY).with("what", what).with("max", max),
        }
    }
}
