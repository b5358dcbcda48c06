//! The invariants that `souk journal verify` checks on a whole journal, with every entity folded.
//!
//! Those between entities hold in every moment of a shop, also amidst a checkout: an outcome is recorded after its
//! cause. So a journal that breaks one is damaged, or its logs were cut at different moments (`tools::Missing`).

mod between;

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::{
    actors::ports::journal::Commit,
    cli::{Invariant, KindCount},
    domain::{
        ids::{OrderId, PaymentId},
        key::EntityKey,
        kinds::{AnyEvent, AnyState, AnyView, Kind},
        order::{HoldState, OrderEvent, OrderView},
        stock::{StockEvent, StockView},
    },
};

/// Every entity, folded from its events, and the checks on the way.
#[derive(Default)]
pub(super) struct FoldAll {
    models: HashMap<EntityKey, AnyState>,
    events: HashMap<Kind, u64>,
    /// Each SKU after its last commit.
    stocks: HashMap<EntityKey, StockView>,
    equations: u64,
    off_balance: Vec<String>,
    /// Whose units each SKU has committed, also those that were shipped or released since.
    committed: HashSet<(EntityKey, OrderId)>,
    /// Holds that staff took, for no order.
    by_hand: HashSet<(EntityKey, OrderId)>,
    /// Payments that an order knows.
    begun: HashSet<(PaymentId, EntityKey)>,
}

/// Violations listed for each invariant, at most.
const LISTED_MAX: usize = 100;

impl FoldAll {
    pub(super) fn commit(&mut self, commit: &Commit) -> Result<(), String> {
        commit.events.iter().for_each(|event| self.note(commit, event));
        let model = self.models.entry(commit.key.clone()).or_insert_with(|| AnyState::new(commit.key.kind));
        commit.events.iter().for_each(|event| model.apply(event));
        *self.events.entry(commit.key.kind).or_default() += commit.events.len() as u64;
        if let AnyState::Stock(_) = model
            && let AnyView::Stock(stock) = model.view()
        {
            self.equations += 1;
            let before = self.stocks.insert(commit.key.clone(), stock).unwrap_or_default();
            if (!stock.is_balanced() || stock.oversells_against(&before)) && self.off_balance.len() < LISTED_MAX {
                self.off_balance.push(format!("{} at version {}: {stock:?}", commit.key, commit.version));
            }
        }
        Ok(())
    }

    /// What no state tells later.
    fn note(&mut self, commit: &Commit, event: &AnyEvent) {
        match event {
            AnyEvent::Stock(StockEvent::Held { order, .. } | StockEvent::HeldFor { order, .. }) => {
                let hold = (commit.key.clone(), *order);
                match *commit.by == *EntityKey::new(Kind::Order, order.to_string()).to_string() {
                    true => self.by_hand.remove(&hold),
                    false => self.by_hand.insert(hold),
                };
            }
            AnyEvent::Stock(StockEvent::Committed { order }) => {
                self.committed.insert((commit.key.clone(), *order));
            }
            AnyEvent::Order(OrderEvent::PaymentBegun { payment, .. }) => {
                self.begun.insert((*payment, commit.key.clone()));
            }
            _ => {}
        }
    }

    pub(super) fn kinds(&self) -> Vec<KindCount> {
        let count = |kind: &Kind| KindCount {
            kind: *kind,
            entities: self.models.keys().filter(|key| key.kind == *kind).count() as u64,
            events: self.events.get(kind).copied().unwrap_or(0),
        };
        Kind::ALL.iter().map(count).filter(|count| count.entities > 0).collect()
    }

    pub(super) fn invariants(&self) -> Vec<Invariant> {
        let views = self.models.iter().filter_map(|(key, model)| match model.view() {
            AnyView::Order(order) => Some((key, order)),
            _ => None,
        });
        let mut orders: Vec<(&EntityKey, OrderView)> = views.collect();
        orders.sort_by_key(|(key, _)| *key);
        let alone = [
            Invariant::of_one(
                "available + held + committed + shipped = received + adjusted + oversold, after every event, and no SKU is \
                 oversold against its policy",
                self.equations,
                self.off_balance.clone(),
            ),
            Invariant::of_one(
                "an order that is not sold, and at rest, keeps no stock",
                orders.len() as u64,
                listed(orders.iter().filter(|(_, order)| keeps_stock_unsold(order)).map(|(key, _)| key.to_string())),
            ),
            Invariant::of_one("no two orders have the same number", orders.len() as u64, same_numbers(&orders)),
        ];
        alone.into_iter().chain(self.between(&orders)).collect()
    }
}

fn listed(broken: impl Iterator<Item = String>) -> Vec<String> {
    broken.take(LISTED_MAX).collect()
}

fn keeps_stock_unsold(order: &OrderView) -> bool {
    let kept = |state: HoldState| matches!(state, HoldState::Held | HoldState::Committed | HoldState::Shipped);
    order.lifecycle.is_given_up() && order.settled && order.stock.iter().any(|line| kept(line.state))
}

fn same_numbers(orders: &[(&EntityKey, OrderView)]) -> Vec<String> {
    let mut owners: BTreeMap<u64, &EntityKey> = BTreeMap::new();
    let twice = orders.iter().filter_map(|(key, order)| {
        let number = order.number?;
        owners.insert(number, key).map(|other| format!("{number}: {other} and {key}"))
    });
    listed(twice)
}

#[cfg(test)]
mod tests;
