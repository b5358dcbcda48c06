//! Each refusal of the domain and the problem it becomes: one exhaustive table.
//!
//! A new refusal in the domain stops the build here until it has a code.

use super::pay::PayRefusal;
use crate::{
    domain::payment::PaymentRejection,
    http::{Code, Problem},
    shop::checkout,
};

impl From<PaymentRejection> for Problem {
    fn from(refusal: PaymentRejection) -> Self {
        use PaymentRejection as R;
        let detail = refusal.to_string();
        let problem = |code| Problem::new(code, detail);
        match refusal {
            R::NotOpened => problem(Code::UNKNOWN_PAYMENT),
            R::AlreadyOpened => problem(Code::IDEMPOTENCY_KEY_REUSED),
            R::NotCapturable { status } => problem(Code::NOT_CAPTURABLE).with("payment_status", status),
            R::NotVoidable { status } => problem(Code::NOT_VOIDABLE).with("payment_status", status),
            R::NotRefundable { status } => problem(Code::NOT_REFUNDABLE).with("payment_status", status),
            R::RefundsTooMuch { requested, refundable } => {
                problem(Code::REFUNDS_TOO_MUCH).with("requested", requested).with("refundable", refundable)
            }
            R::CurrencyMismatch { refund, payment } => {
                problem(Code::CURRENCY_MISMATCH).with("refund", refund).with("payment", payment)
            }
            R::RefundConflict { refund } => problem(Code::IDEMPOTENCY_KEY_REUSED).with("refund_id", refund),
            R::TooManyRefunds { max } => problem(Code::TOO_MANY_REFUNDS).with("max", max),
        }
    }
}

impl From<PayRefusal> for Problem {
    fn from(refusal: PayRefusal) -> Self {
        use PayRefusal as R;
        let detail = refusal.to_string();
        match refusal {
            R::UnknownProvider { known } => Problem::new(Code::UNKNOWN_PROVIDER, detail).with("known", known),
            R::BadToken { max } => Problem::field("token", detail).with("max", max),
            R::BackedUp { retry_after_ms } => Problem::new(Code::BUSY, detail).retry_after(retry_after_ms),
            R::Unreadable(unreadable) => unreadable.into(),
            R::KeyReused => Problem::new(Code::IDEMPOTENCY_KEY_REUSED, detail),
            R::Declined { code, payment } => {
                Problem::new(Code::PAYMENT_DECLINED, detail).with("decline_code", code).with("payment_id", payment)
            }
            R::NotPayable { status, payment } => {
                Problem::new(Code::ORDER_NOT_PAYABLE, detail).with("order_status", status).with("payment_id", payment)
            }
            R::NotHeld { why, counts } => checkout::refusals::problem(*why, counts),
            R::Order(error) => error.into(),
            R::Payment(error) => error.into(),
            R::Store(error) => error.into(),
        }
    }
}
