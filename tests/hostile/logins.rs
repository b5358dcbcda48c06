//! A storm of log-ins, from so many addresses that none meets its own bound: what bounds it is the work on passwords.

use std::{net::Ipv4Addr, time::Duration};

use futures::{StreamExt, stream::FuturesUnordered};
use serde_json::json;
use tokio::time::{MissedTickBehavior, interval};

use super::{attack::Field, toll::Toll};
use crate::client::{Call, Person};

pub const EACH_SECOND: u32 = 200;
/// Of answers that have not come: a shop that answers none gets no more.
const UNANSWERED_MAX: usize = 1_000;

/// An account of their own: whoever logs in as another too often ends the other's oldest session.
const EMAIL: &str = "crowd@example.org";
const PASSWORD: &str = "a password of the crowd";

/// Right and wrong passwords, of an account that exists and of others that do not: all cost the same.
fn attempt(turn: u32) -> Call {
    let email = match turn.is_multiple_of(4) {
        true => EMAIL.to_owned(),
        false => format!("nobody-{turn}@example.org"),
    };
    let password = if turn.is_multiple_of(8) { PASSWORD } else { "wrong-horse-battery" };
    Call::post_without_key("/api/auth/login", json!({"email": email, "password": password}))
}

pub async fn log_in(field: &Field, toll: &Toll) {
    let crowd: Vec<Person> = (0..200).map(|n| Person::guest_from(Ipv4Addr::new(127, 0, 3, 1 + n))).collect();
    let register = Call::post_without_key("/api/auth/register", json!({"email": EMAIL, "password": PASSWORD}));
    // It is there already when all attack at once.
    drop(toll.asked(crowd[0].send(&field.url, &register).await));
    let mut ticks = interval(Duration::from_secs(1) / EACH_SECOND);
    // A machine that is late sends no burst to catch up.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut asked = FuturesUnordered::new();
    for turn in 0.. {
        while asked.len() >= UNANSWERED_MAX {
            asked.next().await;
        }
        tokio::select! {
            _ = ticks.tick() => {}
            Some(()) = asked.next() => continue,
        }
        let person = &crowd[turn as usize % crowd.len()];
        asked.push(async move { drop(toll.asked(person.send(&field.url, &attempt(turn)).await)) });
    }
}
