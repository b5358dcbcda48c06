//! An order, and the checkout process as a state machine with its compensation.
//!
//! The order is the saga's only memory: its pending effects are a function of its state (`order/effects.rs`), and each
//! outcome comes back as a command. Invariant: stock and money move together, so an order that is not sold ends with
//! every hold released and every payment undone.
//!
//! In `order/`: `shapes` and `protocol` (the types), `classes` (classes of statuses), `decide` (the list of commands),
//! `checkout`, `paying` and `fulfil` (the commands' decisions), `at_payment` (orders that hold nothing before a payment),
//! `consequences` (events that follow from a state by itself), `apply`, `effects` (which are pending), `effect_table`
//! (their ids, requests and outcomes), `rests` (what it rests on), `moves` (the operators' table), `unsent` (what is
//! never sent), `supersede` (older and newer orders of one cart), `mails` (what its shopper is written), `view`.
//! Deliberately absent: returns and promotions.

mod apply;
mod at_payment;
mod checkout;
mod classes;
mod consequences;
mod decide;
mod effect_table;
mod effects;
mod fulfil;
mod mails;
mod moves;
mod paying;
mod protocol;
pub mod rests;
mod shapes;
mod supersede;
#[cfg(test)]
mod tests;
mod unsent;
mod view;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use self::{effects::OrderEffect, mails::OrderMail, protocol::*, shapes::*, view::*};
use super::{
    entity::{Entity, Work},
    ids::{FulfilmentId, OrderId, PaymentId, Sku, UserId},
    kinds::Kind,
    personal::Subject,
    rests::Rest,
    time::Timestamp,
};

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Order {
    /// `None` until placed; the order's id is in it.
    placement: Option<Arc<CheckoutSnapshot>>,
    placed_at: Timestamp,
    lifecycle: OrderStatus,
    /// One for each SKU, in the order of the placement's lines.
    stock: Vec<StockLine>,
    payment: Option<Attempt>,
    /// Attempts that failed before `payment`.
    former: Vec<PaymentId>,
    /// Given at `Verified`: an order with a number was sold, regardless of later events.
    number: Option<u64>,
    cart_settled: bool,
    /// The stock was requested again for a paid order, which happens once.
    revived: bool,
    fulfilments: Vec<Fulfilment>,
    /// Parcels of `fulfilments` that the stock has not yet written off.
    parcels: Vec<(FulfilmentId, Sku)>,
    /// Older orders of the same cart that have not answered yet whether they are given up. This order holds nothing
    /// before they have, so that at most one of them is ever sold.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    predecessors: Vec<OrderId>,
    /// The older order of the same cart that was paid first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    outrun_by: Option<OrderId>,
    /// The newer order of the same cart that took this one's place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    superseded_by: Option<OrderId>,
    /// Staff has given up what was not sent.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    rest_given_up: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    rest_refund_asked: bool,
    /// Its person is forgotten. Not read from the placement: what is known of a person may be blank in a replay, and what
    /// followed from it is not.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    erased: bool,
    /// Mails that are not queued yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    mails: Vec<OrderMail>,
}

/// One SKU's units on their way through the stock.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct StockLine {
    sku: Sku,
    units: u32,
    /// Units that are in parcels.
    shipped: u32,
    state: HoldState,
    /// Counts the requested `Hold`s, so that a second one is not mistaken for a retry of the first.
    attempt: u8,
    /// When the requested hold ends in the stock.
    until: Timestamp,
    /// The hold was lost once: the next loss is final.
    lost: bool,
}

/// The order's side of one payment.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Attempt {
    id: PaymentId,
    provider: String,
    token: String,
    region: PaymentStatus,
    /// Minor units given back.
    refunded: i64,
    opened: bool,
    capture_asked: bool,
    unwind_asked: bool,
    /// Every unit is held, or was when the order was placed: the provider may be asked. Absent: so it is.
    #[serde(default = "covered", skip_serializing_if = "is_covered")]
    covered: bool,
}

fn covered() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_covered(covered: &bool) -> bool {
    *covered
}

impl Order {
    /// Lines of a placement or a fulfilment.
    pub const LINES_MAX: usize = 200;
    pub const FULFILMENTS_MAX: usize = 100;
    /// Attempts to pay one order.
    pub const PAYMENTS_MAX: usize = 20;
    /// The stock keeps a hold this much longer than the order waits, so that the order always decides
    /// its own expiry before the stock does.
    pub const GRACE_MS: i64 = 60_000;
    /// How long a hold for an order that is paid already is asked for. It only has to last until its commit.
    pub const PAID_HOLD_MS: i64 = 15 * 60_000;
    /// How long after its expiry a late payment revives an order whose placement does not say it.
    pub const REVIVABLE_MS: i64 = 86_400_000;

    /// Its placement, once it has one, and when that was.
    pub fn placed(&self) -> Option<(&CheckoutSnapshot, Timestamp)> {
        self.placement.as_deref().map(|placement| (placement, self.placed_at))
    }

    fn region(&self) -> PaymentStatus {
        self.payment.as_ref().map_or(PaymentStatus::None, |payment| payment.region)
    }

    /// Whether the order is covered by a payment, or needs none.
    fn paid(&self) -> bool {
        self.region().is_paid() || self.is_free()
    }

    /// An order of 0.00.
    fn is_free(&self) -> bool {
        self.placement.as_ref().is_some_and(|placement| placement.is_free())
    }

    /// Money that succeeds later than this goes back: the shopper has long bought elsewhere.
    fn revivable_until(&self) -> Timestamp {
        let placement = self.placement.as_deref();
        let told = placement.and_then(|placement| placement.revivable_until);
        let default = || placement.map(|placement| placement.pay_by.plus_ms(Self::REVIVABLE_MS));
        told.or_else(default).unwrap_or_default()
    }

    fn all_stock(&self, state: HoldState) -> bool {
        self.stock.iter().all(|line| line.state == state)
    }

    fn any_stock(&self, test: impl Fn(HoldState) -> bool) -> bool {
        self.stock.iter().any(|line| test(line.state))
    }

    /// When the order expires by itself; a paid one never does.
    fn expires_at(&self) -> Option<Timestamp> {
        let waits = self.lifecycle.is_undecided() && !self.paid();
        self.placement.as_ref().filter(|_| waits).map(|placement| placement.pay_by)
    }
}

impl Entity for Order {
    const KIND: Kind = Kind::Order;
    const SECRETS: &'static [&'static str] = &["token"];
    type Command = OrderCommand;
    type Event = OrderEvent;
    type Rejection = OrderRejection;
    type View = OrderView;
    type Effect = OrderEffect;

    fn work(command: &OrderCommand) -> Work {
        command.work()
    }

    fn decide(&self, command: &OrderCommand, now: Timestamp) -> Result<Vec<OrderEvent>, OrderRejection> {
        let events = self.decide_command(command, now)?;
        Ok(self.with_consequences(events, now))
    }

    fn apply(&mut self, event: &OrderEvent) {
        self.apply_event(event);
        self.owe_mail(event);
    }

    fn view(&self) -> OrderView {
        self.show()
    }

    fn wake_at(&self) -> Option<Timestamp> {
        self.expires_at()
    }

    fn wake() -> Option<OrderCommand> {
        Some(OrderCommand::Wake)
    }

    fn effects(&self) -> Vec<OrderEffect> {
        self.pending_effects().collect()
    }

    fn has_pending_effects(&self) -> bool {
        self.pending_effects().next().is_some()
    }

    fn owner(view: &OrderView) -> Option<UserId> {
        view.placement.as_ref().map(|placement| placement.user)
    }

    fn subject(&self) -> Option<Subject> {
        self.placement.as_deref().map(CheckoutSnapshot::subject)
    }

    fn subject_of(event: &OrderEvent) -> Option<Subject> {
        match event {
            OrderEvent::Placed { placement, .. } => Some(placement.subject()),
            _later => None,
        }
    }

    fn contact(view: &OrderView) -> Option<Arc<str>> {
        view.placement.as_ref()?.contact()
    }

    fn states(&self, event: &OrderEvent) -> Option<(String, u8)> {
        self.stated(event).map(|what| (what, 0))
    }

    fn rests_on(&self, event: &OrderEvent) -> Vec<Rest> {
        self.outcomes(event)
    }

    fn remembers(command: &OrderCommand) -> bool {
        // Every other command is recognised by its own contents when repeated.
        matches!(command, OrderCommand::Transition { .. })
    }
}
