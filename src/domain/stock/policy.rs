//! How far a SKU may be sold beyond the units in the house: the merchant's choice, never an accident.
//!
//! What is promised beyond them is counted as `oversold`, so that G1 stays one equation for every policy. Deliberately
//! absent: a date for the missing goods.

use std::{fmt, num::NonZeroU32};

use serde::{Deserialize, Serialize};

use super::StockView;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StockPolicy {
    /// Only units in the house are sold.
    #[default]
    Tracked,
    /// Sold without regard to the units (a download, a service); they are counted all the same.
    Untracked,
    /// Sold on when the house is empty, until `up_to` units are owed.
    Backorder { up_to: NonZeroU32 },
}

impl StockPolicy {
    /// Units that may be oversold; `u64::MAX`: no bound.
    pub fn oversold_max(self) -> u64 {
        match self {
            Self::Tracked => 0,
            Self::Untracked => u64::MAX,
            Self::Backorder { up_to } => u64::from(up_to.get()),
        }
    }

    /// The bound of a backorder.
    pub fn backorder_max(self) -> Option<u32> {
        match self {
            Self::Tracked | Self::Untracked => None,
            Self::Backorder { up_to } => Some(up_to.get()),
        }
    }

    pub(super) fn is_tracked(&self) -> bool {
        *self == Self::Tracked
    }
}

impl fmt::Display for StockPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tracked => f.write_str("tracked"),
            Self::Untracked => f.write_str("untracked"),
            Self::Backorder { up_to } => write!(f, "backorder up to {up_to}"),
        }
    }
}

impl StockView {
    /// Units that a buyer may have now; `None`: without a bound.
    pub fn for_sale(&self) -> Option<u64> {
        match self.policy {
            StockPolicy::Untracked => None,
            StockPolicy::Tracked | StockPolicy::Backorder { .. } => {
                Some(self.available + self.policy.oversold_max().saturating_sub(self.oversold))
            }
        }
    }

    /// G1: each unit is in one place, and what is promised beyond the house is counted.
    pub fn is_balanced(&self) -> bool {
        let there: i128 = [self.available, self.held, self.committed, self.shipped].map(i128::from).iter().sum();
        let ever = i128::from(self.received) + i128::from(self.adjusted);
        there == ever + i128::from(self.oversold) && (self.oversold == 0 || self.available == 0)
    }

    /// Whether a step from `before` to here oversold more than the policy allows.
    pub fn oversells_against(&self, before: &Self) -> bool {
        self.oversold > before.oversold && self.oversold > before.policy.oversold_max()
    }
}
