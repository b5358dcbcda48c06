//! Applies each event to an order. Decides nothing: the events are history.

use std::sync::Arc;

use super::{
    Attempt, Fulfilment, HoldState, Order, OrderEvent, OrderStatus, PaymentStatus, PaymentUpdate, StaffTransition,
    StockLine, checkout::stock_lines,
};
use crate::domain::{
    ids::{PaymentId, Sku},
    time::Timestamp,
};

impl Order {
    pub(super) fn apply_event(&mut self, event: &OrderEvent) {
        match event {
            OrderEvent::Placed { placement, at } => {
                self.stock = stock_lines(placement).unwrap_or_default();
                self.predecessors = placement.replaces.clone();
                (self.placement, self.placed_at) = (Some(placement.clone()), *at);
            }
            OrderEvent::HoldGranted { sku } => self.set_stock(sku, HoldState::Held),
            OrderEvent::HoldRefused { sku, available } => {
                self.set_stock(sku, HoldState::Refused { available: *available });
            }
            OrderEvent::HoldOverShare { sku, remaining } => {
                self.set_stock(sku, HoldState::OverShare { remaining: *remaining });
            }
            OrderEvent::HoldCommitted { sku } => self.set_stock(sku, HoldState::Committed),
            OrderEvent::HoldLost { sku, at } => self.change(sku, |line| {
                line.lost = true;
                line.ask_again(HoldState::Lost, paid_until(*at));
            }),
            OrderEvent::HoldReleased { sku } => {
                let reviving = self.lifecycle == OrderStatus::AwaitingPayment;
                self.change(sku, |line| match reviving {
                    // `until` was set when the order was revived.
                    true => line.ask_again(HoldState::Wanted, line.until),
                    false => line.state = HoldState::Released,
                });
            }
            OrderEvent::Reserved => self.lifecycle = OrderStatus::AwaitingPayment,
            OrderEvent::Rejected => self.give_up(OrderStatus::Rejected),
            OrderEvent::Expired { .. } => self.give_up(OrderStatus::Expired),
            OrderEvent::RevivalFailed { .. } => {
                // Also where a hold was lost before its commit: that was the second try.
                self.revived = true;
                self.give_up(OrderStatus::Expired);
            }
            OrderEvent::PaymentBegun { payment, provider, token } => self.begin(*payment, provider, token),
            OrderEvent::PaymentOpened { payment } => self.with_payment(*payment, |known| known.opened = true),
            OrderEvent::PaymentCovered { payment } => self.with_payment(*payment, |known| known.covered = true),
            OrderEvent::PaymentMoved { payment, news } => self.payment_moved(*payment, news),
            OrderEvent::Revived { at, .. } => self.revive(*at),
            OrderEvent::Verified { number, .. } => {
                (self.lifecycle, self.number) = (OrderStatus::Verified, Some(*number));
            }
            OrderEvent::CartSettled => self.cart_settled = true,
            OrderEvent::CaptureAsked { payment } => self.with_payment(*payment, |known| known.capture_asked = true),
            OrderEvent::UnwindAsked { payment } => self.with_payment(*payment, |known| known.unwind_asked = true),
            OrderEvent::Moved { to, .. } if to.target() == OrderStatus::Cancelled => {
                self.give_up(OrderStatus::Cancelled)
            }
            OrderEvent::Moved { to: StaffTransition::Shipped, .. } => self.give_up_rest(),
            OrderEvent::Moved { to, .. } => self.lifecycle = to.target(),
            OrderEvent::RestRefundAsked { .. } => self.rest_refund_asked = true,
            OrderEvent::Superseded { by, .. } => {
                self.superseded_by = Some(*by);
                self.give_up(OrderStatus::Cancelled);
            }
            // All there is to it is in `mails`.
            OrderEvent::MailQueued { .. } => {}
            OrderEvent::Erased { .. } => {
                self.erased = true;
                self.placement = self.placement.as_ref().map(|placement| Arc::new(placement.erased()));
                self.mails.clear();
                // Whoever has a parcel's number is told where it went.
                self.fulfilments.iter_mut().for_each(|parcel| parcel.tracking = None);
            }
            OrderEvent::PredecessorGone { order } => self.predecessors.retain(|older| older != order),
            OrderEvent::PredecessorPaid { order } => self.outrun_by = Some(*order),
            OrderEvent::Fulfilled { fulfilment, lines, carrier, tracking, at } => self.record_parcel(Fulfilment {
                id: *fulfilment,
                lines: lines.clone(),
                carrier: carrier.clone(),
                tracking: tracking.clone(),
                at: *at,
            }),
            OrderEvent::ParcelShipped { fulfilment, sku } => {
                self.parcels.retain(|(id, owed)| id != fulfilment || owed != sku);
                let pending = self.parcels.iter().any(|(_, owed)| owed == sku);
                self.change(sku, |line| {
                    if !pending && line.shipped == line.units {
                        line.state = HoldState::Shipped;
                    }
                });
            }
        }
    }

    /// Releases every hold that the stock may have granted, including a requested hold without a reply.
    fn give_up(&mut self, lifecycle: OrderStatus) {
        self.lifecycle = lifecycle;
        let asked = self.asks_for_stock();
        for line in &mut self.stock {
            line.state = match line.state {
                HoldState::Wanted if !asked => HoldState::Released,
                HoldState::Wanted | HoldState::Held | HoldState::Lost | HoldState::Committed | HoldState::Releasing => {
                    HoldState::Releasing
                }
                HoldState::Refused { .. } | HoldState::OverShare { .. } | HoldState::Released | HoldState::Shipped => {
                    line.state
                }
            };
        }
    }

    /// Lines that are being released finish the release first, else it would take the new hold.
    fn revive(&mut self, at: Timestamp) {
        (self.lifecycle, self.revived) = (OrderStatus::AwaitingPayment, true);
        for line in &mut self.stock {
            match line.state {
                HoldState::Releasing => line.until = paid_until(at),
                HoldState::Wanted
                | HoldState::Held
                | HoldState::Refused { .. }
                | HoldState::OverShare { .. }
                | HoldState::Lost
                | HoldState::Committed
                | HoldState::Released
                | HoldState::Shipped => line.ask_again(HoldState::Wanted, paid_until(at)),
            }
        }
    }

    fn begin(&mut self, id: PaymentId, provider: &str, token: &str) {
        let attempt = Attempt {
            id,
            provider: provider.to_owned(),
            token: token.to_owned(),
            region: PaymentStatus::Pending,
            refunded: 0,
            opened: false,
            capture_asked: false,
            unwind_asked: false,
            covered: !self.is_held_at_payment(),
        };
        self.former.extend(self.payment.replace(attempt).map(|payment| payment.id));
    }

    fn payment_moved(&mut self, id: PaymentId, news: &PaymentUpdate) {
        let region = self.region_after(news);
        self.with_payment(id, |known| {
            // Only an opened payment sends updates: its update may have overtaken the reply to `Open`.
            (known.region, known.opened) = (region, true);
            if let PaymentUpdate::Refunded { total } = news {
                known.refunded = total.amount;
            }
        });
        self.give_back_unpaid();
    }

    fn set_stock(&mut self, sku: &Sku, state: HoldState) {
        self.change(sku, |line| line.state = state);
    }

    fn change(&mut self, sku: &Sku, change: impl FnOnce(&mut StockLine)) {
        if let Some(line) = self.stock.iter_mut().find(|line| line.sku == *sku) {
            change(line);
        }
    }

    fn with_payment(&mut self, id: PaymentId, change: impl FnOnce(&mut Attempt)) {
        if let Some(payment) = self.payment.as_mut().filter(|payment| payment.id == id) {
            change(payment);
        }
    }
}

impl StockLine {
    fn ask_again(&mut self, state: HoldState, until: Timestamp) {
        (self.state, self.until) = (state, until);
        self.attempt = self.attempt.saturating_add(1);
    }
}

fn paid_until(at: Timestamp) -> Timestamp {
    at.plus_ms(Order::PAID_HOLD_MS)
}
