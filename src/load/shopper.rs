//! One shopper at one connection: fills a cart, places its order, pays; and writes down what was acknowledged.
//!
//! Ordinary scenarios send a request once. Where a lost response must be resolved (`flash-sale`, `chaos`) a shopper
//! insists: it repeats the same request with the same key until a response, within a bound; each repetition is counted.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use serde::Deserialize;
use uuid::Uuid;

use super::{
    book::{Book, Placed},
    http::{Answer, Call, Connection, Kind, Trouble, part},
};

/// How long a shopper insists: longer than a restart of the server.
const INSISTS: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(20);

pub struct Shopper {
    pub connection: Connection,
    book: Arc<Book>,
    insists: bool,
}

#[derive(Deserialize)]
struct Order {
    id: Uuid,
    version: u64,
    status: String,
    totals: Totals,
}

#[derive(Deserialize)]
struct Totals {
    total: Money,
}

#[derive(Deserialize)]
struct Money {
    amount: i64,
}

/// A cart's response, as far as it is compared.
#[derive(Deserialize)]
pub struct Cart {
    pub lines: Vec<CartLine>,
}

#[derive(Deserialize)]
pub struct CartLine {
    pub sku: Arc<str>,
    pub quantity: u64,
}

impl Shopper {
    pub fn new(connection: Connection, book: Arc<Book>, insists: bool) -> Self {
        Self { connection, book, insists }
    }

    pub async fn put(&mut self, sku: &str, quantity: u64) -> Result<(), Trouble> {
        let path = format!("/api/cart/lines/{}", part(sku));
        self.send(&Call::put(&path, format!(r#"{{"quantity":{quantity}}}"#))).await.map(drop)
    }

    /// Orders what the caller believes to be in the cart; returns the order's place in the book.
    pub async fn check_out(&mut self, key: Uuid, lines: &[(Arc<str>, u64)]) -> Result<(usize, Uuid), Trouble> {
        let (key, email) = (key.to_string(), "load@example.org");
        let address = r#"{"name":"Ada Lovelace","line1":"12 St James's Square","city":"London","postal_code":"SW1Y 4JH","country":"GB"}"#;
        let body = format!(r#"{{"email":"{email}","shipping_method":"standard","shipping_address":{address}}}"#);
        let call = Call::post("/api/checkout", Some(&key), body);
        let started = Instant::now();
        let order = loop {
            let order = self.send(&call).await.and_then(|answer| answer.json::<Order>());
            match order {
                // 202: its holds are not decided yet, and may be refused; a retry with the same key returns the
                // outcome.
                Ok(order) if order.status == "placing" && self.insists && started.elapsed() < INSISTS => {
                    self.again().await;
                }
                Ok(order) if order.status == "placing" => break Err(Trouble::lost("not_decided_in_time")),
                Ok(order) => break Ok(order),
                Err(trouble) => break Err(trouble),
            }
        };
        if order.as_ref().is_err_and(|trouble| trouble.kind == Kind::InDoubt) {
            self.book.doubt(lines);
        }
        let order = order?;
        let placed = Placed {
            id: order.id,
            version: order.version,
            total: order.totals.total.amount,
            lines: lines.to_vec(),
            paid: false,
        };
        Ok((self.book.placed(placed), order.id))
    }

    /// Until the order is paid and verified.
    pub async fn pay(&mut self, key: Uuid, (place, order): (usize, Uuid)) -> Result<(), Trouble> {
        let body = format!(r#"{{"order_id":"{order}","provider":"sandbox","token":"tok_ok"}}"#);
        let key = key.to_string();
        let call = Call::post("/api/payments", Some(&key), body);
        let started = Instant::now();
        let outcome = loop {
            match self.send(&call).await {
                // 202: not decided within the request's time; a retry with the same key returns the outcome.
                Ok(Answer { status: 202, .. }) if self.insists && started.elapsed() < INSISTS => self.again().await,
                Ok(Answer { status: 202, .. }) => break Err(Trouble::lost("not_decided_in_time")),
                Ok(_) => break Ok(()),
                Err(trouble) => break Err(trouble),
            }
        };
        match &outcome {
            Ok(()) => self.book.paid(place),
            Err(trouble) if trouble.kind == Kind::InDoubt => self.book.note(|book| book.doubtful_payments += 1),
            Err(_) => {}
        }
        outcome
    }

    pub async fn send(&mut self, call: &Call<'_>) -> Result<Answer, Trouble> {
        let started = Instant::now();
        loop {
            let trouble = match self.connection.send(call).await.and_then(Answer::good) {
                Ok(answer) => return Ok(answer),
                Err(trouble) => trouble,
            };
            let again = self.insists && trouble.kind != Kind::Refused && started.elapsed() < INSISTS;
            if !again {
                return Err(trouble);
            }
            self.connection.up().await;
            self.again().await;
        }
    }

    async fn again(&self) {
        self.book.note(|book| book.repeated += 1);
        tokio::time::sleep(PAUSE).await;
    }
}
