//! A SKU's availability in four words: the one rule that HTTP, live frames and the shop front show.

use serde::{Deserialize, Serialize};

use super::{StockPolicy, StockView};
use crate::domain::states::states;

states! {
    /// Sorted best first: a product shows the smallest of its variants.
    Availability {
        InStock = "in_stock",
        Low = "low",
        /// Not in the house, and sold all the same: the goods are to come.
        Backorder = "backorder",
        Out = "out",
    }
}

impl Availability {
    /// A SKU with at most this many available units is `low`, even where its own threshold is smaller: one or two
    /// shoppers may take the rest while the page is read. The shop front has always shown it so.
    pub const LOW_MARK: u32 = 3;

    /// `Out` at none; `Low` up to the larger of the SKU's threshold and [`Availability::LOW_MARK`].
    pub fn of(available: u64, threshold: u32) -> Self {
        match available {
            0 => Self::Out,
            few if few <= u64::from(threshold.max(Self::LOW_MARK)) => Self::Low,
            _ => Self::InStock,
        }
    }
}

impl StockView {
    pub fn availability(&self) -> Availability {
        match self.policy {
            StockPolicy::Untracked => Availability::InStock,
            StockPolicy::Backorder { .. } if self.available == 0 && self.for_sale() != Some(0) => {
                Availability::Backorder
            }
            StockPolicy::Tracked | StockPolicy::Backorder { .. } => Availability::of(self.available, self.threshold),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_larger_of_threshold_and_mark_is_low() {
        for (available, threshold, shown) in [
            (0, 0, Availability::Out),
            (0, 9, Availability::Out),
            (1, 0, Availability::Low),
            (3, 0, Availability::Low),
            (4, 0, Availability::InStock),
            (5, 5, Availability::Low),
            (6, 5, Availability::InStock),
        ] {
            assert_eq!(Availability::of(available, threshold), shown, "{available} available, threshold {threshold}");
        }
    }

    #[test]
    fn the_best_sorts_first() {
        let words = [Availability::InStock, Availability::Low, Availability::Backorder, Availability::Out];
        assert!(words.is_sorted());
    }

    #[test]
    fn a_policy_decides_what_an_empty_shelf_is_called() {
        let backorder = StockPolicy::Backorder { up_to: std::num::NonZeroU32::MIN };
        for (policy, available, oversold, shown, for_sale) in [
            (StockPolicy::Tracked, 0, 0, Availability::Out, Some(0)),
            (StockPolicy::Untracked, 0, 9, Availability::InStock, None),
            (backorder, 9, 0, Availability::InStock, Some(10)),
            (backorder, 1, 0, Availability::Low, Some(2)),
            (backorder, 0, 0, Availability::Backorder, Some(1)),
            (backorder, 0, 1, Availability::Out, Some(0)),
        ] {
            let view = StockView { policy, available, oversold, ..StockView::default() };
            assert_eq!((view.availability(), view.for_sale()), (shown, for_sale), "{view:?}");
        }
    }
}
