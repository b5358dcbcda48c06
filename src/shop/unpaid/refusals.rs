//! Each refusal of the bounds and the problem it becomes: one exhaustive table.

use serde_json::json;

use super::bounds::{OverShare, UnpaidRefusal};
use crate::http::{Code, Problem};

impl UnpaidRefusal {
    /// As metrics and the board count it.
    pub fn name(&self) -> &'static str {
        self.code().name()
    }

    fn code(&self) -> Code {
        match self {
            Self::Paused { .. } => Code::CHECKOUT_PAUSED,
            Self::TooLarge { .. } => Code::CHECKOUT_TOO_LARGE,
            Self::TooMuch { .. } => Code::TOO_MUCH_UNPAID,
            Self::OverShare { .. } => Code::SHARE_TAKEN,
        }
    }
}

impl UnpaidRefusal {
    /// `counts`: whether the caller may know how many units of a SKU are left.
    pub fn problem(self, counts: bool) -> Problem {
        let problem = Problem::new(self.code(), self.to_string());
        match self {
            Self::Paused { of, retry_after_ms } => problem.with("of", of).retry_after(retry_after_ms),
            Self::TooLarge { of, requested, max } => {
                problem.with("of", of).with("requested", requested).with("max", max)
            }
            Self::TooMuch { of, what, max, remaining, retry_after_ms } => {
                let problem = problem.with("of", of).with("what", what).with("max", max).with("remaining", remaining);
                problem.retry_after(retry_after_ms)
            }
            Self::OverShare { lines, retry_after_ms } => {
                let shown = |line: &OverShare| {
                    let remaining = if counts { line.remaining } else { line.remaining.min(line.told_max) };
                    json!({"sku": line.sku, "requested": line.requested, "remaining": remaining})
                };
                let problem = problem.with("lines", lines.iter().map(shown).collect::<Vec<_>>());
                match retry_after_ms {
                    Some(ms) => problem.retry_after(ms),
                    None => problem,
                }
            }
        }
    }
}
