//! The invariants that `souk journal verify` checks on a whole journal, with every entity folded.

use std::collections::{BTreeMap, HashMap};

use crate::{
    actors::ports::journal::Commit,
    cli::{Invariant, KindCount},
    domain::{
        key::EntityKey,
        kinds::{AnyState, AnyView, Kind},
        order::{HoldState, OrderView},
        stock::StockView,
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
}

/// Violations listed for each invariant, at most.
const LISTED_MAX: usize = 100;

impl FoldAll {
    pub(super) fn commit(&mut self, commit: &Commit) -> Result<(), String> {
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
        let orders: Vec<(&EntityKey, OrderView)> = views.collect();
        vec![
            Invariant {
                name: "available + held + committed + shipped = received + adjusted + oversold, after every event, \
                       and no SKU is oversold against its policy"
                    .into(),
                checked: self.equations,
                broken: self.off_balance.clone(),
            },
            self.owned(&orders),
            Invariant {
                name: "an order that is not sold, and at rest, keeps no stock".into(),
                checked: orders.len() as u64,
                broken: orders
                    .iter()
                    .filter(|(_, order)| keeps_stock_unsold(order))
                    .map(|(key, _)| key.to_string())
                    .take(LISTED_MAX)
                    .collect(),
            },
            Invariant {
                name: "no two orders have the same number".into(),
                checked: orders.len() as u64,
                broken: same_numbers(&orders),
            },
        ]
    }

    /// Committed units belong to orders: no unit is held without an order.
    fn owned(&self, orders: &[(&EntityKey, OrderView)]) -> Invariant {
        let mut owned: BTreeMap<String, u64> = BTreeMap::new();
        for line in orders.iter().flat_map(|(_, order)| &order.stock) {
            if matches!(line.state, HoldState::Committed | HoldState::Shipped) {
                *owned.entry(line.sku.to_string()).or_default() += u64::from(line.units);
            }
        }
        let mut invariant = Invariant {
            name: "each SKU has committed or shipped at least what its orders own".into(),
            checked: owned.len() as u64,
            broken: Vec::new(),
        };
        for (sku, units) in owned {
            let view = self.models.get(&EntityKey::new(Kind::Stock, &sku)).map(AnyState::view);
            let given = match view {
                Some(AnyView::Stock(stock)) => stock.committed + stock.shipped,
                _ => 0,
            };
            if given < units && invariant.broken.len() < LISTED_MAX {
                invariant.broken.push(format!("{sku}: orders own {units}, the stock gave {given}"));
            }
        }
        invariant
    }
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
    twice.take(LISTED_MAX).collect()
}
