//! An order as the wire shows it: whole, and as a line of the board.

use serde::Serialize;

use crate::domain::{
    ids::{PaymentId, Sku},
    money::Money,
    order::{Fulfilment, NextTransition, OrderStatus, OrderStockLine, OrderView, PaymentStatus},
    pricing::Line,
};

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

impl<'a> ShownOrder<'a> {
    pub fn new(id: &'a str, view: &'a OrderView) -> Self {
        let placement = view.placement.as_deref();
        let awaiting = view.lifecycle.awaits_payment();
        Self {
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
            fulfilments: view.fulfilments.iter().map(ShownFulfilment::new).collect(),
            settled: view.settled,
        }
    }
}

impl<'a> ShownFulfilment<'a> {
    fn new(parcel: &'a Fulfilment) -> Self {
        Self {
            id: parcel.id.to_string(),
            lines: parcel.lines.iter().map(|(sku, units)| ShownParcelLine { sku, quantity: units.get() }).collect(),
            carrier: parcel.carrier.as_deref(),
            tracking: parcel.tracking.as_deref(),
            at: parcel.at.rfc3339(),
        }
    }
}

impl<'a> BoardOrder<'a> {
    pub fn new(id: &'a str, view: &'a OrderView) -> Self {
        let placement = view.placement.as_deref();
        Self {
            id,
            number: view.number,
            lifecycle: view.lifecycle,
            payment_status: view.payment_status,
            total: placement.map(|placement| placement.totals.total),
            items: placement.map_or(0, |placement| placement.lines.iter().map(|line| u64::from(line.quantity)).sum()),
            placed_at: view.placed_at.rfc3339(),
            email: placement.map(|placement| placement.email.as_str()),
            next: &view.next,
        }
    }
}
