//! What shoppers may write: a budget for each guest, each account and each client address, and one for all guests
//! together. A change that one of them does not cover is refused before anything is made of it, a session included.
//!
//! The budgets are one node's own: behind a balancer of three nodes a client has up to three times as much. Staff has
//! none. Signed-in shoppers use no budget that a guest uses, so that no crowd of guests keeps them from buying; and a
//! guest who pays or cancels does not use the one of all guests.
//! Deliberately absent: bounds of requests (`guard`), of log-ins (`identity::Throttle`), of messages (`live`).

use std::{
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use axum::http::{HeaderMap, header};
use tokio::time::Instant;

use super::{Code, Problem};
use crate::{
    config,
    domain::{entity::Work, ids::UserId},
    identity::{Principal, PrincipalKind},
    network::{Allowance, Bounded, Bucket, Rate},
};

/// Clients in the table, at most. A displaced one begins with a full burst; to displace it, as many others must have
/// changed something since, each at the cost of an address's budget and of all guests'.
const CLIENTS_MAX: usize = 50_000;
/// Units of a body, at most, and of one whose length is not told beforehand.
const BODY_MAX: u64 = 64;
/// Units of one request's steps, at most: a guest's burst takes it.
const STEPS_MAX: u64 = 64;
/// The part of all guests' burst, one in so many, that is left to addresses that have used little: else a few addresses
/// that use all they may would keep every other guest from buying.
const LEFT_TO_OTHERS: u32 = 5;
/// Little: one part in so many of an address's burst.
const LITTLE: u32 = 20;
/// So that a unit costs the disk about as much, whatever is sent: 2 KB as a cart's first line, 3 KB as one of 200.
const BYTES_OF_ONE: u64 = 256;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Client {
    Guest(UserId),
    SignedIn(UserId),
    Address(Bucket),
    /// The signed-in shoppers of an address.
    SignedInFrom(Bucket),
}

pub struct Budgets {
    enforced: bool,
    guest: Rate,
    account: Rate,
    address: Rate,
    guests: Rate,
    /// Held for a few map operations.
    used: Mutex<Used>,
}

struct Used {
    clients: Bounded<Client, Allowance>,
    guests: Allowance,
}

/// Which budget does not cover the change, and until when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Spent {
    budget: &'static str,
    wait: Duration,
}

impl Budgets {
    pub fn new(config: &config::Budgets) -> Self {
        Self {
            enforced: config.enforced,
            guest: Rate::new(config.guest_per_second, config.guest_burst),
            account: Rate::new(config.account_per_second, config.account_burst),
            address: Rate::new(config.address_per_second, config.address_burst),
            guests: Rate::new(config.guests_per_second, config.guests_burst),
            used: Mutex::new(Used { clients: Bounded::new(CLIENTS_MAX), guests: Allowance::default() }),
        }
    }

    /// Takes a change's cost out of all budgets that it concerns, or out of none. `who`: `None` for a guest without a
    /// session. Owed work does not concern the budget of all guests.
    pub fn charge(
        &self,
        who: Option<&Principal>,
        address: Option<IpAddr>,
        headers: &HeaderMap,
        work: Work,
    ) -> Result<(), Problem> {
        self.charge_units(who, address, units(headers), work)
    }

    /// The same for what a request makes the shop do beyond its length: a hold for each line of a checkout, which is an
    /// event of its own, and another one when the order ends.
    pub fn charge_steps(
        &self,
        who: Option<&Principal>,
        address: Option<IpAddr>,
        steps: usize,
        work: Work,
    ) -> Result<(), Problem> {
        let steps = u64::try_from(steps).unwrap_or(u64::MAX);
        self.charge_units(who, address, steps.min(STEPS_MAX), work)
    }

    fn charge_units(
        &self,
        who: Option<&Principal>,
        address: Option<IpAddr>,
        units: u64,
        work: Work,
    ) -> Result<(), Problem> {
        if !self.enforced || who.is_some_and(Principal::is_staff) {
            return Ok(());
        }
        self.spend(who, address.map(Bucket::of), units, work).map_err(|Spent { budget, wait }| {
            metrics::counter!("souk_budget_refused_total", "budget" => budget).increment(1);
            let ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
            let problem = Problem::new(Code::OVER_BUDGET, "more changes than the shop takes at this rate");
            problem.with("budget", budget).retry_after(ms)
        })
    }

    fn spend(&self, who: Option<&Principal>, address: Option<Bucket>, units: u64, work: Work) -> Result<(), Spent> {
        let account = who.filter(|who| who.kind != PrincipalKind::Guest).map(|who| who.user);
        let guest = who.filter(|who| who.kind == PrincipalKind::Guest).map(|who| who.user);
        let of_address = |address| match account {
            Some(_) => Client::SignedInFrom(address),
            None => Client::Address(address),
        };
        let concerned = [
            account.map(|user| ("signed_in", Client::SignedIn(user), &self.account)),
            guest.map(|user| ("guest", Client::Guest(user), &self.guest)),
            address.map(|address| ("address", of_address(address), &self.address)),
        ];
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let over = |budget, allowance: &Allowance, rate: &Rate, burst: Duration| {
            let wait = allowance.excess_with(rate, units, now).saturating_sub(burst);
            (!wait.is_zero()).then_some(Spent { budget, wait })
        };
        let fresh = Allowance::default();
        let used_by = |client: &Client| used.clients.get(client).unwrap_or(&fresh);
        let spent = concerned
            .iter()
            .flatten()
            .filter_map(|(budget, client, rate)| over(budget, used_by(client), rate, rate.burst));
        let of_all = account.is_none() && work == Work::New;
        let has_used_little = address.is_some_and(|address| {
            used_by(&of_address(address)).excess_with(&self.address, units, now) <= self.address.burst / LITTLE
        });
        let burst =
            self.guests.burst - if has_used_little { Duration::ZERO } else { self.guests.burst / LEFT_TO_OTHERS };
        let all = of_all.then(|| over("guests", &used.guests, &self.guests, burst)).flatten();
        if let Some(longest) = spent.chain(all).max_by_key(|spent| spent.wait) {
            return Err(longest);
        }
        for (_, client, rate) in concerned.into_iter().flatten() {
            used.clients.touch(&client).take(rate, units, now);
        }
        if of_all {
            used.guests.take(&self.guests, units, now);
        }
        Ok(())
    }
}

fn units(headers: &HeaderMap) -> u64 {
    let told = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    1 + match told {
        Some(bytes) => bytes.div_ceil(BYTES_OF_ONE).min(BODY_MAX),
        None if headers.contains_key(header::TRANSFER_ENCODING) => BODY_MAX,
        None => 0,
    }
}

#[cfg(test)]
mod tests;
