//! The handle of the table of unpaid orders: what checkouts ask, and what the orders' changes tell it.
//!
//! A checkout enters its order before it is placed, in the same step in which the bounds are checked, so checkouts at once
//! cannot pass them together. What was entered counts until the order ends or its time to pay is over: a client that
//! hangs up in between gains nothing.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use uuid::Uuid;

use super::{
    bounds::{Asked, UnpaidRefusal},
    pauses::Pauses,
    table::{Entry, Table},
    tally::Holder,
};
use crate::{
    actors::ports::Clock,
    config,
    domain::{
        ids::{OrderId, UserId},
        order::{HoldAt, HoldState, Order, OrderStatus, OrderView},
        time::Timestamp,
    },
};

#[derive(Clone)]
pub struct UnpaidOrders(Arc<Inner>);

struct Inner {
    bounds: config::Unpaid,
    /// The time to pay: one lapse.
    ttl_ms: u64,
    clock: Arc<dyn Clock>,
    /// Held for a few map operations and never across an await.
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    table: Table,
    pauses: Pauses,
    /// Checkouts that these bounds refused, by the refusal's name.
    refused: BTreeMap<&'static str, u64>,
}

/// The numbers for the board.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary {
    pub orders: usize,
    pub units: u64,
    pub held: u64,
    /// Buyers with their orders and units.
    pub largest: Vec<(UserId, usize, u64)>,
    pub refused: BTreeMap<&'static str, u64>,
}

impl UnpaidOrders {
    /// Buyers on the board.
    pub const LARGEST_SHOWN: usize = 10;

    pub fn new(bounds: config::Unpaid, shop: &config::Shop, clock: Arc<dyn Clock>) -> Self {
        Self(Arc::new(Inner { bounds, ttl_ms: shop.hold_ttl_ms, clock, state: Mutex::default() }))
    }

    pub fn bounds(&self) -> &config::Unpaid {
        &self.0.bounds
    }

    /// Before anything is written for a checkout.
    pub fn check_pause(&self, holders: impl IntoIterator<Item = Holder>) -> Result<(), UnpaidRefusal> {
        let now = self.0.clock.now();
        let mut state = self.state();
        let wait = |holder: Holder| {
            let wait = state.pauses.wait_ms(holder, self.0.ttl_ms, &self.0.bounds, now)?;
            Some((wait, holder.name()))
        };
        match holders.into_iter().filter_map(wait).max() {
            None => Ok(()),
            Some((retry_after_ms, of)) => Err(state.count(UnpaidRefusal::Paused { of, retry_after_ms })),
        }
    }

    /// Enters the order, or says which bound it would pass. Repeated for one order: entered already.
    pub fn enter(&self, asked: &Asked) -> Result<(), UnpaidRefusal> {
        let now = self.0.clock.now();
        let mut state = self.state();
        state.table.forget_until(now.plus_ms(-Order::GRACE_MS));
        if state.table.get(asked.order).is_some() {
            return Ok(());
        }
        match asked.check(&state.table, &self.0.bounds, now) {
            Err(refusal) => Err(state.count(refusal)),
            Ok(()) => {
                state.table.put(asked.order, asked.entry(now));
                Ok(())
            }
        }
    }

    /// The order was refused for good, and holds nothing.
    pub fn forget(&self, order: OrderId) {
        self.state().table.take(order);
    }

    /// Counts a refusal that was decided elsewhere.
    pub fn refused(&self, refusal: UnpaidRefusal) -> UnpaidRefusal {
        self.state().count(refusal)
    }

    pub fn summary(&self) -> Summary {
        let state = self.state();
        Summary {
            orders: state.table.waiting(),
            units: state.table.units(),
            held: state.table.held(),
            largest: state.table.largest(Self::LARGEST_SHOWN),
            refused: state.refused.clone(),
        }
    }

    /// An order as it was stored, at the start.
    pub(super) fn restore(&self, order: OrderId, view: &OrderView) {
        let Some(placed) = view.placement.as_deref() else { return };
        let buyer = Holder::Buyer(placed.user);
        let mut state = self.state();
        if view.waits_for_payment() {
            state.follow(order, view);
        } else if view.lifecycle.is_sold() {
            state.pauses.sold(buyer, view.placed_at);
        } else if view.lifecycle == OrderStatus::Expired && view.payment.is_none() && placed.hold_at == HoldAt::Checkout
        {
            state.pauses.unpaid(buyer, placed.pay_by, self.0.ttl_ms);
        }
    }

    /// An order has changed.
    pub(super) fn follow(&self, order: OrderId, view: &OrderView) {
        let mut state = self.state();
        if view.waits_for_payment() {
            return state.follow(order, view);
        }
        // Paid, and not sold yet: nothing waits, and the address is not forgotten before the sale.
        if view.lifecycle.is_undecided() && view.placement.is_some() {
            return state.hold_back(order);
        }
        let Some(entry) = state.table.take(order) else { return };
        let kept = view.placement.as_deref().is_some_and(|placed| placed.hold_at == HoldAt::Checkout) && !entry.tried;
        // A rejected order kept nothing.
        let lapsed = kept && matches!(view.lifecycle, OrderStatus::Expired | OrderStatus::Cancelled);
        let ended = entry.until.min(self.0.clock.now());
        // An expiry is a whole lapse, though the order was placed a moment after its time to pay began.
        let kept_ms = match view.lifecycle == OrderStatus::Expired {
            true => self.0.ttl_ms,
            false => u64::try_from(ended.since(entry.since)).unwrap_or(0),
        };
        for holder in entry.holders() {
            if view.lifecycle.is_sold() {
                state.pauses.sold(holder, view.placed_at);
            } else if lapsed {
                state.pauses.unpaid(holder, ended, kept_ms);
            }
        }
    }

    /// No step can leave the state half done, so a poisoned lock is usable.
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn follow(&mut self, order: OrderId, view: &OrderView) {
        let Some(placed) = view.placement.as_deref() else { return };
        let address = self.table.get(order).and_then(|known| known.address);
        let lines = view.stock.iter().filter(|_| address.is_some());
        let held = view.stock.iter().filter(|line| line.state == HoldState::Held);
        let entry = Entry {
            buyer: placed.user,
            address,
            units: view.stock.iter().map(|line| u64::from(line.units)).sum(),
            lines: lines.map(|line| (line.sku.clone(), u64::from(line.units))).collect(),
            held: held.map(|line| u64::from(line.units)).sum(),
            since: view.placed_at,
            until: placed.pay_by,
            replaces: placed.replaces.clone(),
            tried: view.payment.is_some(),
        };
        self.table.put(order, entry);
    }

    fn hold_back(&mut self, order: OrderId) {
        if let Some(entry) = self.table.get(order).cloned().filter(|entry| entry.units > 0) {
            self.table.put(order, Entry { units: 0, lines: Vec::new(), held: 0, ..entry });
        }
    }

    fn count(&mut self, refusal: UnpaidRefusal) -> UnpaidRefusal {
        let name = refusal.name();
        *self.refused.entry(name).or_default() += 1;
        metrics::counter!("souk_unpaid_refusals_total", "bound" => name).increment(1);
        refusal
    }
}

/// Without an order and without a clock: of a shop that sells nothing.
impl Default for UnpaidOrders {
    fn default() -> Self {
        struct Stopped;
        impl Clock for Stopped {
            fn now(&self) -> Timestamp {
                Timestamp(0)
            }
            fn uuid(&self) -> Uuid {
                Uuid::nil()
            }
        }
        Self::new(config::Unpaid::default(), &config::Shop::default(), Arc::new(Stopped))
    }
}
