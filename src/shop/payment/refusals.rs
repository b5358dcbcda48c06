//! Each refusal of the domain and the problem it becomes: one exhaustive table.
//!
//! A new refusal in the domain stops the build here until it has a code.

use crate::{
    domain::payment::PaymentRejection,
    http::{Code, Problem},
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
