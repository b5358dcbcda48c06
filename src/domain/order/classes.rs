//! The classes of an order's status. Each rule about statuses is here once, as an exhaustive match, so that a new
//! status stops the build at each rule.
//!
//! Deliberately absent: an operator's next steps (`moves`), which depend on more than the status.

use super::OrderStatus;

impl OrderStatus {
    /// The order has ended: nothing changes it any more, except a late payment that revives an expired order.
    pub const fn is_terminal(self) -> bool {
        match self {
            Self::Completed | Self::Rejected | Self::Expired | Self::Cancelled => true,
            Self::Placing
            | Self::AwaitingPayment
            | Self::Verified
            | Self::Processing
            | Self::PartiallyShipped
            | Self::Shipped
            | Self::Delivered => false,
        }
    }

    /// Placed, and given up before or after the sale.
    pub const fn is_given_up(self) -> bool {
        match self {
            Self::Rejected | Self::Expired | Self::Cancelled => true,
            Self::Placing
            | Self::AwaitingPayment
            | Self::Verified
            | Self::Processing
            | Self::PartiallyShipped
            | Self::Shipped
            | Self::Delivered
            | Self::Completed => false,
        }
    }

    /// The order owns its stock and money.
    pub const fn is_sold(self) -> bool {
        match self {
            Self::Verified
            | Self::Processing
            | Self::PartiallyShipped
            | Self::Shipped
            | Self::Delivered
            | Self::Completed => true,
            Self::Placing | Self::AwaitingPayment | Self::Rejected | Self::Expired | Self::Cancelled => false,
        }
    }

    /// Neither sold nor given up: the order expires at its time, unless it is paid.
    pub const fn is_undecided(self) -> bool {
        !self.is_sold() && !self.is_given_up()
    }

    /// Parcels may leave.
    pub const fn is_shippable(self) -> bool {
        match self {
            Self::Verified | Self::Processing | Self::PartiallyShipped => true,
            Self::Placing
            | Self::AwaitingPayment
            | Self::Shipped
            | Self::Delivered
            | Self::Completed
            | Self::Rejected
            | Self::Expired
            | Self::Cancelled => false,
        }
    }

    /// It is decided, paid, packed or sent with the help of its person.
    pub const fn needs_its_person(self) -> bool {
        self.is_undecided() || self.is_shippable()
    }

    /// The shopper may cancel; staff may cancel in more statuses, by a transition.
    pub const fn is_cancellable_by_owner(self) -> bool {
        match self {
            Self::AwaitingPayment | Self::Verified => true,
            Self::Placing
            | Self::Processing
            | Self::PartiallyShipped
            | Self::Shipped
            | Self::Delivered
            | Self::Completed
            | Self::Rejected
            | Self::Expired
            | Self::Cancelled => false,
        }
    }

    /// How soon an operator should look at the order; 0 first. A status in `placing` leaves it within moments, by itself.
    const fn urgency(self) -> u8 {
        match self {
            Self::Verified => 0,
            Self::Processing => 1,
            Self::PartiallyShipped => 2,
            Self::AwaitingPayment => 3,
            Self::Shipped => 4,
            Self::Delivered => 5,
            Self::Placing => 6,
            Self::Completed | Self::Rejected | Self::Expired | Self::Cancelled => 7,
        }
    }

    /// The statuses in which a step by staff, shopper or shop is still open, the most urgent first: the board's.
    pub fn open_by_urgency() -> Vec<Self> {
        let mut open: Vec<Self> = Self::ALL.iter().copied().filter(|status| !status.is_terminal()).collect();
        open.sort_by_key(|status| status.urgency());
        open
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(of: impl Fn(OrderStatus) -> bool) -> Vec<OrderStatus> {
        OrderStatus::ALL.iter().copied().filter(|status| of(*status)).collect()
    }

    #[test]
    fn every_status_is_undecided_sold_or_given_up_and_only_one_of_them() {
        for status in OrderStatus::ALL {
            let classes = [status.is_undecided(), status.is_sold(), status.is_given_up()];
            assert_eq!(classes.into_iter().filter(|is| *is).count(), 1, "{status:?}");
        }
        assert_eq!(class(OrderStatus::is_undecided), [OrderStatus::Placing, OrderStatus::AwaitingPayment]);
    }

    #[test]
    fn what_is_given_up_is_terminal_and_what_ships_or_is_cancelled_is_open() {
        for status in OrderStatus::ALL {
            assert!(!status.is_given_up() || status.is_terminal(), "{status:?}");
            let awaits_payment = *status == OrderStatus::AwaitingPayment;
            let may_move = status.is_shippable() || status.is_cancellable_by_owner() || awaits_payment;
            assert!(!may_move || !status.is_terminal(), "{status:?}");
            assert!(!status.is_shippable() || status.is_sold(), "{status:?}");
        }
    }

    #[test]
    fn the_board_has_every_open_status_once_and_starts_with_what_is_to_be_packed() {
        let board = OrderStatus::open_by_urgency();
        let mut sorted = board.clone();
        sorted.sort();
        assert_eq!(sorted, class(|status| !status.is_terminal()));
        assert_eq!(board.first(), Some(&OrderStatus::Verified));
        assert_eq!(board.last(), Some(&OrderStatus::Placing));
    }
}
