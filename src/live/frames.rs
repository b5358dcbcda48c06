//! What a frame says: pure functions from a committed view to JSON text.
//!
//! A frame is encoded once for each audience level and shared by all who hear it. The view encoders ([`Shown`]) are
//! usable by the HTTP resources too, so that a live view and a fetched one read alike.

mod shown;

use axum::extract::ws::Utf8Bytes;
use serde::Serialize;

pub use self::shown::{Availability, Shown, board_order, cart, order, stock};
use super::{Committed, audience::Level, topic::Topic};
use crate::domain::{kinds::AnyView, order::OrderStatus};

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

/// Whether an order has left the board for good.
pub fn terminal(lifecycle: OrderStatus) -> bool {
    match lifecycle {
        OrderStatus::Completed | OrderStatus::Rejected | OrderStatus::Expired | OrderStatus::Cancelled => true,
        OrderStatus::Placing
        | OrderStatus::AwaitingPayment
        | OrderStatus::Verified
        | OrderStatus::Processing
        | OrderStatus::PartiallyShipped
        | OrderStatus::Shipped
        | OrderStatus::Delivered => false,
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
