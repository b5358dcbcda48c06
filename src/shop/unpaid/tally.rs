//! Who keeps units waiting, and how much: the sums of one buyer or one address.

use std::{
    collections::{BTreeSet, HashMap},
    iter,
};

use super::table::Entry;
use crate::{
    domain::{
        ids::{OrderId, Sku, UserId},
        time::Timestamp,
    },
    network::Bucket,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Holder {
    Buyer(UserId),
    Address(Bucket),
}

/// Kept while there is an order: the map of tallies is as bounded as the orders.
#[derive(Debug, Default)]
pub struct Tally {
    /// By the end of their time to pay.
    pub orders: BTreeSet<(Timestamp, OrderId)>,
    pub units: u64,
    /// Where they are counted.
    pub skus: HashMap<Sku, u64>,
}

impl Holder {
    /// Who keeps what this buyer leaves unpaid from this address.
    pub fn of(buyer: UserId, address: Option<Bucket>) -> impl Iterator<Item = Self> {
        iter::once(Self::Buyer(buyer)).chain(address.map(Self::Address))
    }

    /// As a refusal names it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Buyer(_) => "buyer",
            Self::Address(_) => "address",
        }
    }

    /// The stock decides a buyer's share of a SKU itself.
    pub fn counts_skus(self) -> bool {
        matches!(self, Self::Address(_))
    }
}

impl Tally {
    pub fn add(&mut self, holder: Holder, id: OrderId, entry: &Entry) {
        self.orders.insert((entry.until, id));
        self.units += entry.units;
        for (sku, units) in entry.lines.iter().filter(|_| holder.counts_skus()) {
            *self.skus.entry(sku.clone()).or_default() += units;
        }
    }

    pub fn take(&mut self, id: OrderId, entry: &Entry) {
        self.orders.remove(&(entry.until, id));
        self.units = self.units.saturating_sub(entry.units);
        for (sku, units) in &entry.lines {
            let left = self.skus.get_mut(sku).map(|kept| {
                *kept = kept.saturating_sub(*units);
                *kept
            });
            if left == Some(0) {
                self.skus.remove(sku);
            }
        }
    }
}
