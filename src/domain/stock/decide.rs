//! The decisions of a stock: one function for each command, guards first, in the refusals' order.
//!
//! Holds end by the clock, not by the alarm: a lapsed hold cannot be committed, and gives its units to
//! the next `Hold` or `Adjust` that needs them, even when the alarm is late.

use std::num::NonZeroU32;

use super::{Buyer, Stock, StockCommand, StockEvent, StockRejection};
use crate::domain::{
    entity::Entity,
    ids::{FulfilmentId, OrderId},
    text,
    time::Timestamp,
};

type Decision = Result<Vec<StockEvent>, StockRejection>;

impl Stock {
    pub(super) fn decide_command(&self, command: &StockCommand, now: Timestamp) -> Decision {
        match command {
            StockCommand::Receive { units, reference } => self.receive(*units, reference),
            StockCommand::Adjust { delta, reason } => self.adjust(*delta, reason, now),
            StockCommand::Hold { order, units, until, attempt } => {
                self.hold((*order, *attempt), (*units, *until), &[], None, now)
            }
            StockCommand::TakeOver { order, units, until, attempt, instead_of } => {
                self.hold((*order, *attempt), (*units, *until), instead_of, None, now)
            }
            StockCommand::HoldFor { order, units, until, attempt, instead_of, buyer } => {
                self.hold((*order, *attempt), (*units, *until), instead_of, Some(*buyer), now)
            }
            StockCommand::Commit { order, attempt } => self.commit(*order, *attempt, now),
            StockCommand::Release { order, attempt } => Ok(self.release(*order, *attempt)),
            StockCommand::Ship { order, fulfilment, units } => self.ship(*order, *fulfilment, *units),
            StockCommand::ReturnToStock { order, units, reason } => self.return_to_stock(*order, *units, reason),
            StockCommand::SetThreshold { units } if *units == self.threshold => Ok(vec![]),
            StockCommand::SetThreshold { units } => Ok(vec![StockEvent::ThresholdSet { units: *units }]),
            StockCommand::SetPolicy { policy } if *policy == self.policy => Ok(vec![]),
            StockCommand::SetPolicy { policy } => Ok(vec![StockEvent::PolicySet { policy: *policy }]),
            StockCommand::ExpireHolds => Ok(self.expire(now)),
        }
    }

    fn receive(&self, units: NonZeroU32, reference: &Option<String>) -> Decision {
        if let Some(reference) = reference {
            check_text("reference", reference)?;
        }
        // Both the receipts alone and with the adjustments stay below 2^63, so no sum can overflow.
        let received = self.received + u64::from(units.get());
        let owned = self.owned() + u64::from(units.get());
        if i64::try_from(received).is_err() || i64::try_from(owned).is_err() {
            return Err(StockRejection::Overflow);
        }
        Ok(vec![StockEvent::Received { units, reference: reference.clone() }])
    }

    fn adjust(&self, delta: i64, reason: &str, now: Timestamp) -> Decision {
        check_text("reason", reason)?;
        // Only units that leave need room: what is owed is no reason to expire a hold.
        let needed = if delta < 0 { i128::from(delta.unsigned_abs()) } else { i128::MIN };
        let (mut events, free) = self.room(needed, now, |_| false);
        let available = u64::try_from(free).unwrap_or(0);
        if delta < 0 && delta.unsigned_abs() > available {
            return Err(StockRejection::AdjustsBelowZero { delta, available });
        }
        let owned = i64::try_from(self.owned()).ok().and_then(|owned| owned.checked_add(delta));
        if self.adjusted.checked_add(delta).is_none() || owned.is_none() {
            return Err(StockRejection::Overflow);
        }
        if delta != 0 {
            events.push(StockEvent::Adjusted { delta, reason: reason.to_owned() });
        }
        Ok(events)
    }

    fn hold(
        &self,
        (order, attempt): (OrderId, u8),
        (units, until): (NonZeroU32, Timestamp),
        instead_of: &[OrderId],
        buyer: Option<Buyer>,
        now: Timestamp,
    ) -> Decision {
        let mut events = Vec::new();
        let mut own = 0;
        match self.holds.get(&order) {
            // An older command, delivered again after newer ones were decided.
            Some(hold) if hold.attempt > attempt => return Ok(vec![]),
            // The order's own hold has lapsed: the request competes like a new one.
            Some(hold) if hold.lapsed(now) => {
                events.push(StockEvent::Expired { order });
                own = u64::from(hold.open());
            }
            // The hold of an earlier attempt, whose release is still on its way: from now on that release has no
            // effect.
            Some(hold) if hold.attempt < attempt && hold.until.is_some() => {
                events.push(StockEvent::Released { order });
                own = u64::from(hold.open());
            }
            Some(hold) if hold.units == units.get() => return Ok(vec![]),
            Some(hold) => {
                let units = NonZeroU32::new(hold.units).unwrap_or(units);
                return Err(StockRejection::HoldConflict { order, units });
            }
            // The hold was released or shipped; its own `Hold` is delivered again.
            None if self.ended.covers(order, attempt) => return Ok(vec![]),
            None => {}
        }
        for older in instead_of.iter().filter(|older| **older != order) {
            // A committed hold is a sale and stays.
            if let Some(hold) = self.holds.get(older).filter(|hold| hold.until.is_some()) {
                let released = StockEvent::Released { order: *older };
                // An order that stands in the list twice has its units once.
                if !events.contains(&released) {
                    events.push(released);
                    own += u64::from(hold.open());
                }
            }
        }
        // What the policy lets the shop owe counts as free.
        let (own, owed_max) = (i128::from(own), i128::from(self.policy.oversold_max()));
        let counted = |held: OrderId| held == order || instead_of.contains(&held);
        let (expired, free) = self.room(i128::from(units.get()) - own - owed_max, now, counted);
        let available = u64::try_from((free + own + owed_max).max(0)).unwrap_or(u64::MAX);
        if u64::from(units.get()) > available {
            return Err(StockRejection::OutOfStock { requested: units, available });
        }
        if let Some(refused) = buyer.and_then(|buyer| self.over_share(units, buyer, &events, now)) {
            return Err(refused);
        }
        events.extend(expired);
        if self.holds.len().saturating_sub(events.len()) >= Self::HOLDS_MAX {
            return Err(StockRejection::TooManyHolds { max: Self::HOLDS_MAX });
        }
        events.push(match buyer {
            Some(Buyer { user, .. }) => StockEvent::HeldFor { order, units, until, attempt, user },
            None => StockEvent::Held { order, units, until, attempt },
        });
        Ok(events)
    }

    /// `ending`: the holds that end in this decision, which keep nothing any more.
    fn over_share(
        &self,
        requested: NonZeroU32,
        buyer: Buyer,
        ending: &[StockEvent],
        now: Timestamp,
    ) -> Option<StockRejection> {
        let passes_on = |event: &StockEvent| {
            let StockEvent::Released { order } = event else { return None };
            self.holds.get(order).filter(|hold| hold.buyer == Some(buyer.user))
        };
        // A lapsed one among them is not kept as it is.
        let ending = ending.iter().filter_map(passes_on).filter(|hold| !hold.lapsed(now));
        let passed_on: u64 = ending.map(|hold| u64::from(hold.open())).sum();
        let kept = self.kept_by(buyer.user, now).saturating_sub(passed_on);
        let most = buyer.share.most(self.view().unpaid());
        (kept.saturating_add(u64::from(requested.get())) > most).then_some(StockRejection::OverShare {
            requested,
            kept,
            most,
        })
    }

    fn commit(&self, order: OrderId, attempt: u8, now: Timestamp) -> Decision {
        match self.holds.get(&order).filter(|hold| hold.attempt <= attempt) {
            Some(hold) if hold.until.is_none() => Ok(vec![]),
            Some(hold) if !hold.lapsed(now) => Ok(vec![StockEvent::Committed { order }]),
            Some(_) | None => Err(StockRejection::NoHold { order }),
        }
    }

    fn release(&self, order: OrderId, attempt: u8) -> Vec<StockEvent> {
        let hold = self.holds.get(&order).filter(|hold| hold.attempt <= attempt);
        hold.map(|_| StockEvent::Released { order }).into_iter().collect()
    }

    fn ship(&self, order: OrderId, fulfilment: FulfilmentId, units: NonZeroU32) -> Decision {
        let hold = self.holds.get(&order).ok_or(StockRejection::NoHold { order })?;
        if hold.until.is_some() {
            return Err(StockRejection::NotCommitted { order });
        }
        // A parcel leaves once; its id, not its contents, identifies a repetition.
        if hold.parcels.iter().any(|(shipped, _)| *shipped == fulfilment) {
            return Ok(vec![]);
        }
        if units.get() > hold.open() {
            return Err(StockRejection::ShipsTooMany { requested: units, committed: hold.open() });
        }
        Ok(vec![StockEvent::Shipped { order, fulfilment, units }])
    }

    fn return_to_stock(&self, order: OrderId, units: NonZeroU32, reason: &str) -> Decision {
        check_text("reason", reason)?;
        if u64::from(units.get()) > self.shipped {
            return Err(StockRejection::ReturnsTooMany { requested: units, shipped: self.shipped });
        }
        Ok(vec![StockEvent::ReturnedToStock { order, units, reason: reason.to_owned() }])
    }

    fn expire(&self, now: Timestamp) -> Vec<StockEvent> {
        self.holds.lapsed(now).take(Self::EXPIRES_MAX).map(|(order, _)| StockEvent::Expired { order }).collect()
    }

    /// Expires lapsed holds until `needed` units are free, but at most [`Stock::EXPIRES_MAX`], and not those that `except`
    /// names. Returns the units free then: a refusal writes nothing, but may count these units.
    fn room(&self, needed: i128, now: Timestamp, except: impl Fn(OrderId) -> bool) -> (Vec<StockEvent>, i128) {
        let (mut events, mut free) = (Vec::new(), self.free());
        for (order, units) in self.holds.lapsed(now).filter(|(order, _)| !except(*order)).take(Self::EXPIRES_MAX) {
            if free >= needed {
                break;
            }
            events.push(StockEvent::Expired { order });
            free += i128::from(units);
        }
        (events, free)
    }
}

fn check_text(what: &str, text: &str) -> Result<(), StockRejection> {
    match text::is_line(text, Stock::TEXT_MAX) {
        true => Ok(()),
        false => Err(StockRejection::BadText { what: what.to_owned(), max: Stock::TEXT_MAX }),
    }
}
