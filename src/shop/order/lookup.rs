//! Looking up an order by its number and e-mail, for guests who have lost their cookie.
//!
//! The response is the same for a wrong number and a wrong e-mail, and tries of one number are limited: e-mails cannot
//! be guessed. Deliberately absent: a limit for each address, which is a proxy's work.

use std::sync::{Mutex, PoisonError};

use axum::{Json, extract::State};
use serde::Deserialize;
use utoipa::IntoParams;

use super::wire::OrderBody;
use crate::{
    domain::{order::Order, time::Timestamp},
    http::{Code, Problem, Query},
    shop::{AppState, rows},
};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LookupQuery {
    number: u64,
    /// As given at checkout.
    #[param(max_length = 254)]
    email: String,
}

/// One order, by number and e-mail
#[utoipa::path(get, path = "/api/orders/lookup", tag = "Orders", params(LookupQuery),
    responses(
        (status = 200, description = "The order", body = OrderBody),
        (status = 404, description = "`unknown_order`: number or e-mail is wrong"),
        (status = 429, description = "`too_many_requests`, with Retry-After"),
        (status = 503, description = "`index_building`, with Retry-After"),
    ))]
pub async fn look_up_order(
    State(state): State<AppState>,
    Query(query): Query<LookupQuery>,
) -> Result<Json<OrderBody>, Problem> {
    if let Err(retry_after_ms) = state.lookups.pass(query.number, state.gateway.now()) {
        let detail = "this order was looked up too often";
        return Err(Problem::new(Code::TOO_MANY_REQUESTS, detail).retry_after(retry_after_ms));
    }
    let unknown = || Problem::new(Code::UNKNOWN_ORDER, "no order has this number and this e-mail");
    state.toolkit.read_your_writes().await;
    let found = state.gateway.row_keys(rows::ORDERS_BY_NUMBER, &rows::number_prefix(query.number), None, 1)?;
    let id = found.first().and_then(|key| rows::order_of(key)).ok_or_else(unknown)?;
    let answer = state.gateway.read_local::<Order>(&id.to_string())?.ok_or_else(unknown)?;
    let email = query.email.trim();
    let own = answer.view.placement.as_deref().is_some_and(|placement| placement.email.eq_ignore_ascii_case(email));
    match own {
        true => OrderBody::new(id, answer.version, &answer.view).map(Json).ok_or_else(unknown),
        false => Err(unknown()),
    }
}

/// Counts tries in windows of a minute. Memory is bounded: numbers share [`SLOTS`] counters, so that at
/// worst two numbers share one limit.
pub struct LookupLimit {
    a_minute: u32,
    /// (window, tries). A short critical section without waiting inside.
    slots: Mutex<Vec<(i64, u32)>>,
}

/// Look-ups of one order number in a minute; more are answered 429.
const A_MINUTE: u32 = 10;
const SLOTS: u64 = 4_096;
const WINDOW_MS: i64 = 60_000;

impl Default for LookupLimit {
    fn default() -> Self {
        Self::new(A_MINUTE)
    }
}

impl LookupLimit {
    fn new(a_minute: u32) -> Self {
        Self { a_minute, slots: Mutex::new(vec![(0, 0); SLOTS as usize]) }
    }

    /// `Err`: milliseconds until the next window.
    fn pass(&self, number: u64, now: Timestamp) -> Result<(), u64> {
        let window = now.0.div_euclid(WINDOW_MS);
        // Counters stay usable after a panic elsewhere.
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(slot) = slots.get_mut((number % SLOTS) as usize) else { return Ok(()) };
        if slot.0 != window {
            *slot = (window, 0);
        }
        slot.1 = slot.1.saturating_add(1);
        match slot.1 <= self.a_minute {
            true => Ok(()),
            false => Err((WINDOW_MS - now.0.rem_euclid(WINDOW_MS)).unsigned_abs()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tries_of_one_number_are_limited_for_a_minute() {
        let limit = LookupLimit::new(2);
        let at = |ms| Timestamp(ms);
        assert_eq!(limit.pass(7, at(1_000)), Ok(()));
        assert_eq!(limit.pass(7, at(1_000)), Ok(()));
        assert_eq!(limit.pass(7, at(1_000)), Err(59_000));
        assert_eq!(limit.pass(8, at(1_000)), Ok(()), "another number has its own limit");
        assert_eq!(limit.pass(7, at(60_000)), Ok(()), "the next minute is free again");
    }
}
