//! Views as the wire shows them: what is said of a stock, a cart and an order, and to whom.
//!
//! Pure, and usable by the HTTP resources too, so that a live view and a fetched one can read alike.

use serde::Serialize;

use crate::{
    domain::{
        cart::{CartLine, CartView},
        ids::{PaymentId, Sku},
        money::Money,
        order::{Fulfilment, NextTransition, OrderStatus, OrderStockLine, OrderView, PaymentStatus},
        pricing::Line,
        stock::StockView,
    },
    live::audience::Level,
};

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
    pub lifecycle: OrderStatus,
    pub payment_status: PaymentStatus,
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
    pub lifecycle: OrderStatus,
    pub payment_status: PaymentStatus,
    pub total: Option<Money>,
    /// Units bought.
    pub items: u64,
    pub placed_at: String,
    pub email: Option<&'a str>,
    pub next: &'a [NextTransition],
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
    let awaiting = view.lifecycle == OrderStatus::AwaitingPayment;
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
