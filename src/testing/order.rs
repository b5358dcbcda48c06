//! `an_order()`: an order's checkout snapshot and view, each in one place.
//!
//! A test names only its subject; the rest is a plain order of two shirts by a guest in Ghent. Lines are priced by the
//! real quote. The view is assembled, not decided: it can have any status, as a read model may receive any.

use std::sync::Arc;

use uuid::Uuid;

use super::{eur, sku};
use crate::domain::{
    ids::{CartId, OrderId, Sku, UserId},
    money::Money,
    order::{
        Address, CapturePolicy, CheckoutSnapshot, HoldAt, HoldState, OrderStatus, OrderStockLine, OrderView,
        PaymentStatus,
    },
    pricing::{Basket, Quote},
    time::Timestamp,
};

/// Begun by [`an_order`]; ends as a [`CheckoutSnapshot`] or as an [`OrderView`].
#[derive(Clone, Debug)]
pub struct OrderBuilder {
    id: OrderId,
    user: UserId,
    cart: Option<CartId>,
    basket: Vec<(Sku, String, u32, Money)>,
    pay_by: Timestamp,
    capture: CapturePolicy,
    status: OrderStatus,
    payment_status: PaymentStatus,
    number: Option<u64>,
    placed_at: Timestamp,
    mails: bool,
}

pub fn an_order() -> OrderBuilder {
    OrderBuilder {
        id: OrderId(Uuid::from_u128(1)),
        user: UserId::default(),
        cart: None,
        basket: vec![],
        pay_by: Timestamp(600_000),
        capture: CapturePolicy::OnVerified,
        status: OrderStatus::AwaitingPayment,
        payment_status: PaymentStatus::None,
        number: None,
        placed_at: Timestamp(0),
        mails: false,
    }
}

pub fn an_address() -> Address {
    Address {
        name: "Ada".to_owned(),
        line1: "1 Mill Lane".to_owned(),
        line2: None,
        city: "Ghent".to_owned(),
        region: None,
        postal_code: "9000".to_owned(),
        country: "BE".to_owned(),
        phone: None,
    }
}

impl OrderBuilder {
    pub fn id(self, id: OrderId) -> Self {
        Self { id, ..self }
    }

    pub fn user(self, user: UserId) -> Self {
        Self { user, ..self }
    }

    pub fn cart(self, cart: CartId) -> Self {
        Self { cart: Some(cart), ..self }
    }

    /// One more line, in place of the two shirts of TEE-RED-M; `price` is that of one unit, in cents.
    #[track_caller]
    pub fn line(mut self, name: &str, quantity: u32, price: i64) -> Self {
        self.basket.push((sku(name), format!("Item {name}"), quantity, eur(price)));
        self
    }

    pub fn pay_by(self, pay_by: Timestamp) -> Self {
        Self { pay_by, ..self }
    }

    pub fn capture(self, capture: CapturePolicy) -> Self {
        Self { capture, ..self }
    }

    pub fn status(self, status: OrderStatus) -> Self {
        Self { status, ..self }
    }

    pub fn payment_status(self, payment_status: PaymentStatus) -> Self {
        Self { payment_status, ..self }
    }

    pub fn number(self, number: Option<u64>) -> Self {
        Self { number, ..self }
    }

    /// The shopper is written to.
    pub fn with_mails(self) -> Self {
        Self { mails: true, ..self }
    }

    pub fn placed_at(self, placed_at: Timestamp) -> Self {
        Self { placed_at, ..self }
    }

    /// Shipping costs 4.90 EUR, tax is 19 % of what is paid.
    #[track_caller]
    pub fn snapshot(self) -> CheckoutSnapshot {
        if self.basket.is_empty() {
            return self.line("TEE-RED-M", 2, 1_000).snapshot();
        }
        let Quote { lines, totals } = Basket::new(self.basket, eur(490), 1_900).quote().expect("sums that fit");
        CheckoutSnapshot {
            order: self.id,
            user: self.user,
            cart: self.cart,
            email: "ada@example.org".to_owned(),
            shipping_address: an_address(),
            billing_address: None,
            shipping_method: "standard".to_owned(),
            lines,
            totals,
            pay_by: self.pay_by,
            capture: self.capture,
            replaces: vec![],
            revivable_until: None,
            hold_at: HoldAt::Checkout,
            share: None,
            mails: self.mails,
            by_account: false,
        }
    }

    /// Every unit is held, nothing is shipped.
    #[track_caller]
    pub fn view(self) -> OrderView {
        let (lifecycle, payment_status, number, placed_at) =
            (self.status, self.payment_status, self.number, self.placed_at);
        let placement = self.snapshot();
        let mut stock: Vec<OrderStockLine> = vec![];
        for line in &placement.lines {
            match stock.iter_mut().find(|held| held.sku == line.sku) {
                Some(held) => held.units += line.quantity,
                None => stock.push(OrderStockLine {
                    sku: line.sku.clone(),
                    units: line.quantity,
                    shipped: 0,
                    state: HoldState::Held,
                }),
            }
        }
        OrderView {
            lifecycle,
            payment_status,
            payment: None,
            number,
            placement: Some(Arc::new(placement)),
            placed_at,
            stock,
            fulfilments: vec![],
            writing_off: false,
            superseded_by: None,
            outrun_by: None,
            settled: false,
        }
    }
}
