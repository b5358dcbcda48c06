//! The check at the end: the shop's API against the acknowledged writes. A slow shop passes; a shop that lost, doubled
//! or invented something does not.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use serde::Deserialize;
use uuid::Uuid;

use super::{
    book::{Book, Placed, Units},
    error::{During, Result},
    http::{Call, Kind, Trouble},
    invariant::Invariant,
    shopper::Cart,
    site::Site,
    stock::{self, Shelves},
};

/// How long orders may take to settle after the load's end, provider and webhooks included.
const REST_MAX: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Pages of other orders (of a flash sale's refused shoppers, too) that are read beyond the run's own ones.
const PAGES_MORE: usize = 20;

#[derive(Clone, Debug, Deserialize)]
pub struct Order {
    pub id: Uuid,
    pub version: u64,
    pub status: String,
    pub payment_status: String,
    lines: Vec<Line>,
    stock: Vec<Goods>,
    totals: Totals,
}

#[derive(Clone, Debug, Deserialize)]
struct Line {
    sku: Arc<str>,
    quantity: u64,
}

#[derive(Clone, Debug, Deserialize)]
struct Goods {
    sku: Arc<str>,
    units: u64,
    state: String,
}

#[derive(Clone, Debug, Deserialize)]
struct Totals {
    total: Money,
}

#[derive(Clone, Debug, Deserialize)]
struct Money {
    amount: i64,
}

pub type Orders = HashMap<Uuid, Order>;

impl Order {
    fn is_sold(&self) -> bool {
        let sold = ["verified", "processing", "partially_shipped", "shipped", "delivered", "completed"];
        sold.contains(&self.status.as_str())
    }

    /// Settled: a paid order has its goods, another order its holds.
    fn rests(&self, paid: bool) -> bool {
        let all = |states: &[&str]| self.stock.iter().all(|line| states.contains(&line.state.as_str()));
        match paid {
            true => self.is_sold() && all(&["committed", "shipped"]),
            false => self.status != "placing" && !self.stock.iter().any(|line| line.state == "releasing"),
        }
    }

    /// The order will never be sold.
    fn is_given_up(&self) -> bool {
        ["rejected", "expired", "cancelled"].contains(&self.status.as_str())
    }

    /// Units that the order has from the stock.
    fn owned(&self) -> impl Iterator<Item = (&Arc<str>, u64)> {
        let has = |line: &&Goods| ["held", "committed", "shipped"].contains(&line.state.as_str());
        self.stock.iter().filter(has).map(|line| (&line.sku, line.units))
    }
}

/// All acknowledged orders, read as staff; waits until they have settled.
pub async fn orders(site: &Site, placed: &[Placed]) -> Result<Orders> {
    #[derive(Deserialize)]
    struct Page {
        items: Vec<Order>,
        next: Option<String>,
    }
    let (mut staff, mut found, mut path) = (site.staff()?, Orders::new(), "/api/orders?limit=100".to_owned());
    let wanted: HashMap<Uuid, bool> = placed.iter().map(|order| (order.id, order.paid)).collect();
    for _ in 0..placed.len() / 100 * 2 + PAGES_MORE {
        let page: Page = staff.ask(&Call::get(&path)).await.during("the list of orders")?;
        found.extend(page.items.into_iter().filter(|it| wanted.contains_key(&it.id)).map(|it| (it.id, it)));
        match page.next {
            Some(next) if found.len() < wanted.len() => path = format!("/api/orders?limit=100&cursor={next}"),
            Some(_) | None => break,
        }
    }
    // Deeper in the list than paging is worth.
    for id in wanted.keys().filter(|id| !found.contains_key(id)).copied().collect::<Vec<_>>() {
        match staff.ask(&Call::get(&format!("/api/orders/{id}"))).await {
            Ok(order) => drop(found.insert(id, order)),
            Err(Trouble { kind: Kind::Refused, .. }) => {}
            Err(trouble) => return Err(trouble).during("an order"),
        }
    }
    let end = Instant::now() + REST_MAX;
    let restless = |found: &Orders| -> Vec<Uuid> {
        let paid = |order: &Order| wanted.get(&order.id) == Some(&true);
        let vain = |order: &Order| paid(order) && order.is_given_up();
        found.values().filter(|order| !order.rests(paid(order)) && !vain(order)).map(|order| order.id).collect()
    };
    let mut waiting = restless(&found);
    while !waiting.is_empty() && Instant::now() < end {
        tokio::time::sleep(LOOK_EVERY).await;
        for id in waiting {
            let path = format!("/api/orders/{id}");
            found.insert(id, staff.ask(&Call::get(&path)).await.during("an order")?);
        }
        waiting = restless(&found);
    }
    Ok(found)
}

/// Each acknowledged order, its lines and its money.
pub fn acknowledged(placed: &[Placed], now: &Orders) -> [Invariant; 3] {
    let mut there = Invariant::new("each acknowledged order is there, not older than it was told");
    let mut whole = Invariant::new("each acknowledged order has its lines and its total");
    let mut paid = Invariant::new("each acknowledged payment stands: the order is verified and has its goods");
    for told in placed {
        let Some(order) = now.get(&told.id) else {
            there.check(false, || format!("order {} of version {} is not there", told.id, told.version));
            continue;
        };
        there
            .check(order.version >= told.version, || format!("{} was at version {}: {order:?}", told.id, told.version));
        let mut lines: Vec<_> = order.lines.iter().map(|line| (line.sku.clone(), line.quantity)).collect();
        let mut expected = told.lines.clone();
        lines.sort();
        expected.sort();
        let total = order.totals.total.amount;
        whole.check(lines == expected && total == told.total, || {
            format!("order {} of {expected:?} for {} is {lines:?} for {total}", told.id, told.total)
        });
        if told.paid {
            paid.check(order.rests(true), || format!("order {} was paid and is {order:?}", told.id));
        }
    }
    [there, whole, paid]
}

/// Units taken from the available ones, compared with the acknowledged orders' units.
pub fn holds(before: &Shelves, after: &Shelves, now: &Orders, doubtful: &Units) -> Invariant {
    let mut one = Invariant::new("units held, committed and shipped since the start are those of acknowledged orders");
    let mut owned: HashMap<&Arc<str>, u64> = HashMap::new();
    now.values().flat_map(Order::owned).for_each(|(sku, units)| *owned.entry(sku).or_default() += units);
    for (sku, after) in after {
        let taken = |levels: &stock::Levels| levels.held + levels.committed + levels.shipped;
        let was = before.get(sku).map_or(0, taken);
        let (owned, doubt) = (owned.get(sku).copied().unwrap_or(0), doubtful.get(sku).copied().unwrap_or(0));
        let (low, high) = (was + owned, was + owned + doubt);
        one.check((low..=high).contains(&taken(after)), || {
            format!("{sku}: {} units are taken, {low} to {high} expected: {after:?}", taken(after))
        });
    }
    one
}

/// All invariants, for scenarios that buy.
pub async fn sales(site: &Site, book: &Book, before: &Shelves) -> Result<Vec<Invariant>> {
    let placed = book.orders();
    let now = orders(site, &placed).await?;
    let skus: Vec<Arc<str>> = before.keys().cloned().collect();
    let after = stock::levels(&mut site.staff()?, &skus).await?;
    let doubtful = book.note(|book| book.doubtful.clone());
    let mut all = acknowledged(&placed, &now).to_vec();
    all.extend([holds(before, &after, &now, &doubtful), stock::adds_up(&after)]);
    Ok(all)
}

/// Each finished cart equals its newest acknowledged response.
pub async fn carts(site: &Site, book: &Book) -> Result<Invariant> {
    let mut one = Invariant::new("each cart has the lines that were acknowledged");
    let mut connection = site.guest();
    for kept in book.note(|book| book.kept.clone()) {
        connection.cookie = Some(kept.cookie);
        let cart: Cart = connection.ask(&Call::get("/api/cart")).await.during("a cart")?;
        let lines: Units = cart.lines.into_iter().map(|line| (line.sku, line.quantity)).collect();
        one.check(lines == kept.lines, || format!("{lines:?} and not {:?}", kept.lines));
    }
    Ok(one)
}
