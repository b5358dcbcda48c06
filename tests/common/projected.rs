//! A projection for tests, over stock and carts at once: rows with values and sums that many entities share; and what the
//! stored states say that it must contain.

use std::{collections::BTreeMap, sync::Arc};

use souk::{
    actors::{
        gateway::Gateway,
        ports::{Row, StateStore},
        projection::{Projection, Projections, Sum},
    },
    domain::{
        key::EntityKey,
        kinds::{AnyState, AnyView, Kind},
    },
};

/// How many of each SKU are in the house, and how many in carts. Another version has other rows and other sums.
pub struct Demand {
    name: &'static str,
    version: u32,
    tables: [&'static str; 2],
}

type Rows = BTreeMap<Vec<u8>, Vec<u8>>;
type Sums = BTreeMap<Vec<u8>, Vec<i64>>;

impl Demand {
    pub const TABLES: [&str; 2] = ["demand_rows", "demand_sums"];

    pub fn of(version: u32) -> Arc<Self> {
        Arc::new(Self { name: "demand", version, tables: Self::TABLES })
    }

    /// The same under another name: it stays as it is while the other one comes and goes.
    pub fn steady() -> Arc<Self> {
        Arc::new(Self { name: "steady", version: 1, tables: ["steady_rows", "steady_sums"] })
    }

    /// The shop's own projections, the steady one, and perhaps this one.
    pub fn beside_the_shops(version: Option<u32>) -> Projections {
        let projections = Projections::from(souk::shop::projections(&Default::default())).with(Self::steady());
        version.into_iter().fold(projections, |all, version| all.with(Self::of(version)))
    }

    fn row(&self, id: &str, units: u64) -> Row {
        let [table, _] = self.tables;
        match self.version {
            1 => Row { table, key: id.into(), value: units.to_be_bytes().into() },
            // Its key moves whenever the state changes.
            version => Row { table, key: [&units.to_be_bytes(), id.as_bytes()].concat(), value: vec![version as u8] },
        }
    }

    /// Also to a group of everything.
    fn sums_of(&self, group: &str, add: &[i64]) -> [Sum; 2] {
        let sign = if self.version == 1 { 1 } else { -1 };
        let add: Vec<i64> = add.iter().map(|number| number * sign).collect();
        [group, "all"].map(|group| Sum { table: self.tables[1], group: group.into(), add: add.clone() })
    }

    /// What it must contain, by the states in the store.
    fn expected(&self, store: &dyn StateStore) -> (Rows, Sums) {
        let (mut rows, mut sums) = (Rows::new(), Sums::new());
        for key in self.kinds().iter().flat_map(|kind| store.keys(*kind, None, usize::MAX).unwrap()) {
            let state = stored_state(store, &key);
            rows.extend(self.rows(&key, &state).into_iter().map(|row| (row.key, row.value)));
            for Sum { group, add, .. } in self.sums(&key, &state) {
                let sum = sums.entry(group).or_default();
                sum.resize(sum.len().max(add.len()), 0);
                sum.iter_mut().zip(add).for_each(|(sum, add)| *sum += add);
            }
        }
        // Zeros at the end are absent.
        for sum in sums.values_mut() {
            sum.truncate(sum.iter().rposition(|number| *number != 0).map_or(0, |last| last + 1));
        }
        sums.retain(|_, sum| !sum.is_empty());
        (rows, sums)
    }

    /// In words, where rows and sums are not those of the stored states. Nothing may be written meanwhile.
    pub fn wrong(&self, store: &dyn StateStore, gateway: &Gateway) -> Vec<String> {
        let (rows, sums) = self.expected(store);
        let read = |table| gateway.rows(table, b"", None, usize::MAX);
        let (found, parts) = match (read(self.tables[0]), read(self.tables[1])) {
            (Ok(rows), Ok(parts)) => (Rows::from_iter(rows), parts),
            (Err(error), _) | (_, Err(error)) => return vec![error.to_string()],
        };
        let differ = |key: &&Vec<u8>| rows.get(*key) != found.get(*key);
        let keys = rows.keys().chain(found.keys()).filter(differ);
        let mut wrong: Vec<String> = keys
            .map(|key| format!("row {}: {:?}, not {:?}", key.escape_ascii(), found.get(key), rows.get(key)))
            .collect();
        // Each part's key begins with its group's length and name, and ends with its shard.
        let groups = parts.iter().map(|(key, _)| key[4..key.len() - 2].to_vec());
        let groups: std::collections::BTreeSet<_> = groups.chain(sums.keys().cloned()).collect();
        for group in groups {
            let (found, expected) = (gateway.sum(self.tables[1], &group).unwrap(), sums.get(&group));
            // What adds up to nothing may still stand there as parts that cancel out.
            if found != expected.cloned().unwrap_or_default() {
                wrong.push(format!("sum of {}: {found:?}, not {expected:?}", group.escape_ascii()));
            }
        }
        wrong
    }
}

impl Projection for Demand {
    fn name(&self) -> &'static str {
        self.name
    }

    fn version(&self) -> u32 {
        self.version
    }

    fn kinds(&self) -> &[Kind] {
        &[Kind::Stock, Kind::Cart]
    }

    fn tables(&self) -> &[&'static str] {
        &self.tables
    }

    fn rows(&self, key: &EntityKey, state: &AnyState) -> Vec<Row> {
        match state.view() {
            AnyView::Stock(stock) => vec![self.row(&key.id, stock.on_hand)],
            AnyView::Cart(cart) if cart.items > 0 => vec![self.row(&format!("cart {}", key.id), cart.items)],
            _ => Vec::new(),
        }
    }

    fn sums(&self, key: &EntityKey, state: &AnyState) -> Vec<Sum> {
        match state.view() {
            AnyView::Stock(stock) => self.sums_of(&key.id, &[1, stock.on_hand as i64]).into(),
            AnyView::Cart(cart) => {
                let lines = cart.lines.iter();
                lines.flat_map(|line| self.sums_of(line.sku.as_str(), &[0, 0, i64::from(line.quantity)])).collect()
            }
            _ => Vec::new(),
        }
    }
}

fn stored_state(store: &dyn StateStore, key: &EntityKey) -> AnyState {
    let stored = store.load(key).unwrap().expect("a key that was listed");
    let stored: serde_json::Value = serde_json::from_str(&stored.json).unwrap();
    AnyState::from_json(key.kind, &stored["state"].to_string()).unwrap()
}
