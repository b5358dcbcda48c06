//! Placing, and the stock's replies.

use std::sync::Arc;

use super::{CheckoutSnapshot, HoldState, Order, OrderEvent, OrderRejection, OrderStatus, StockLine, decide::Decision};
use crate::domain::{ids::Sku, time::Timestamp};

impl Order {
    pub(super) fn place(&self, placement: &Arc<CheckoutSnapshot>, now: Timestamp) -> Decision {
        if let (None, Some(by)) = (&self.placement, self.superseded_by) {
            return Err(OrderRejection::Superseded { by });
        }
        match &self.placement {
            Some(placed) if placed.repeats(placement) => return Ok(vec![]),
            Some(_) => return Err(OrderRejection::AlreadyPlaced),
            None => {}
        }
        if placement.lines.is_empty() {
            return Err(OrderRejection::Empty);
        }
        if placement.lines.len() > Self::LINES_MAX {
            return Err(OrderRejection::TooMany { what: "lines".to_owned(), max: Self::LINES_MAX });
        }
        // Also refuses two lines of one SKU whose sum is more than a hold can count.
        let countable = stock_lines(placement).is_some();
        if !countable || !placement.totals.sum_up(&placement.lines) {
            return Err(OrderRejection::BadTotals);
        }
        Ok(vec![OrderEvent::Placed { placement: placement.clone(), at: now }])
    }

    pub(super) fn hold_granted(&self, sku: &Sku, attempt: u8) -> Vec<OrderEvent> {
        match self.line(sku, attempt) {
            Some(line) if line.state.is_wanted() => vec![OrderEvent::HoldGranted { sku: sku.clone() }],
            Some(_) | None => vec![],
        }
    }

    pub(super) fn hold_refused(&self, sku: &Sku, available: u64, attempt: u8) -> Vec<OrderEvent> {
        match self.line(sku, attempt) {
            Some(line) if line.state.is_wanted() => vec![OrderEvent::HoldRefused { sku: sku.clone(), available }],
            Some(_) | None => vec![],
        }
    }

    pub(super) fn hold_over_share(&self, sku: &Sku, remaining: u64, attempt: u8) -> Vec<OrderEvent> {
        match self.line(sku, attempt) {
            Some(line) if line.state.is_wanted() => vec![OrderEvent::HoldOverShare { sku: sku.clone(), remaining }],
            Some(_) | None => vec![],
        }
    }

    pub(super) fn hold_committed(&self, sku: &Sku, attempt: u8) -> Vec<OrderEvent> {
        match self.line(sku, attempt) {
            Some(line) if line.state == HoldState::Held && self.lifecycle == OrderStatus::AwaitingPayment => {
                vec![OrderEvent::HoldCommitted { sku: sku.clone() }]
            }
            Some(_) | None => vec![],
        }
    }

    pub(super) fn hold_gone(&self, sku: &Sku, attempt: u8, now: Timestamp) -> Vec<OrderEvent> {
        match self.line(sku, attempt) {
            Some(line) if line.state != HoldState::Held || self.lifecycle != OrderStatus::AwaitingPayment => vec![],
            Some(line) if !line.lost => vec![OrderEvent::HoldLost { sku: sku.clone(), at: now }],
            // Lost again: time or the host is wrong, and a third try would not help.
            Some(_) => vec![OrderEvent::HoldRefused { sku: sku.clone(), available: 0 }],
            None => vec![],
        }
    }

    pub(super) fn hold_released(&self, sku: &Sku, attempt: u8) -> Vec<OrderEvent> {
        match self.line(sku, attempt) {
            Some(line) if line.state == HoldState::Releasing => vec![OrderEvent::HoldReleased { sku: sku.clone() }],
            Some(_) | None => vec![],
        }
    }

    pub(super) fn cart_settled(&self) -> Vec<OrderEvent> {
        match self.number.is_some() && !self.cart_settled {
            true => vec![OrderEvent::CartSettled],
            false => vec![],
        }
    }

    fn line(&self, sku: &Sku, attempt: u8) -> Option<&StockLine> {
        self.stock.iter().find(|line| line.sku == *sku && line.attempt == attempt)
    }
}

impl HoldState {
    /// The stock has no units for it.
    pub(super) const fn is_refused(self) -> bool {
        matches!(self, Self::Refused { .. } | Self::OverShare { .. })
    }

    /// A `Hold` is pending.
    pub(super) const fn is_wanted(self) -> bool {
        matches!(self, Self::Wanted | Self::Lost)
    }
}

/// The placement's quantities, summed for each SKU: two lines of one SKU are one hold, else the second hold would
/// conflict with the first, whose units alone would count as "in stock". `None` when a sum does not fit.
pub(super) fn stock_lines(placement: &CheckoutSnapshot) -> Option<Vec<StockLine>> {
    let until = placement.pay_by.plus_ms(Order::GRACE_MS);
    let mut lines: Vec<StockLine> = Vec::new();
    for line in &placement.lines {
        match lines.iter_mut().find(|known| known.sku == line.sku) {
            Some(known) => known.units = known.units.checked_add(line.quantity)?,
            None => lines.push(StockLine {
                sku: line.sku.clone(),
                units: line.quantity,
                shipped: 0,
                state: HoldState::Wanted,
                attempt: 1,
                until,
                lost: false,
            }),
        }
    }
    Some(lines)
}
