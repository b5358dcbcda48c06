//! Whether one more checkout may wait for its payment: by buyer, and by client address.
//!
//! Invariant: the orders that hold at once never pass a bound. A newer order of a cart holds nothing before every older
//! one that it names has ended (ADR 0019), so of such two one holds at most: neither counts beside the other, and all
//! others do. Of orders that do hold at once, the one that was entered last was checked against all of them.

use super::{
    table::{Entry, Table},
    tally::{Holder, Tally},
};
use crate::{
    config,
    domain::{
        ids::{OrderId, Sku, UserId},
        time::Timestamp,
    },
    network::Bucket,
};

/// A checkout that asks.
#[derive(Clone, Debug)]
pub struct Asked {
    pub order: OrderId,
    pub buyer: UserId,
    pub address: Option<Bucket>,
    /// Each SKU once.
    pub lines: Vec<AskedLine>,
    /// Older orders of the same cart, whose place this one takes.
    pub replaces: Vec<OrderId>,
    pub pay_by: Timestamp,
}

#[derive(Clone, Debug)]
pub struct AskedLine {
    pub sku: Sku,
    pub units: u64,
    /// Units of the SKU that one address may keep unpaid now.
    pub most: u64,
}

/// A SKU of which a buyer, or an address, keeps too much.
#[derive(Clone, Debug, PartialEq)]
pub struct OverShare {
    pub sku: Sku,
    pub requested: u64,
    pub remaining: u64,
    /// More than this would tell the stock's count to those who may not see it.
    pub told_max: u64,
}

#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum UnpaidRefusal {
    #[error("too many orders were left unpaid; the next checkout may begin in {} s", .retry_after_ms.div_ceil(1_000))]
    Paused { of: &'static str, retry_after_ms: u64 },
    #[error("{requested} units are more than {max}, which may wait for a payment")]
    TooLarge { of: &'static str, requested: u64, max: u64 },
    #[error("{remaining} more {what} may wait for a payment, of {max}; pay or cancel what waits already")]
    TooMuch { of: &'static str, what: &'static str, max: u64, remaining: u64, retry_after_ms: u64 },
    #[error("of {} SKUs one buyer may not keep so much unpaid", .lines.len())]
    OverShare { lines: Vec<OverShare>, retry_after_ms: Option<u64> },
}

/// What a holder keeps beside the asked order: without the orders of which one gives way to the other.
struct Kept<'a> {
    tally: Option<&'a Tally>,
    giving_way: Vec<(OrderId, &'a Entry)>,
}

impl Asked {
    fn units(&self) -> u64 {
        self.lines.iter().map(|line| line.units).sum()
    }

    pub fn entry(&self, now: Timestamp) -> Entry {
        let lines = self.lines.iter().filter(|_| self.address.is_some());
        let lines = lines.map(|line| (line.sku.clone(), line.units)).collect();
        let (buyer, address, until, replaces) = (self.buyer, self.address, self.pay_by, self.replaces.clone());
        Entry { replaces, buyer, address, units: self.units(), lines, held: 0, since: now, until, tried: false }
    }

    pub fn check(&self, table: &Table, bounds: &config::Unpaid, now: Timestamp) -> Result<(), UnpaidRefusal> {
        for holder in Holder::of(self.buyer, self.address) {
            let kept = self.kept(table, holder);
            let (orders_max, units_max) = match holder {
                Holder::Buyer(_) => (bounds.orders_per_buyer_max, bounds.units_per_buyer_max),
                Holder::Address(_) => (bounds.orders_per_address_max, bounds.units_per_address_max),
            };
            let (of, orders_max, units_max) = (holder.name(), u64::from(orders_max), u64::from(units_max));
            let too_much = |what, max: u64, kept_of_it| UnpaidRefusal::TooMuch {
                of,
                what,
                max,
                remaining: max.saturating_sub(kept_of_it),
                retry_after_ms: kept.first_end_ms(now),
            };
            if self.units() > units_max {
                return Err(UnpaidRefusal::TooLarge { of, requested: self.units(), max: units_max });
            }
            if kept.orders() >= orders_max {
                return Err(too_much("orders", orders_max, kept.orders()));
            }
            if kept.units() + self.units() > units_max {
                return Err(too_much("units", units_max, kept.units()));
            }
            if holder.counts_skus() {
                self.check_shares(&kept, bounds, now)?;
            }
        }
        Ok(())
    }

    fn check_shares(&self, kept: &Kept<'_>, bounds: &config::Unpaid, now: Timestamp) -> Result<(), UnpaidRefusal> {
        let over = self.lines.iter().filter(|line| kept.of(&line.sku).saturating_add(line.units) > line.most);
        let over: Vec<OverShare> = over
            .map(|line| OverShare {
                sku: line.sku.clone(),
                requested: line.units,
                remaining: line.most.saturating_sub(kept.of(&line.sku)),
                told_max: u64::from(bounds.sku_units),
            })
            .collect();
        if over.is_empty() {
            return Ok(());
        }
        // Where nothing else is kept, no wait helps.
        let waits = kept.orders() > 0;
        Err(UnpaidRefusal::OverShare { lines: over, retry_after_ms: waits.then(|| kept.first_end_ms(now)) })
    }

    fn kept<'a>(&self, table: &'a Table, holder: Holder) -> Kept<'a> {
        // Only the buyer's own: a cart has one owner. Checkouts of one cart at once may be entered in any order.
        let own = table.tally(Holder::Buyer(self.buyer)).into_iter().flat_map(|tally| &tally.orders);
        let own = own.filter_map(|(_, order)| Some((*order, table.get(*order)?)));
        let alone =
            |order: &OrderId, entry: &Entry| self.replaces.contains(order) || entry.replaces.contains(&self.order);
        let giving_way = own.filter(|(order, entry)| alone(order, entry) && entry.holders().any(|of| of == holder));
        let giving_way = giving_way.collect();
        Kept { tally: table.tally(holder), giving_way }
    }
}

impl Kept<'_> {
    fn orders(&self) -> u64 {
        (self.tally.map_or(0, |tally| tally.orders.len()) as u64).saturating_sub(self.giving_way.len() as u64)
    }

    fn units(&self) -> u64 {
        let giving: u64 = self.giving_way.iter().map(|(_, entry)| entry.units).sum();
        self.tally.map_or(0, |tally| tally.units).saturating_sub(giving)
    }

    fn of(&self, sku: &Sku) -> u64 {
        let giving = self.giving_way.iter().flat_map(|(_, entry)| &entry.lines).filter(|(of, _)| of == sku);
        let kept = self.tally.and_then(|tally| tally.skus.get(sku)).copied().unwrap_or(0);
        kept.saturating_sub(giving.map(|(_, units)| units).sum())
    }

    /// Until the first of the kept orders ends by itself.
    fn first_end_ms(&self, now: Timestamp) -> u64 {
        let orders = self.tally.iter().flat_map(|tally| &tally.orders);
        let mut stays = orders.filter(|(_, order)| self.giving_way.iter().all(|(giving, _)| giving != order));
        stays.next().map_or(0, |(until, _)| u64::try_from(until.since(now)).unwrap_or(0))
    }
}
