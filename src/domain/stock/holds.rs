//! The open holds of one SKU: by order, with running sums and an index by expiry.
//!
//! Invariant: `held`, `committed`, `kept` and `expiries` are functions of `by_order`; so only `by_order` is
//! stored (a tuple for each hold, since there may be a million) and the rest is rebuilt on loading.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize, Serializer};

use super::row::Row;
use crate::domain::{
    ids::{FulfilmentId, OrderId, UserId},
    time::Timestamp,
};

/// Shipped units by parcel.
pub type Parcels = Vec<(FulfilmentId, u32)>;

#[derive(Clone, Debug, PartialEq)]
pub struct Hold {
    /// As requested; units shipped since are in `parcels`.
    pub units: u32,
    /// `None` once committed.
    pub until: Option<Timestamp>,
    /// The order's attempt that the hold belongs to: commands of an older attempt are too late.
    pub attempt: u8,
    /// So that a repeated `Ship` ships once.
    pub parcels: Parcels,
    /// Whose share of the SKU counts the hold until it is committed; `None`: nobody's.
    pub buyer: Option<UserId>,
}

impl Hold {
    pub fn open(&self) -> u32 {
        self.units.saturating_sub(self.parcels.iter().map(|(_, units)| *units).sum())
    }

    /// Whether the hold has lapsed; at `until` it has.
    pub fn lapsed(&self, now: Timestamp) -> bool {
        self.until.is_some_and(|until| until <= now)
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(from = "Vec<Row<Parcels>>")]
pub struct Holds {
    by_order: BTreeMap<OrderId, Hold>,
    expiries: BTreeSet<(Timestamp, OrderId)>,
    held: u64,
    committed: u64,
    /// Unpaid units of each buyer who has some.
    kept: BTreeMap<UserId, u64>,
}

impl Holds {
    pub fn held(&self) -> u64 {
        self.held
    }

    pub fn committed(&self) -> u64 {
        self.committed
    }

    pub fn kept_by(&self, user: UserId) -> u64 {
        self.kept.get(&user).copied().unwrap_or(0)
    }

    pub fn len(&self) -> usize {
        self.by_order.len()
    }

    pub fn get(&self, order: &OrderId) -> Option<&Hold> {
        self.by_order.get(order)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&OrderId, &Hold)> {
        self.by_order.iter()
    }

    pub fn first_expiry(&self) -> Option<Timestamp> {
        self.expiries.first().map(|(until, _)| *until)
    }

    /// Holds that are over at `now`, the oldest first, with their units.
    pub fn lapsed(&self, now: Timestamp) -> impl Iterator<Item = (OrderId, u32)> {
        let over = self.expiries.iter().take_while(move |(until, _)| *until <= now);
        over.filter_map(|(_, order)| self.by_order.get(order).map(|hold| (*order, hold.open())))
    }

    pub fn put(&mut self, order: OrderId, hold: Hold) {
        self.take(&order);
        match hold.until {
            Some(until) => {
                self.held += u64::from(hold.open());
                self.expiries.insert((until, order));
                if let Some(user) = hold.buyer {
                    *self.kept.entry(user).or_default() += u64::from(hold.open());
                }
            }
            None => self.committed += u64::from(hold.open()),
        }
        self.by_order.insert(order, hold);
    }

    pub fn take(&mut self, order: &OrderId) -> Option<Hold> {
        let hold = self.by_order.remove(order)?;
        match hold.until {
            Some(until) => {
                self.held -= u64::from(hold.open());
                self.expiries.remove(&(until, *order));
                self.keeps_less(&hold);
            }
            None => self.committed -= u64::from(hold.open()),
        }
        Some(hold)
    }

    /// A buyer who keeps nothing has no entry: the map is as bounded as the holds.
    fn keeps_less(&mut self, hold: &Hold) {
        let Some((user, kept)) = hold.buyer.and_then(|user| Some((user, self.kept.get_mut(&user)?))) else { return };
        *kept = kept.saturating_sub(u64::from(hold.open()));
        if *kept == 0 {
            self.kept.remove(&user);
        }
    }
}

impl From<Vec<Row<Parcels>>> for Holds {
    fn from(rows: Vec<Row<Parcels>>) -> Self {
        let mut holds = Self::default();
        for (order, hold) in rows.into_iter().map(Row::read) {
            holds.put(order, hold);
        }
        holds
    }
}

impl Serialize for Holds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.by_order.iter().map(|(order, hold)| Row::of(*order, hold)))
    }
}
