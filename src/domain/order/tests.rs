//! Every transition and refusal of an order; its effects' table; and whole checkouts with all the entities they touch
//! ([`saga`]).

mod at_payment;
mod checkout;
mod effects;
mod erased;
mod mails;
mod operating;
mod paying;
mod saga;
mod supersede;

use std::sync::Arc;

use uuid::Uuid;

use super::*;
use crate::{
    domain::{
        effect::EffectOf,
        ids::{CartId, OrderId},
        pricing::{Basket, Quote},
        testing::{self, Given},
    },
    testing::{an_order, eur, sku, units},
};

const PAY_BY: i64 = 600_000;

fn given(events: impl IntoIterator<Item = OrderEvent>) -> Given<Order> {
    testing::given(events)
}

fn a() -> Sku {
    sku("A")
}

fn b() -> Sku {
    sku("B")
}

fn pay_id(n: u128) -> PaymentId {
    PaymentId(Uuid::from_u128(n))
}

fn parcel(n: u128) -> FulfilmentId {
    FulfilmentId(Uuid::from_u128(n))
}

fn order_id() -> OrderId {
    OrderId(Uuid::from_u128(1))
}

/// Two units of A on two lines, one of B: 30.00 EUR and 4.90 EUR for shipping.
fn placement() -> CheckoutSnapshot {
    let order = an_order().id(order_id()).cart(CartId(Uuid::from_u128(2))).pay_by(Timestamp(PAY_BY));
    order.line("A", 1, 1000).line("B", 1, 1000).line("A", 1, 1000).snapshot()
}

fn placed_as(placement: CheckoutSnapshot) -> OrderEvent {
    OrderEvent::Placed { placement: Arc::new(placement), at: Timestamp(0) }
}

fn placed() -> OrderEvent {
    placed_as(placement())
}

fn place(placement: CheckoutSnapshot) -> OrderCommand {
    OrderCommand::Place(Arc::new(placement))
}

fn held(sku: Sku) -> OrderEvent {
    OrderEvent::HoldGranted { sku }
}

fn granted(sku: Sku, attempt: u8) -> OrderCommand {
    OrderCommand::HoldGranted { sku, attempt }
}

fn released(sku: Sku) -> OrderEvent {
    OrderEvent::HoldReleased { sku }
}

fn committed(sku: Sku) -> OrderEvent {
    OrderEvent::HoldCommitted { sku }
}

fn begun(n: u128) -> OrderEvent {
    OrderEvent::PaymentBegun { payment: pay_id(n), provider: "sandbox".to_owned(), token: "tok".to_owned() }
}

fn begin(n: u128) -> OrderCommand {
    OrderCommand::BeginPayment { payment: pay_id(n), provider: "sandbox".to_owned(), token: "tok".to_owned() }
}

fn moved(n: u128, news: PaymentUpdate) -> OrderEvent {
    OrderEvent::PaymentMoved { payment: pay_id(n), news }
}

fn news(n: u128, news: PaymentUpdate) -> OrderCommand {
    OrderCommand::PaymentUpdate { payment: pay_id(n), news }
}

fn authorized() -> PaymentUpdate {
    PaymentUpdate::Authorized { amount: eur(3490) }
}

fn captured() -> PaymentUpdate {
    PaymentUpdate::Captured { amount: eur(3490) }
}

fn failed() -> PaymentUpdate {
    PaymentUpdate::Failed { reason: "no".to_owned() }
}

fn transition(to: StaffTransition) -> OrderCommand {
    OrderCommand::Transition { to }
}

fn went(to: StaffTransition) -> OrderEvent {
    OrderEvent::Moved { to, at: Timestamp(0) }
}

fn expired() -> OrderEvent {
    OrderEvent::Expired { at: Timestamp(PAY_BY) }
}

/// Every SKU held.
fn reserved() -> Vec<OrderEvent> {
    vec![placed(), held(a()), held(b()), OrderEvent::Reserved]
}

/// Paid and committed; only the number is missing.
fn paid() -> Vec<OrderEvent> {
    [reserved(), vec![begun(1), moved(1, authorized()), committed(a()), committed(b())]].concat()
}

fn verified() -> Vec<OrderEvent> {
    [paid(), vec![OrderEvent::Verified { number: 1001, at: Timestamp(0) }]].concat()
}

/// Captured, as parcels need it.
fn taken() -> Vec<OrderEvent> {
    [verified(), vec![moved(1, captured())]].concat()
}

fn has_pending_effects(order: &Order) -> Vec<String> {
    order.effects().iter().map(OrderEffect::id).collect()
}

fn states(order: &Order) -> Vec<HoldState> {
    order.view().stock.iter().map(|line| line.state).collect()
}
