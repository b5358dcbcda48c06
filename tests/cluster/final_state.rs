//! Waits until the shop has settled and reads it through each node: the state that the checker compares the history
//! with.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use futures::future::join_all;
use serde_json::Value;
use tokio::time::sleep;

use crate::{
    checker::{
        books::open_holds,
        orders::rests,
        state::{Final, Levels, Movement, OrderEnd, PaymentEnd},
    },
    client::{Call, text},
    history::{Action, Outcome},
    site::Site,
};

/// Holds and payments end by themselves within the time of a hold and its grace of a minute.
const REST_MAX: Duration = Duration::from_secs(100);
const PAUSE: Duration = Duration::from_millis(200);

/// Reads until every order is settled, every acknowledged order is listed, and all nodes agree; at the end of the time
/// returns the state as it is, for the checker to report.
pub async fn at_rest(site: &Site) -> Final {
    let mut books = vec![Books::new(); site.nodes.len()];
    // Books are long after a long storm; the time to rest does not count their first reading.
    join_all(books.iter_mut().enumerate().map(|(node, books)| read_on(site, node, books))).await;
    let started = Instant::now();
    loop {
        let at = site.history.now();
        let ends = join_all(books.iter_mut().enumerate().map(|(node, books)| read(site, node, books))).await;
        let mut ends: Vec<_> = ends.into_iter().map(|end| Final { at, ..end }).collect();
        let same = ends.windows(2).all(|two| two[0] == two[1]);
        let told = site.history.ops();
        let known = told.iter().all(|op| match (&op.action, &op.outcome) {
            (Action::Checkout { .. }, Outcome::Placed { order, .. } | Outcome::Undecided { order }) => {
                ends[0].orders.contains_key(order)
            }
            _ => true,
        });
        // A late copy of a hold may come after the order's end; it lapses within the order's grace.
        let held = ends[0].stock.iter().all(|(sku, levels)| levels.held == open_holds(sku, &ends[0]));
        let rest = held && ends[0].orders.values().all(rests) && ends[0].payments.iter().all(settled);
        if same && known && rest {
            return ends.swap_remove(0);
        }
        if started.elapsed() > REST_MAX {
            println!("not at rest after {REST_MAX:?}: all nodes say the same: {same}, all orders are known: {known}");
            return ends.swap_remove(0);
        }
        sleep(PAUSE).await;
    }
}

fn settled(payment: &PaymentEnd) -> bool {
    ["captured", "refunded", "partially_refunded", "failed", "voided"].contains(&payment.status.as_str())
}

/// By SKU.
type Books = BTreeMap<String, Vec<Movement>>;

/// As this node knows it.
async fn read(site: &Site, node: usize, books: &mut Books) -> Final {
    let mut end = Final::default();
    for sku in site.strict.iter().chain(&site.sold) {
        let stock = get(site, node, &format!("/api/stock/{sku}")).await;
        end.stock.insert(sku.clone(), levels(&stock));
    }
    read_on(site, node, books).await;
    end.book = books.clone();
    let orders = list(site, node, "/api/orders", None).await;
    end.orders = orders.iter().map(|json| (text(&json["id"]).to_owned(), order(json))).collect();
    end.payments = list(site, node, "/api/payments", None).await.iter().map(payment).collect();
    end
}

/// Adds what is new in the books. One page after another: a page far into a long book folds what is before it, and a
/// client waits for three seconds.
async fn read_on(site: &Site, node: usize, books: &mut Books) {
    for sku in site.strict.iter().chain(&site.sold) {
        let book = books.entry(sku.clone()).or_default();
        let known = book.last().map(|line| line.version.to_string());
        let new = list(site, node, &format!("/api/stock/{sku}/movements"), known).await;
        book.extend(new.iter().map(movement));
    }
}

/// Reads from this node, with as many retries as necessary.
async fn get(site: &Site, node: usize, path: &str) -> Value {
    let (started, call) = (Instant::now(), Call::get(path));
    loop {
        let last = match site.once(&site.staff, node, &call).await {
            Ok(answer) if answer.status == 200 && !answer.headers.contains_key("souk-stale") => return answer.json,
            Ok(answer) => format!("{}: {}", answer.status, answer.json),
            Err(why) => why,
        };
        assert!(started.elapsed() < REST_MAX, "node {node} does not answer {path}: {last}");
        sleep(PAUSE).await;
    }
}

/// Everything behind `cursor`.
async fn list(site: &Site, node: usize, path: &str, cursor: Option<String>) -> Vec<Value> {
    let (mut items, mut cursor) = (Vec::new(), cursor.map_or(String::new(), |cursor| format!("&cursor={cursor}")));
    loop {
        let mut page = get(site, node, &format!("{path}?limit=100{cursor}")).await;
        if let Some(part) = page["items"].as_array_mut() {
            items.append(part);
        }
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return items,
        }
    }
}

fn levels(json: &Value) -> Levels {
    let count = |name: &str| json[name].as_i64().unwrap_or_else(|| panic!("no {name} in {json}"));
    Levels {
        version: json["version"].as_u64().unwrap_or(0),
        available: count("available"),
        held: count("held"),
        committed: count("committed"),
        shipped: count("shipped"),
        received: count("received"),
        adjusted: count("adjusted"),
    }
}

fn owned(json: &Value) -> Option<String> {
    json.as_str().map(str::to_owned)
}

fn movement(json: &Value) -> Movement {
    Movement {
        version: json["version"].as_u64().unwrap_or(0),
        kind: text(&json["kind"]).to_owned(),
        units: json["units"].as_i64().unwrap_or(0),
        quantity: json["quantity"].as_i64().unwrap_or(0),
        hold: owned(&json["order_id"]),
        reference: owned(&json["reference"]),
    }
}

fn order(json: &Value) -> OrderEnd {
    let line = |line: &Value| {
        let units = line["units"].as_u64().unwrap_or(0);
        (text(&line["sku"]).to_owned(), units, text(&line["state"]).to_owned())
    };
    OrderEnd {
        id: text(&json["id"]).to_owned(),
        email: text(&json["email"]).to_owned(),
        version: json["version"].as_u64().unwrap_or(0),
        number: json["number"].as_u64(),
        status: text(&json["status"]).to_owned(),
        payment_status: text(&json["payment_status"]).to_owned(),
        total: json["totals"]["total"]["amount"].as_i64().unwrap_or(0),
        stock: json["stock"].as_array().into_iter().flatten().map(line).collect(),
    }
}

fn payment(json: &Value) -> PaymentEnd {
    PaymentEnd {
        id: text(&json["id"]).to_owned(),
        order: json["order_id"].as_str().unwrap_or_default().to_owned(),
        status: text(&json["status"]).to_owned(),
        amount: json["amount"]["amount"].as_i64().unwrap_or(0),
        refunded: json["refunded"]["amount"].as_i64().unwrap_or(0),
    }
}

/// The newest version of each topic that the listeners follow.
pub fn versions(site: &Site, end: &Final) -> BTreeMap<String, u64> {
    let stock = end.stock.iter().map(|(sku, levels)| (format!("stock.{sku}"), levels.version));
    let followed = site.followed.borrow();
    let orders = followed.iter().filter_map(|id| Some((format!("order.{id}"), end.orders.get(id)?.version)));
    stock.chain(orders).collect()
}
