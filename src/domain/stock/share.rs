//! How much of one SKU a buyer may keep unpaid, so that one buyer leaves some of it to everybody else.
//!
//! The stock decides the bound itself, with the hold: two orders of one buyer cannot pass it together. Units that are
//! paid do not count, nor does a SKU without a bound of its own (`untracked`). Deliberately absent: where the numbers
//! come from (they arrive with the order), and buyers that share a network address, which the domain does not know.

use serde::{Deserialize, Serialize};

use super::{Stock, StockView};
use crate::domain::{ids::UserId, time::Timestamp};

/// The larger of two bounds counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    /// Units of any SKU.
    pub units: u32,
    /// Of the units for sale, those of everybody's unpaid holds among them, in hundredths; rounded up.
    pub percent: u8,
}

/// The guest or account that a hold is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Buyer {
    pub user: UserId,
    pub share: Share,
}

impl Share {
    /// `for_sale`: units that are not paid, held ones among them; `None`: without a bound.
    pub fn most(self, for_sale: Option<u64>) -> u64 {
        let part = |units: u64| (u128::from(units) * u128::from(self.percent)).div_ceil(100);
        let part = for_sale.map_or(u64::MAX, |units| u64::try_from(part(units)).unwrap_or(u64::MAX));
        part.max(u64::from(self.units))
    }
}

impl StockView {
    /// Units that nobody has paid, and may be sold; `None`: sold without regard to the units in the house.
    pub fn unpaid(&self) -> Option<u64> {
        self.for_sale().map(|units| units.saturating_add(self.held))
    }
}

impl Stock {
    /// What the buyer's holds keep unpaid here. Lapsed ones keep nothing, though their alarm may be late.
    pub(super) fn kept_by(&self, user: UserId, now: Timestamp) -> u64 {
        let lapsed = self.holds.lapsed(now).take(Self::EXPIRES_MAX);
        let lapsed = lapsed.filter(|(order, _)| self.holds.get(order).is_some_and(|hold| hold.buyer == Some(user)));
        self.holds.kept_by(user).saturating_sub(lapsed.map(|(_, units)| u64::from(units)).sum())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_larger_bound_counts_and_a_part_is_rounded_up() {
        let share = Share { units: 10, percent: 25 };
        assert_eq!([0, 8, 40, 41, 1_000].map(|units| share.most(Some(units))), [10, 10, 10, 11, 250]);
        assert_eq!(share.most(None), u64::MAX);
        assert_eq!(Share { units: 0, percent: 100 }.most(Some(u64::MAX)), u64::MAX);
        assert_eq!(Share { units: 0, percent: 1 }.most(Some(1)), 1, "one unit can be bought");
    }
}
