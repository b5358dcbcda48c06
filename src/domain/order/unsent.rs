//! The rest of a part-shipped order, given up by staff: what has not left goes back to the stock, and its price to the
//! shopper.
//!
//! The order is `shipped` then, with lines whose `shipped` stays below their `units`. Shipping is not given back: it was
//! done. Deliberately absent: goods that come back, which are refunded and returned by hand.

use uuid::Uuid;

use super::{HoldState, Order, OrderEffect, OrderEvent, OrderStatus};
use crate::domain::{
    ids::{PaymentId, RefundId},
    money::Money,
};

impl Order {
    /// The reason of the refund that giving up the rest asks for.
    pub const REST: &str = "the rest is not sent";

    pub(super) fn give_up_rest(&mut self) {
        (self.lifecycle, self.rest_given_up) = (OrderStatus::Shipped, true);
        for line in self.stock.iter_mut().filter(|line| line.shipped < line.units) {
            line.state = HoldState::Releasing;
        }
    }

    pub(super) fn pending_for_rest(&self) -> Option<OrderEffect> {
        let owed = self.rest_given_up && !self.rest_refund_asked && self.region().is_taken();
        let (placement, payment) = (self.placement.as_ref().filter(|_| owed)?, self.payment.as_ref()?);
        // What staff gave back by hand before may have been for this: too little can be given later, too much never comes
        // back.
        let (order, mut amount) = (placement.order, self.price_of_rest());
        amount.amount = amount.amount.saturating_sub(payment.refunded);
        let refund = RefundId(Uuid::new_v5(&order.0, b"rest"));
        (amount.amount > 0).then_some(OrderEffect::RefundRest { payment: payment.id, refund, amount })
    }

    /// Where one SKU stands on lines of several prices, the last lines are the ones that were not sent.
    fn price_of_rest(&self) -> Money {
        let Some(placement) = self.placement.as_deref() else { return Money::default() };
        let mut sum = Money::zero(placement.totals.total.currency);
        for stock in &self.stock {
            let mut missing = stock.units - stock.shipped;
            for line in placement.lines.iter().rev().filter(|line| line.sku == stock.sku) {
                let units = missing.min(line.quantity);
                missing -= units;
                // A part of the order's own total, which fits.
                let price = line.unit_price.checked_mul(units).and_then(|price| sum.checked_add(price));
                sum = price.unwrap_or(sum);
            }
        }
        sum
    }

    pub(super) fn rest_refund_asked(&self, id: PaymentId) -> Vec<OrderEvent> {
        let news = self.rest_given_up && !self.rest_refund_asked;
        let own = self.payment.as_ref().is_some_and(|payment| payment.id == id);
        (news && own).then_some(OrderEvent::RestRefundAsked { payment: id }).into_iter().collect()
    }
}
