//! The table of unpaid orders: each with its buyer and, where this node placed it, its client's address; and their sums.
//!
//! Bound: an entry is an unpaid order, of which a buyer and an address have only so many; it ends with the order, and at
//! the latest when its time to pay is over.

use std::collections::{BTreeSet, HashMap};

use super::tally::{Holder, Tally};
use crate::{
    domain::{
        ids::{OrderId, Sku, UserId},
        time::Timestamp,
    },
    network::Bucket,
};

#[derive(Clone, Debug)]
pub struct Entry {
    pub buyer: UserId,
    pub address: Option<Bucket>,
    pub units: u64,
    /// Of an order with an address only: nobody else's are summed by SKU.
    pub lines: Vec<(Sku, u64)>,
    /// Units of them that the stock has set aside.
    pub held: u64,
    pub since: Timestamp,
    /// When the order expires; its holds end soon after.
    pub until: Timestamp,
    /// Older orders of the cart, which end before this one holds anything.
    pub replaces: Vec<OrderId>,
    /// A payment was tried.
    pub tried: bool,
}

#[derive(Debug, Default)]
pub struct Table {
    orders: HashMap<OrderId, Entry>,
    tallies: HashMap<Holder, Tally>,
    by_until: BTreeSet<(Timestamp, OrderId)>,
    /// Buyers by their units, for the board.
    largest: BTreeSet<(u64, UserId)>,
    /// Orders that wait: not those whose payment is on its way to the sale, which keep no units here.
    waiting: usize,
    units: u64,
    held: u64,
}

impl Entry {
    fn waits(&self) -> bool {
        self.units > 0
    }

    pub fn holders(&self) -> impl Iterator<Item = Holder> + use<> {
        Holder::of(self.buyer, self.address)
    }
}

impl Table {
    pub fn get(&self, order: OrderId) -> Option<&Entry> {
        self.orders.get(&order)
    }

    pub fn tally(&self, holder: Holder) -> Option<&Tally> {
        self.tallies.get(&holder)
    }

    pub fn put(&mut self, order: OrderId, entry: Entry) {
        self.take(order);
        for holder in entry.holders() {
            self.change(holder, |tally| tally.add(holder, order, &entry));
        }
        self.by_until.insert((entry.until, order));
        self.waiting += usize::from(entry.waits());
        self.units += entry.units;
        self.held += entry.held;
        self.orders.insert(order, entry);
    }

    pub fn take(&mut self, order: OrderId) -> Option<Entry> {
        let entry = self.orders.remove(&order)?;
        for holder in entry.holders() {
            self.change(holder, |tally| tally.take(order, &entry));
        }
        self.by_until.remove(&(entry.until, order));
        self.waiting -= usize::from(entry.waits());
        self.units = self.units.saturating_sub(entry.units);
        self.held = self.held.saturating_sub(entry.held);
        Some(entry)
    }

    /// Orders whose end was never told: of a placement that was lost on its way.
    pub fn forget_until(&mut self, over: Timestamp) {
        while let Some((until, order)) = self.by_until.first().copied().filter(|(until, _)| *until <= over) {
            self.by_until.remove(&(until, order));
            self.take(order);
        }
    }

    pub fn waiting(&self) -> usize {
        self.waiting
    }

    pub fn units(&self) -> u64 {
        self.units
    }

    pub fn held(&self) -> u64 {
        self.held
    }

    /// Buyers with their orders and units, the largest first.
    pub fn largest(&self, max: usize) -> Vec<(UserId, usize, u64)> {
        let of = |user: &UserId| self.tallies.get(&Holder::Buyer(*user)).map_or(0, |tally| tally.orders.len());
        self.largest.iter().rev().take(max).map(|(units, user)| (*user, of(user), *units)).collect()
    }

    fn change(&mut self, holder: Holder, change: impl FnOnce(&mut Tally)) {
        let tally = self.tallies.entry(holder).or_default();
        let before = tally.units;
        change(tally);
        let (units, gone) = (tally.units, tally.orders.is_empty());
        if gone {
            self.tallies.remove(&holder);
        }
        if let Holder::Buyer(user) = holder {
            self.largest.remove(&(before, user));
            if !gone {
                self.largest.insert((units, user));
            }
        }
    }
}
