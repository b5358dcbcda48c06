//! Each refusal of the domain and the problem it becomes: one exhaustive table.
//!
//! A new refusal in the domain stops the build here until it has a code.

use crate::{
    domain::stock::StockRejection,
    http::{Code, Problem},
};

impl From<StockRejection> for Problem {
    fn from(refusal: StockRejection) -> Self {
        use StockRejection as R;
        let detail = refusal.to_string();
        let problem = |code| Problem::new(code, detail);
        match refusal {
            R::OutOfStock { requested, available } => {
                problem(Code::OUT_OF_STOCK).with("requested", requested).with("available", available)
            }
            R::HoldConflict { order, units } => problem(Code::HOLD_CONFLICT).with("hold", order).with("units", units),
            R::NoHold { order } => problem(Code::NO_HOLD).with("hold", order),
            R::NotCommitted { order } => problem(Code::HOLD_NOT_COMMITTED).with("hold", order),
            R::ShipsTooMany { requested, committed } => {
                problem(Code::SHIPS_TOO_MANY).with("requested", requested).with("open", committed)
            }
            R::ReturnsTooMany { requested, shipped } => {
                problem(Code::RETURNS_TOO_MANY).with("requested", requested).with("shipped", shipped)
            }
            R::AdjustsBelowZero { delta, available } => {
                problem(Code::ADJUSTS_BELOW_ZERO).with("delta", delta).with("available", available)
            }
            R::BadText { what, max } => problem(Code::INVALID_FIELD).with("field", what).with("max", max),
            R::Overflow => problem(Code::AMOUNT_OVERFLOW),
            R::OverShare { requested, kept, most } => {
                let remaining = most.saturating_sub(kept);
                problem(Code::SHARE_TAKEN).with("requested", requested).with("remaining", remaining).with("max", most)
            }
            R::TooManyHolds { max } => problem(Code::TOO_MANY_HOLDS).with("max", max),
        }
    }
}
