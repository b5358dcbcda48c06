//! An order's pending effects: a function of its state alone, so a crash loses no step (G4).
//!
//! Read it as the saga's table. Compensation stands beside the steps: a `Releasing` line has a pending release in every
//! status, and an order that was given up has the undoing of its payment pending.

use std::{iter::once_with, num::NonZeroU32, sync::Arc};

use super::{
    Attempt, CapturePolicy, CheckoutSnapshot, HoldState, Order, OrderMail, OrderStatus, PaymentStatus, StockLine,
};
use crate::domain::{
    ids::{CartId, FulfilmentId, OrderId, PaymentId, RefundId, Sku, UserId},
    mail::Letter,
    money::Money,
    stock::Buyer,
    time::Timestamp,
};

#[derive(Clone, Debug, PartialEq)]
pub enum OrderEffect {
    /// `instead_of`: older orders of the cart, whose holds of this SKU pass to this order.
    Hold {
        order: OrderId,
        sku: Sku,
        units: NonZeroU32,
        until: Timestamp,
        attempt: u8,
        instead_of: Vec<OrderId>,
        /// Whose share of the SKU counts the hold.
        buyer: Option<Buyer>,
    },
    CommitHold {
        order: OrderId,
        sku: Sku,
        attempt: u8,
    },
    ReleaseHold {
        order: OrderId,
        sku: Sku,
        attempt: u8,
    },
    ShipHold {
        order: OrderId,
        sku: Sku,
        fulfilment: FulfilmentId,
        units: NonZeroU32,
    },
    AllotNumber {
        order: OrderId,
    },
    SettleCart {
        order: OrderId,
        cart: CartId,
        bought: Vec<(Sku, u32)>,
    },
    OpenPayment {
        order: OrderId,
        payment: PaymentId,
        user: UserId,
        amount: Money,
        provider: String,
        token: String,
    },
    AskCapture {
        order: OrderId,
        payment: PaymentId,
    },
    UnwindPayment {
        order: OrderId,
        payment: PaymentId,
    },
    /// Gives back the price of what is never sent.
    RefundRest {
        payment: PaymentId,
        refund: RefundId,
        amount: Money,
    },
    /// Asks an older order of the same cart to end.
    GiveUpOlder {
        order: OrderId,
        older: OrderId,
    },
    QueueMail {
        order: OrderId,
        mail: OrderMail,
        letter: Arc<Letter>,
    },
}

impl Order {
    /// Lazy: most callers only check whether any effect is pending.
    pub(super) fn pending_effects(&self) -> impl Iterator<Item = OrderEffect> {
        self.placement
            .iter()
            .flat_map(move |placement| {
                let order = placement.order;
                let stock = self.stock.iter().filter_map(move |line| self.pending_for_stock(placement, line));
                let number =
                    once_with(move || self.lacks_only_its_number().then_some(OrderEffect::AllotNumber { order }));
                let cart = once_with(move || self.pending_for_cart(placement));
                let payment = self.payment.iter().map(move |payment| self.pending_for_payment(placement, payment));
                let parcels =
                    self.parcels.iter().map(move |(fulfilment, sku)| self.pending_parcel(order, *fulfilment, sku));
                let placing = self.lifecycle == OrderStatus::Placing;
                let older = self.predecessors.iter().filter(move |_| placing);
                let older = older.map(move |older| OrderEffect::GiveUpOlder { order, older: *older });
                let rest = once_with(move || self.pending_for_rest());
                older.chain(stock).chain(number.chain(cart).chain(payment).chain(parcels).chain(rest).flatten())
            })
            .chain(self.pending_mails())
    }

    fn pending_parcel(&self, order: OrderId, fulfilment: FulfilmentId, sku: &Sku) -> Option<OrderEffect> {
        let parcel = self.fulfilments.iter().find(|known| known.id == fulfilment)?;
        let (_, units) = parcel.lines.iter().find(|(line, _)| line == sku)?;
        Some(OrderEffect::ShipHold { order, sku: sku.clone(), fulfilment, units: *units })
    }

    fn pending_for_stock(&self, placement: &CheckoutSnapshot, line: &StockLine) -> Option<OrderEffect> {
        let (order, sku, attempt) = (placement.order, line.sku.clone(), line.attempt);
        match line.state {
            // The older orders of the cart answer first, so that none of them is sold beside this one.
            HoldState::Wanted | HoldState::Lost if !self.predecessors.is_empty() => None,
            HoldState::Wanted | HoldState::Lost if !self.asks_for_stock() => None,
            HoldState::Wanted | HoldState::Lost => {
                let units = NonZeroU32::new(line.units)?;
                // A later attempt competes like everybody: the older holds have passed or ended long since.
                let instead_of = if attempt == 1 { placement.replaces.clone() } else { Vec::new() };
                // A paid order's units are no longer anybody's share.
                let share = placement.share.filter(|_| !self.paid());
                let buyer = share.map(|share| Buyer { user: placement.user, share });
                Some(OrderEffect::Hold { order, sku, units, until: line.until, attempt, instead_of, buyer })
            }
            HoldState::Held if self.may_commit() => Some(OrderEffect::CommitHold { order, sku, attempt }),
            HoldState::Releasing => Some(OrderEffect::ReleaseHold { order, sku, attempt }),
            HoldState::Held
            | HoldState::Refused { .. }
            | HoldState::OverShare { .. }
            | HoldState::Committed
            | HoldState::Released
            | HoldState::Shipped => None,
        }
    }

    /// Paid, and every SKU held or committed: nothing is committed for an order that may still be refused a line.
    fn may_commit(&self) -> bool {
        let in_hand = |state| matches!(state, HoldState::Held | HoldState::Committed);
        self.lifecycle == OrderStatus::AwaitingPayment && self.paid() && !self.any_stock(|state| !in_hand(state))
    }

    fn pending_for_cart(&self, placement: &CheckoutSnapshot) -> Option<OrderEffect> {
        let cart = placement.cart.filter(|_| self.number.is_some() && !self.cart_settled)?;
        let bought = self.stock.iter().map(|line| (line.sku.clone(), line.units)).collect();
        Some(OrderEffect::SettleCart { order: placement.order, cart, bought })
    }

    fn pending_for_payment(&self, placement: &CheckoutSnapshot, payment: &Attempt) -> Option<OrderEffect> {
        let (order, id) = (placement.order, payment.id);
        // Also for an order given up meanwhile: the request may be in flight, and only an opened payment can be undone.
        if !payment.opened {
            return payment.covered.then(|| OrderEffect::OpenPayment {
                order,
                payment: id,
                user: placement.user,
                amount: placement.totals.total,
                provider: payment.provider.clone(),
                token: payment.token.clone(),
            });
        }
        if self.must_unwind(payment) {
            return Some(OrderEffect::UnwindPayment { order, payment: id });
        }
        let wanted = placement.capture == CapturePolicy::OnVerified && !payment.capture_asked;
        let sold = self.number.is_some() && !self.lifecycle.is_given_up();
        (wanted && sold && payment.region == PaymentStatus::Authorized)
            .then_some(OrderEffect::AskCapture { order, payment: id })
    }

    fn must_unwind(&self, payment: &Attempt) -> bool {
        let live = match self.lifecycle {
            OrderStatus::Cancelled | OrderStatus::Rejected => payment.region.is_paid() || payment.region.is_open(),
            // An open payment of an expired order may still succeed, which revives the order once.
            OrderStatus::Expired => payment.region.is_paid() || (self.revived && payment.region.is_open()),
            OrderStatus::Placing
            | OrderStatus::AwaitingPayment
            | OrderStatus::Verified
            | OrderStatus::Processing
            | OrderStatus::PartiallyShipped
            | OrderStatus::Shipped
            | OrderStatus::Delivered
            | OrderStatus::Completed => false,
        };
        live && !payment.unwind_asked
    }
}
