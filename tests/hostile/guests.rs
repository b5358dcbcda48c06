//! Attacks with well-formed requests of guests: what they write, and what they keep from others.

use std::{future::Future, net::Ipv4Addr};

use futures::future::join_all;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{attack::Field, toll::Toll};
use crate::client::{Call, Person};

/// Requests under way at once, of one attack.
const WORKERS: usize = 4;
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
    Call::post_without_key("/api/cart/lines", lines.into())
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

/// A checkout of many lines is one small request and a hold for each line; cancelled, it is a release for each.
pub async fn order_and_cancel(field: &Field, from: Ipv4Addr, toll: &Toll) {
    workers(async |worker| {
        let client = Person::guest_from(from);
        loop {
            let guest = client.somebody_new();
            let put = toll.asked(guest.send(&field.url, &add(field, worker * LINES, LINES / 2, 1)).await);
            let mut going = put.is_some_and(|answer| answer.status < 400);
            while going {
                let placed = guest.send(&field.url, &Call::checkout(&Uuid::new_v4().to_string())).await;
                let order = toll.asked(placed).and_then(|answer| Some(answer.json["id"].as_str()?.to_owned()));
                going = order.is_some();
                if let Some(order) = order {
                    toll.asked(guest.send(&field.url, &Call::delete(format!("/api/orders/{order}"))).await);
                }
            }
        }
    })
    .await;
}

/// Each declined payment is remembered, and the order stays as it was.
pub async fn pay_without_money(field: &Field, from: Ipv4Addr, toll: &Toll) {
    workers(async |worker| {
        let client = Person::guest_from(from);
        loop {
            let guest = client.somebody_new();
            let line = Call::put(format!("/api/cart/lines/{}", field.skus[worker]), json!({"quantity": 1}));
            toll.asked(guest.send(&field.url, &line).await);
            let placed = toll.asked(guest.send(&field.url, &Call::checkout(&Uuid::new_v4().to_string())).await);
            let Some(order) = placed.and_then(|answer| Some(answer.json["id"].as_str()?.to_owned())) else { continue };
            let pay = async || {
                let call = Call::pay(&Uuid::new_v4().to_string(), &order, "tok_declined");
                toll.asked(guest.send(&field.url, &call).await)
            };
            while pay().await.is_some_and(|answer| answer.status == 402) {}
        }
    })
    .await;
}
