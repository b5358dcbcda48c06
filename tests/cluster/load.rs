//! The people of the shop: keepers, who move the stock of their own SKUs, shoppers, who buy, pay and cancel, and
//! onlookers, who read. Each paces itself, so that the machine serves the shop and not only its clients.

use std::{sync::Arc, time::Duration};

use hyper::Method;
use serde_json::{Value, json};
use tokio::{
    task::JoinHandle,
    time::{MissedTickBehavior, interval},
};

use crate::{
    client::{Answer, Call, Person},
    history::{Action, Outcome},
    rng::Rng,
    site::{Site, refused},
};

/// Holds that one keeper has open, at most.
const HELD_MAX: usize = 6;
/// Of a hold by hand: longer than any run.
const WEEK: u64 = 7 * 24 * 3_600;

pub struct Crowd {
    pub keepers: usize,
    pub shoppers: usize,
    pub onlookers: usize,
    /// Between two operations of one person.
    pub pace: Duration,
}

impl Crowd {
    pub fn small() -> Self {
        Self { keepers: 3, shoppers: 4, onlookers: 1, pace: Duration::from_millis(25) }
    }

    /// They go on until the site closes.
    pub fn comes(&self, site: &Arc<Site>, rng: &Rng) -> Vec<JoinHandle<()>> {
        let (pace, mut people) = (self.pace, Vec::new());
        for n in 0..self.keepers {
            people.push(tokio::spawn(keeper(site.clone(), format!("keeper-{n}"), rng.clone(), pace)));
        }
        for n in 0..self.shoppers {
            people.push(tokio::spawn(shopper(site.clone(), format!("shopper-{n}"), rng.clone(), pace)));
        }
        for n in 0..self.onlookers {
            people.push(tokio::spawn(onlooker(site.clone(), format!("onlooker-{n}"), rng.clone(), pace)));
        }
        people
    }
}

fn paced(pace: Duration) -> tokio::time::Interval {
    let mut paced = interval(pace);
    paced.set_missed_tick_behavior(MissedTickBehavior::Delay);
    paced
}

fn levels(json: &Value) -> Option<(u64, u64)> {
    Some((json["version"].as_u64()?, json["available"].as_u64()?))
}

pub fn stock(answer: &Answer) -> Outcome {
    match levels(&answer.json) {
        Some((version, available)) if answer.status == 200 => Outcome::Stock { version, available },
        _ => refused(answer),
    }
}

pub async fn look(site: &Site, who: &str, sku: &str) -> Outcome {
    let call = Call::get(format!("/api/stock/{sku}"));
    site.does(who, &site.staff, Action::Look { sku: sku.to_owned() }, &call, stock).await
}

pub async fn receive(site: &Site, who: &str, sku: &str, units: u64, key: &str) -> Outcome {
    let action = Action::Receive { sku: sku.to_owned(), units, key: key.to_owned() };
    site.does(who, &site.staff, action, &Call::receive(key, sku, units), stock).await
}

/// Units set aside by hand.
pub async fn hold(site: &Site, who: &str, sku: &str, units: u64, key: &str) -> Outcome {
    let call = Call::post(format!("/api/stock/{sku}/holds"), key, json!({"quantity": units, "ttl_seconds": WEEK}));
    let action = Action::Hold { sku: sku.to_owned(), units, key: key.to_owned() };
    let told = |answer: &Answer| match (answer.status, answer.json["id"].as_str(), levels(&answer.json["stock"])) {
        (201, Some(hold), Some((version, available))) => Outcome::Held { hold: hold.to_owned(), version, available },
        _ if answer.is(409, "out_of_stock") => Outcome::OutOfStock { available: answer.json["available"].as_u64() },
        _ => refused(answer),
    };
    site.does(who, &site.staff, action, &call, told).await
}

async fn keeper(site: Arc<Site>, who: String, rng: Rng, pace: Duration) {
    let (mut pace, mut held) = (paced(pace), Vec::<(String, String, String)>::new());
    while site.open() {
        pace.tick().await;
        let (sku, key) = (rng.pick(&site.strict).clone(), rng.uuid().to_string());
        match rng.below(10) {
            0 => drop(receive(&site, &who, &sku, 1 + rng.below(4), &key).await),
            1..=4 if held.len() < HELD_MAX => {
                if let Outcome::Held { hold: id, .. } = hold(&site, &who, &sku, 1 + rng.below(5), &key).await {
                    held.push((sku, key, id));
                }
            }
            1..=7 if !held.is_empty() => {
                let (sku, key, id) = held.swap_remove(rng.below(held.len() as u64) as usize);
                let call = Call::delete(format!("/api/stock/{sku}/holds/{id}"));
                site.does(&who, &site.staff, Action::Release { sku, key }, &call, stock).await;
            }
            _ => drop(look(&site, &who, &sku).await),
        }
    }
}

async fn onlooker(site: Arc<Site>, who: String, rng: Rng, pace: Duration) {
    let mut pace = paced(pace);
    while site.open() {
        pace.tick().await;
        match rng.below(12) {
            // Goods for the shoppers; the first SKU is never filled up, so that some come too late.
            0 => drop(
                receive(&site, &who, rng.pick::<String>(&site.sold[1..]), 4 + rng.below(12), &rng.uuid().to_string())
                    .await,
            ),
            2 => drop(site.ask(&site.staff, &Call::get("/api/orders?limit=20")).await),
            _ => drop(look(&site, &who, rng.pick::<String>(&site.sold)).await),
        }
    }
}

async fn shopper(site: Arc<Site>, who: String, rng: Rng, pace: Duration) {
    let mut pace = paced(pace);
    while site.open() {
        pace.tick().await;
        if let Some((guest, order)) = buy(&site, &who, &rng).await {
            pace.tick().await;
            after(&site, &who, &rng, &guest, &order).await;
        }
    }
}

/// Puts goods into a new cart and checks out; the order, where there is one.
pub async fn buy(site: &Site, who: &str, rng: &Rng) -> Option<(Person, String)> {
    let (guest, mut lines) = (site.staff.somebody_new(), Vec::new());
    // Some orders have two lines, so that one refused line must give the other back.
    for sku in if rng.one_in(5) { vec![&site.sold[0], &site.sold[1]] } else { vec![rng.pick(&site.sold)] } {
        let units = 1 + rng.below(3);
        let put = Call::put(format!("/api/cart/lines/{sku}"), json!({"quantity": units}));
        if site.ask(&guest, &put).await.answer.ok()?.status != 200 {
            return None;
        }
        lines.push((sku.clone(), units));
    }
    let email = format!("c{}@example.org", site.number());
    let mut call = Call::checkout(&rng.uuid().to_string());
    if let Some(body) = &mut call.body {
        body["email"] = json!(email);
    }
    let order = |answer: &Answer| answer.json["id"].as_str().unwrap_or_default().to_owned();
    let told = |answer: &Answer| match answer.status {
        // A response so late that the order had expired by then: whether it ever held is unknown.
        201 if answer.json["status"] == "expired" => Outcome::Undecided { order: order(answer) },
        201 => Outcome::Placed { order: order(answer), version: answer.json["version"].as_u64().unwrap_or(0) },
        202 => Outcome::Undecided { order: order(answer) },
        _ if answer.is(409, "out_of_stock") => {
            Outcome::OutOfStock { available: answer.json["lines"][0]["available"].as_u64() }
        }
        _ => refused(answer),
    };
    match site.does(who, &guest, Action::Checkout { email, lines }, &call, told).await {
        Outcome::Placed { order, .. } | Outcome::Undecided { order } => {
            site.follow(&order);
            Some((guest, order))
        }
        _ => None,
    }
}

/// What a shopper does with an order: mostly pays, sometimes cancels, sometimes leaves it.
async fn after(site: &Site, who: &str, rng: &Rng, guest: &Person, order: &str) {
    if !rng.one_in(6) {
        let token = *rng.pick(&["tok_ok", "tok_ok", "tok_ok", "tok_ok", "tok_declined", "tok_timeout"]);
        pay(site, who, guest, order, token, &rng.uuid().to_string()).await;
    }
    if rng.one_in(4) {
        let call = Call { method: Method::DELETE, ..Call::get(format!("/api/orders/{order}")) };
        let told = |answer: &Answer| if answer.status == 200 { Outcome::Cancelled } else { refused(answer) };
        site.does(who, guest, Action::Cancel { order: order.to_owned() }, &call, told).await;
    }
}

pub async fn pay(site: &Site, who: &str, guest: &Person, order: &str, token: &str, key: &str) -> Outcome {
    let action = Action::Pay { order: order.to_owned(), token: token.to_owned() };
    let told = |answer: &Answer| match answer.status {
        201 => Outcome::Paid { number: None },
        202 => Outcome::Undecided { order: order.to_owned() },
        _ => refused(answer),
    };
    site.does(who, guest, action, &Call::pay(key, order, token), told).await
}
