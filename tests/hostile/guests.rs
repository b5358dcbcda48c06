//! Attacks with well-formed requests of guests: what they write, and what they keep from others.

use std::{future::Future, net::Ipv4Addr};

use futures::future::join_all;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{attack::Field, toll::Toll};
use crate::client::{Call, Person};

/// Requests under way at once, of one attack.
const WORKERS: usize = 6;
/// Lines of one bulk change, at most.
const LINES: usize = 200;
/// Lines and units of each of the hoarder's carts: from the greediest to the smallest that a bound may leave room for.
const GREED: [(usize, u64); 5] = [(LINES, 10), (50, 10), (10, 10), (1, 10), (1, 1)];

/// Endless workers, each with its number.
pub async fn workers<F: Future<Output = ()>>(work: impl Fn(usize) -> F) {
    join_all((0..WORKERS).map(work)).await;
}

fn add(field: &Field, first: usize, lines: usize, units: u64) -> Call {
    let skus = field.skus.iter().cycle().skip(first % field.skus.len()).take(lines.min(field.skus.len()));
    let lines: Vec<Value> = skus.map(|sku| json!({"sku": sku, "quantity": units})).collect();
    Call { key: None, ..Call::post("/api/cart/lines", "", lines.into()) }
}

/// A new guest for each cart, for the bounds of a guest are no bound to somebody without a name. What is held is left to
/// expire, and the next carts take it again.
pub async fn hold_everything(field: &Field, from: Ipv4Addr, toll: &Toll) {
    workers(async |worker| {
        let client = Person::guest_from(from);
        let (mut first, mut greed) = (worker * field.skus.len() / WORKERS, 0);
        loop {
            let (guest, (lines, units)) = (client.somebody_new(), GREED[greed]);
            let put = toll.asked(guest.send(&field.url, &add(field, first, lines, units)).await);
            if put.is_none_or(|answer| answer.status >= 400) {
                continue;
            }
            let placed = guest.send(&field.url, &Call::checkout(&Uuid::new_v4().to_string())).await;
            if toll.asked(placed).is_none_or(|answer| answer.status >= 400) {
                greed = (greed + 1) % GREED.len();
            }
            first += lines;
        }
    })
    .await;
}

pub async fn fill_long_carts(field: &Field, from: Ipv4Addr, toll: &Toll) {
    workers(async |worker| {
        let client = Person::guest_from(from);
        let mut guest = client.somebody_new();
        let call = add(field, worker * LINES, LINES, 1);
        loop {
            let answer = toll.asked(guest.send(&field.url, &call).await);
            // The lines are full, or this guest's budget is empty: the next one has another.
            if answer.is_none_or(|answer| answer.status >= 400) {
                guest = client.somebody_new();
            }
        }
    })
    .await;
}

pub async fn make_new_carts(field: &Field, from: Ipv4Addr, toll: &Toll) {
    workers(async |worker| {
        let client = Person::guest_from(from);
        let call = Call::put(format!("/api/cart/lines/{}", field.skus[worker]), json!({"quantity": 1}));
        loop {
            toll.asked(client.somebody_new().send(&field.url, &call).await);
        }
    })
    .await;
}
