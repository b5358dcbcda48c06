//! One attempt to pay one order. Money rules: authorise before capture, capture only on the order's request (its stock
//! is committed), undo every payment of an unsold order; the provider's calls and webhooks may come late, twice or out
//! of order and move the state only forwards.
//!
//! In `payment/`: `protocol` (the types), `provider` (the port to the provider), `decide` (the shop's commands), `news`
//! (the provider's events), `undo` (events that follow by themselves), `apply`, `effects` (which are pending),
//! `effect_table` (their ids, requests and outcomes), `rests` (who rests on whom), `view`. Deliberately absent: several
//! captures.

mod apply;
mod decide;
mod effect_table;
mod effects;
mod news;
mod protocol;
mod provider;
pub mod rests;
#[cfg(test)]
mod tests;
mod undo;
mod view;

use serde::{Deserialize, Serialize};

pub use self::{effects::PaymentEffect, protocol::*, provider::*, view::*};
use super::{
    entity::{Entity, Work},
    ids::{OrderId, PaymentId, UserId},
    kinds::Kind,
    money::Money,
    order::PaymentStatus,
    rests::Rest,
    time::Timestamp,
};

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Payment {
    /// `None` until opened.
    request: Option<Box<Request>>,
    status: PaymentStatus,
    reference: Option<String>,
    continue_url: Option<String>,
    decline_code: Option<String>,
    /// The provider has authorised once, perhaps too late.
    authorised: bool,
    capture_asked: bool,
    /// The order is not sold: all money of this payment is given back.
    unwind: bool,
    void: Void,
    refunds: Vec<Refund>,
    /// The status and refunded sum that the order has been notified of.
    #[serde(rename = "told")]
    notified: (PaymentStatus, i64),
}

/// The request that opened the payment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Request {
    payment: PaymentId,
    order: OrderId,
    user: UserId,
    amount: Money,
    provider: String,
    token: String,
    at: Timestamp,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Void {
    #[default]
    No,
    Asked,
    Done,
}

impl Payment {
    /// How long a shopper has for the provider's challenge (a code, a redirect), from the opening on.
    pub const AUTHORIZE_MS: i64 = 15 * 60_000;
    /// Refunds by operators; the next one is refused.
    pub const REFUNDS_MAX: usize = 50;
    /// Refunds that an unwinding payment requests by itself, should the provider refuse some. After that the rest is in
    /// the view as failed refunds, for an operator.
    pub const UNWINDS_MAX: usize = 3;
    /// The decline code of a payment that was given up while it waited for its shopper.
    pub const GIVEN_UP: &str = "given_up";
    /// The decline code of a payment whose shopper never came back.
    pub const TIMED_OUT: &str = "action_timed_out";

    fn amount(&self) -> Money {
        self.request.as_ref().map_or(Money::default(), |request| request.amount)
    }

    fn sum_of(&self, counts: impl Fn(RefundStatus) -> bool) -> i64 {
        // Each refund was checked against the refundable rest of `amount`.
        self.refunds.iter().filter(|refund| counts(refund.status)).map(|refund| refund.amount.amount).sum()
    }

    fn refunded(&self) -> i64 {
        self.sum_of(|status| status == RefundStatus::Done)
    }

    /// The amount that may still be given back: a pending refund has reserved its part.
    fn refundable(&self) -> i64 {
        match self.status {
            PaymentStatus::Captured | PaymentStatus::PartiallyRefunded => {
                self.amount().amount - self.sum_of(|status| status != RefundStatus::Failed)
            }
            PaymentStatus::None
            | PaymentStatus::Pending
            | PaymentStatus::RequiresAction
            | PaymentStatus::Authorized
            | PaymentStatus::Refunded
            | PaymentStatus::Voided
            | PaymentStatus::Failed => 0,
        }
    }

    fn authorize_by(&self) -> Option<Timestamp> {
        let request = self.request.as_ref().filter(|_| self.status == PaymentStatus::RequiresAction)?;
        Some(request.at.plus_ms(Self::AUTHORIZE_MS))
    }
}

impl Entity for Payment {
    const KIND: Kind = Kind::Payment;
    const SECRETS: &'static [&'static str] = &["token"];
    type Command = PaymentCommand;
    type Event = PaymentEvent;
    type Rejection = PaymentRejection;
    type View = PaymentView;
    type Effect = PaymentEffect;

    fn work(command: &PaymentCommand) -> Work {
        command.work()
    }

    fn decide(&self, command: &PaymentCommand, now: Timestamp) -> Result<Vec<PaymentEvent>, PaymentRejection> {
        let events = self.decide_command(command, now)?;
        Ok(self.with_consequences(events))
    }

    fn apply(&mut self, event: &PaymentEvent) {
        self.apply_event(event);
    }

    fn view(&self) -> PaymentView {
        self.show()
    }

    fn wake_at(&self) -> Option<Timestamp> {
        self.authorize_by()
    }

    fn wake() -> Option<PaymentCommand> {
        Some(PaymentCommand::Wake)
    }

    fn effects(&self) -> Vec<PaymentEffect> {
        self.pending_effects().collect()
    }

    fn has_pending_effects(&self) -> bool {
        self.pending_effects().next().is_some()
    }

    fn owner(view: &PaymentView) -> Option<UserId> {
        view.user
    }

    /// Every command is recognised by its own contents when repeated.
    fn remembers(_: &PaymentCommand) -> bool {
        false
    }

    fn states(&self, event: &PaymentEvent) -> Option<(String, u8)> {
        rests::stated(event).map(|what| (what.to_owned(), 0))
    }

    fn rests_on(&self, event: &PaymentEvent) -> Vec<Rest> {
        self.outcomes_of_order(event)
    }
}
