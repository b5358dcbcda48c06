//! The guarantees, checked against the journal alone: an event outside the journal did not happen.

use std::collections::{BTreeMap, HashMap, HashSet};

use souk::{
    actors::{
        gateway::Gateway,
        ports::journal::{Commit, Entry, Shard},
    },
    domain::{
        ids::CommandId,
        key::EntityKey,
        kinds::{AnyEvent, AnyState, AnyView},
        order::{Order, OrderEvent, OrderStatus, OrderView},
        stock::{Stock, StockView},
    },
    persistence::memory_journal::MemoryStorage,
};

use crate::{
    many::Sum,
    observer::Shown,
    post::{self, Mails},
    reckoning::{money, numbers, one_sale_of_a_cart, sold, stock_and_orders},
    shop::Shop,
};

/// Every entity as the log makes it.
pub type Models = BTreeMap<EntityKey, (u64, AnyState)>;

/// A run's counts, for the sum over all seeds.
#[derive(Debug, Default)]
pub struct Totals {
    pub crashes: u64,
    pub acknowledged: u64,
    pub verified: u64,
    pub unsold: u64,
    /// Orders whose place a newer one of their cart took, or that gave way to an older, paid one.
    pub superseded: u64,
    pub outrun: u64,
    pub records: u64,
    pub mails: Mails,
}

impl Sum for Totals {
    fn add(&mut self, other: &Self) {
        self.crashes += other.crashes;
        self.acknowledged += other.acknowledged;
        self.verified += other.verified;
        self.unsold += other.unsold;
        self.superseded += other.superseded;
        self.outrun += other.outrun;
        self.records += other.records;
        self.mails.accepted += other.mails.accepted;
        self.mails.not_accepted += other.mails.not_accepted;
        self.mails.again += other.mails.again;
    }
}

impl Totals {
    /// A simulation in which nothing is sold, nothing refused or nothing crashes proves nothing.
    pub fn assert_something_happened(&self) {
        assert!(self.crashes > 0 && self.acknowledged > 0 && self.verified > 0 && self.unsold > 0, "{self:?}");
        assert!(self.superseded > 0 && self.outrun > 0, "{self:?}");
        assert!(self.mails.accepted > 0 && self.mails.not_accepted > 0 && self.mails.again > 0, "{self:?}");
    }
}

fn each_commit(storage: &MemoryStorage, mut see: impl FnMut(&Commit)) {
    for shard in 0..storage.shards() {
        for record in storage.records(Shard(shard)) {
            if let Entry::Batch(batch) = &record.entry {
                batch.commits.iter().for_each(&mut see);
            }
        }
    }
}

fn commits(storage: &MemoryStorage) -> Vec<Commit> {
    let mut commits = Vec::new();
    each_commit(storage, |commit| commits.push(commit.clone()));
    commits
}

/// Everything that was committed, as one text: two runs of a seed must agree on it.
pub fn fingerprint(storage: &MemoryStorage) -> String {
    let line = |commit: &Commit| format!("{} {} {} {}", commit.key, commit.version, commit.at.0, commit.events_json);
    commits(storage).iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Orders that are not settled (none at the end): G4.
pub fn unsettled(shop: &Shop, gateway: &Gateway) -> Vec<String> {
    let mut open = Vec::new();
    for order in &shop.orders {
        let Ok(Some(answer)) = gateway.read_local::<Order>(&order.to_string()) else { continue };
        if !answer.view.settled || matches!(answer.view.lifecycle, OrderStatus::Placing | OrderStatus::AwaitingPayment)
        {
            open.push(format!("G4: order {order} is {:?}, {:?}", answer.view.lifecycle, answer.view.payment_status));
        }
    }
    // A copy of a hold that arrived after its release has no owner: it must expire by itself.
    for sku in &shop.skus {
        let Ok(Some(answer)) = gateway.read_local::<Stock>(sku.as_str()) else { continue };
        if answer.view.held > 0 {
            open.push(format!("G4: {} units of {sku} are held by nobody", answer.view.held));
        }
    }
    open.extend(post::under_way(&shop.storage));
    let waiting = shop.books.webhooks.lock().unwrap().len();
    if waiting > 0 {
        open.push(format!("the shop has not taken {waiting} webhooks"));
    }
    open
}

/// The log folded from its beginning, as every node's read models must be.
pub fn fold(storage: &MemoryStorage) -> Models {
    fold_of(storage, |_| true)
}

/// Only these entities of it, for what is asked often.
pub fn fold_of(storage: &MemoryStorage, wanted: impl Fn(&EntityKey) -> bool) -> Models {
    let mut models = Models::new();
    each_commit(storage, |commit| {
        if wanted(&commit.key) {
            let begin = || (0, AnyState::new(commit.key.kind));
            let (version, model) = models.entry(commit.key.clone()).or_insert_with(begin);
            commit.events.iter().for_each(|event| model.apply(event));
            *version = commit.version;
        }
    });
    models
}

/// G1 to G5, for one node and for a cluster.
pub fn check(shop: &Shop, broken: &mut Vec<String>) -> Totals {
    broken.append(&mut shop.went_back.lock().unwrap());
    let commits = commits(&shop.storage);
    let mut models = Models::new();
    let mut views: HashMap<(EntityKey, u64), AnyView> = HashMap::new();
    let mut remembered: HashSet<(EntityKey, CommandId)> = HashSet::new();
    let mut stored: HashSet<(EntityKey, CommandId, u64)> = HashSet::new();
    for commit in &commits {
        let (version, model) = models.entry(commit.key.clone()).or_insert_with(|| (0, AnyState::new(commit.key.kind)));
        if commit.version != *version + 1 {
            broken.push(format!("journal: {} has version {} after {version}", commit.key, commit.version));
        }
        commit.events.iter().for_each(|event| model.apply(event));
        *version = commit.version;
        if let AnyView::Stock(stock) = model.view() {
            equation(&commit.key, commit.version, &stock, broken);
        }
        if let AnyView::Order(order) = model.view()
            && commit.events.iter().any(|event| matches!(event, AnyEvent::Order(OrderEvent::Fulfilled { .. })))
            && !order.payment_status.is_taken()
        {
            broken.push(format!("L2: {} sent a parcel while {:?}", commit.key, order.payment_status));
        }
        views.insert((commit.key.clone(), commit.version), model.view());
        stored.insert((commit.key.clone(), commit.command_id, commit.version));
        if commit.fingerprint.is_some() && !remembered.insert((commit.key.clone(), commit.command_id)) {
            broken.push(format!("G3: command {} had two effects on {}", commit.command_id, commit.key));
        }
    }
    for ack in shop.acks.0.lock().unwrap().iter() {
        if ack.changed && !stored.contains(&(ack.key.clone(), ack.command_id, ack.version)) {
            broken.push(format!("G2: acknowledged and lost: {ack:?}"));
        }
        let committed =
            views.get(&(ack.key.clone(), ack.version)).map(|view| serde_json::to_value(view).expect("JSON"));
        let committed = committed.as_ref().map(|view| &view[ack.key.kind.name()]);
        if ack.version > 0 && committed != Some(&ack.view) {
            broken.push(format!("G3: an answer showed what version {} of {} never was", ack.version, ack.key));
        }
    }
    for seen in &shop.viewers {
        viewers(&seen.0.lock().unwrap(), &models, &views, broken);
    }
    let orders = orders(&models);
    stock_and_orders(&models, &orders, broken);
    money(shop, &orders, broken);
    numbers(&orders, broken);
    one_sale_of_a_cart(&orders, broken);
    let mails = post::check(&shop.post, &models, &orders, broken);
    Totals {
        crashes: 0,
        acknowledged: shop.acks.0.lock().unwrap().len() as u64,
        verified: orders.iter().filter(|order| sold(order)).count() as u64,
        unsold: orders.iter().filter(|order| !sold(order)).count() as u64,
        superseded: orders.iter().filter(|order| order.superseded_by.is_some()).count() as u64,
        outrun: orders.iter().filter(|order| order.outrun_by.is_some()).count() as u64,
        records: commits.len() as u64,
        mails,
    }
}

pub fn orders(models: &Models) -> Vec<OrderView> {
    let orders = models.iter().filter_map(|(_, (_, model))| match model.view() {
        AnyView::Order(order) => Some(order),
        _ => None,
    });
    orders.collect()
}

/// G5: one node's viewers received only committed views, including the newest.
fn viewers(seen: &[Shown], models: &Models, views: &HashMap<(EntityKey, u64), AnyView>, broken: &mut Vec<String>) {
    let mut newest: HashMap<&EntityKey, u64> = HashMap::new();
    for (key, version, view) in seen {
        if views.get(&(key.clone(), *version)) != Some(view) {
            broken.push(format!("G5: a viewer saw version {version} of {key}, which was never committed so"));
        }
        let newest = newest.entry(key).or_default();
        *newest = (*newest).max(*version);
    }
    for (key, (version, _)) in models {
        let newest = newest.get(key).copied();
        if newest != Some(*version) {
            broken.push(format!("G5: viewers of {key} stopped at version {newest:?} of {version}"));
        }
    }
}

/// G1, after every single commit.
fn equation(key: &EntityKey, version: u64, stock: &StockView, broken: &mut Vec<String>) {
    let here = stock.available as i64 + stock.held as i64 + stock.committed as i64 + stock.shipped as i64;
    if here != stock.received as i64 + stock.adjusted {
        broken.push(format!("G1: {key} at version {version}: {stock:?}"));
    }
}
