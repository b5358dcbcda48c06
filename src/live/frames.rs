//! What a frame says: pure functions from a committed view to JSON text.
//!
//! A frame is encoded once for each audience level and shared by all who hear it. The view encoders ([`Shown`]) are
//! usable by the HTTP resources too, so that a live view and a fetched one read alike.

use axum::extract::ws::Utf8Bytes;
use serde::Serialize;

use super::{Committed, audience::Level, topic::Topic};
use crate::domain::{
    cart::{CartLine, CartView},
    ids::{PaymentId, Sku},
    model::AnyView,
    money::Money,
    order::{Fulfilment, Lifecycle, NextMove, OrderStockLine, OrderView, PaymentRegion},
    pricing::Line,
    stock::StockView,
};

#[derive(Serialize)]
struct Frame<'a> {
    topic: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
    version: u64,
    /// The order has left the board: it is terminal.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    gone: bool,
    view: Shown<'a>,
}

/// One view as the wire shows it.
#[derive(Serialize)]
#[serde(untagged)]
pub enum Shown<'a> {
    PublicStock(PublicStock<'a>),
    StaffStock(StaffStock<'a>),
    Cart(ShownCart<'a>),
    Order(Box<ShownOrder<'a>>),
    BoardOrder(BoardOrder<'a>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Availability {
    InStock,
    Low,
    Out,
}

impl Availability {
    pub fn of(stock: &StockView) -> Self {
        match stock.available {
            0 => Self::Out,
            n if n <= u64::from(stock.threshold) => Self::Low,
            _ => Self::InStock,
        }
    }
}

#[derive(Serialize)]
pub struct PublicStock<'a> {
    pub sku: &'a str,
    pub availability: Availability,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub available: Option<u64>,
}

#[derive(Serialize)]
pub struct StaffStock<'a> {
    pub sku: &'a str,
    pub on_hand: u64,
    pub held: u64,
    pub committed: u64,
    pub available: u64,
    pub threshold: u32,
    pub availability: Availability,
}

#[derive(Serialize)]
pub struct ShownCart<'a> {
    pub id: &'a str,
    pub lines: &'a [CartLine],
    pub total: Option<Money>,
    pub items: u64,
}

#[derive(Serialize)]
pub struct ShownOrder<'a> {
    pub id: &'a str,
    pub number: Option<u64>,
    pub lifecycle: Lifecycle,
    pub payment_status: PaymentRegion,
    pub payment: Option<PaymentId>,
    pub total: Option<Money>,
    pub placed_at: String,
    /// While the order awaits its payment: when its holds end.
    pub hold_expires_at: Option<String>,
    pub lines: &'a [Line],
    pub stock: &'a [OrderStockLine],
    pub fulfilments: Vec<ShownFulfilment<'a>>,
    pub settled: bool,
}

#[derive(Serialize)]
pub struct ShownFulfilment<'a> {
    pub id: String,
    pub lines: Vec<ShownParcelLine<'a>>,
    pub carrier: Option<&'a str>,
    pub tracking: Option<&'a str>,
    pub at: String,
}

#[derive(Serialize)]
pub struct ShownParcelLine<'a> {
    pub sku: &'a Sku,
    pub quantity: u32,
}

#[derive(Serialize)]
pub struct BoardOrder<'a> {
    pub id: &'a str,
    pub number: Option<u64>,
    pub lifecycle: Lifecycle,
    pub payment_status: PaymentRegion,
    pub total: Option<Money>,
    /// Units bought.
    pub items: u64,
    pub placed_at: String,
    pub email: Option<&'a str>,
    pub next: &'a [NextMove],
}

pub fn stock<'a>(sku: &'a str, view: &StockView, level: Level, public_counts: bool) -> Shown<'a> {
    let availability = Availability::of(view);
    match level {
        Level::Public => {
            Shown::PublicStock(PublicStock { sku, availability, available: public_counts.then_some(view.available) })
        }
        Level::Staff => Shown::StaffStock(StaffStock {
            sku,
            on_hand: view.on_hand,
            held: view.held,
            committed: view.committed,
            available: view.available,
            threshold: view.threshold,
            availability,
        }),
    }
}

pub fn cart<'a>(id: &'a str, view: &'a CartView) -> Shown<'a> {
    Shown::Cart(ShownCart { id, lines: &view.lines, total: view.total, items: view.items })
}

pub fn order<'a>(id: &'a str, view: &'a OrderView) -> Shown<'a> {
    let placement = view.placement.as_deref();
    let awaiting = view.lifecycle == Lifecycle::AwaitingPayment;
    Shown::Order(Box::new(ShownOrder {
        id,
        number: view.number,
        lifecycle: view.lifecycle,
        payment_status: view.payment_status,
        payment: view.payment,
        total: placement.map(|placement| placement.totals.total),
        placed_at: view.placed_at.rfc3339(),
        hold_expires_at: placement.filter(|_| awaiting).map(|placement| placement.pay_by.rfc3339()),
        lines: placement.map_or(&[], |placement| &placement.lines),
        stock: &view.stock,
        fulfilments: view.fulfilments.iter().map(fulfilment).collect(),
        settled: view.settled,
    }))
}

fn fulfilment(parcel: &Fulfilment) -> ShownFulfilment<'_> {
    ShownFulfilment {
        id: parcel.id.to_string(),
        lines: parcel.lines.iter().map(|(sku, units)| ShownParcelLine { sku, quantity: units.get() }).collect(),
        carrier: parcel.carrier.as_deref(),
        tracking: parcel.tracking.as_deref(),
        at: parcel.at.rfc3339(),
    }
}

pub fn board_order<'a>(id: &'a str, view: &'a OrderView) -> Shown<'a> {
    let placement = view.placement.as_deref();
    Shown::BoardOrder(BoardOrder {
        id,
        number: view.number,
        lifecycle: view.lifecycle,
        payment_status: view.payment_status,
        total: placement.map(|placement| placement.totals.total),
        items: placement.map_or(0, |placement| placement.lines.iter().map(|line| u64::from(line.quantity)).sum()),
        placed_at: view.placed_at.rfc3339(),
        email: placement.map(|placement| placement.email.as_str()),
        next: &view.next,
    })
}

/// Whether an order has left the board for good.
pub fn terminal(lifecycle: Lifecycle) -> bool {
    match lifecycle {
        Lifecycle::Completed | Lifecycle::Rejected | Lifecycle::Expired | Lifecycle::Cancelled => true,
        Lifecycle::Placing
        | Lifecycle::AwaitingPayment
        | Lifecycle::Verified
        | Lifecycle::Processing
        | Lifecycle::PartiallyShipped
        | Lifecycle::Shipped
        | Lifecycle::Delivered => false,
    }
}

/// A whole frame. `None` when the view is not of the topic's kind, or (practically never) JSON refuses it.
pub fn encode(topic: &Topic, name: &str, change: &Committed, level: Level, public_counts: bool) -> Option<Utf8Bytes> {
    let id = &*change.key.id;
    let (view, keyed, gone) = match (topic, &change.view) {
        (Topic::Stock(_), AnyView::Stock(view)) => (stock(id, view, level, public_counts), false, false),
        (Topic::Levels, AnyView::Stock(view)) => (stock(id, view, Level::Staff, public_counts), true, false),
        (Topic::Cart(_), AnyView::Cart(view)) => (cart(id, view), false, false),
        (Topic::Order(_), AnyView::Order(view)) => (order(id, view), false, false),
        (Topic::Board, AnyView::Order(view)) => (board_order(id, view), true, terminal(view.lifecycle)),
        (Topic::Stock(_) | Topic::Levels | Topic::Cart(_) | Topic::Order(_) | Topic::Board, _) => return None,
    };
    let frame = Frame { topic: name, key: keyed.then_some(id), version: change.version, gone, view };
    serde_json::to_string(&frame).ok().map(Utf8Bytes::from)
}

/// `{"op":"error","topic":..,"code":..,"message":..}`; the topic as the client spelt it, cut to a sane length.
pub fn error(topic: Option<&str>, code: &str, message: &str) -> Utf8Bytes {
    let topic = topic.map(|topic| topic.chars().take(Topic::LEN_MAX).collect::<String>());
    match topic {
        Some(topic) => serde_json::json!({"op": "error", "topic": topic, "code": code, "message": message}),
        None => serde_json::json!({"op": "error", "code": code, "message": message}),
    }
    .to_string()
    .into()
}

/// Forget what you know of this topic: a fresh snapshot follows.
pub fn reset(topic: &str) -> Utf8Bytes {
    serde_json::json!({"op": "reset", "topic": topic}).to_string().into()
}

#[cfg(test)]
pub mod samples;
#[cfg(test)]
mod tests;
