//! The people who keep the shop busy while it is killed, and their responses.
//!
//! Each repeats a request without a response, with the same key, in the server's next life, until there is one: so at
//! the end every command is acknowledged, exactly once.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use serde_json::{Value, json};
use tokio::{sync::watch, time::timeout};

use crate::{
    client::{Answer, Call, Person, text},
    process::Server,
    rng::Rng,
};

/// An acknowledged call, with its response.
#[derive(Clone)]
pub struct OrderNotified {
    pub who: usize,
    pub call: Call,
    pub json: Value,
}

#[derive(Default)]
pub struct Book {
    pub receipts: Vec<OrderNotified>,
    pub placed: Vec<OrderNotified>,
    pub paid: Vec<OrderNotified>,
    /// Order and its number, seen by the shopper after the verification.
    pub numbered: Vec<(String, u64)>,
    pub cancelled: Vec<String>,
    /// Orders that were placed and refused for want of stock.
    pub refused: Vec<String>,
    pub declined: u64,
}

/// The state that outlives the server.
pub struct Site {
    /// The life and its address; `None` while no server listens.
    pub now: watch::Sender<Option<(u64, String)>>,
    pub closing: AtomicBool,
    pub in_doubt: AtomicU64,
    pub book: Mutex<Book>,
    pub guests: Vec<Person>,
    pub staff: Person,
    pub skus: Vec<String>,
}

impl Site {
    pub fn new(staff: Person, guests: usize, skus: Vec<String>) -> Arc<Self> {
        Arc::new(Self {
            now: watch::Sender::new(None),
            closing: AtomicBool::new(false),
            in_doubt: AtomicU64::new(0),
            book: Mutex::default(),
            guests: (0..guests).map(|_| Person::guest()).collect(),
            staff,
            skus,
        })
    }

    pub fn opens(&self, life: u64, server: &Server) {
        self.now.send_replace(Some((life, server.url.clone())));
    }

    pub fn closes(&self) {
        self.now.send_replace(None);
    }

    /// Of the server that runs now.
    pub fn url(&self) -> String {
        self.now.borrow().as_ref().map(|(_, url)| url.clone()).expect("a server runs")
    }

    /// Repeats the call until a final response: lost responses and "not now" are retried.
    pub async fn ask(&self, person: &Person, call: &Call) -> Answer {
        const PAUSE: std::time::Duration = std::time::Duration::from_millis(20);
        let mut now = self.now.subscribe();
        loop {
            let open = now.wait_for(Option::is_some).await.expect("the site outlives its people").clone();
            let (_, url) = open.expect("waited for it");
            match person.send(&url, call).await {
                Ok(answer) if !matches!(answer.status, 429 | 503 | 504) => return answer,
                Ok(_) => {}
                Err(_) => drop(self.in_doubt.fetch_add(1, Ordering::Relaxed)),
            }
            // The next try comes with the next life, or after a pause where this one is only busy.
            let _ = timeout(PAUSE, now.changed()).await;
        }
    }

    pub fn spawn(self: &Arc<Self>, rng: &Rng) -> Vec<tokio::task::JoinHandle<()>> {
        let shoppers = (0..self.guests.len()).map(|who| tokio::spawn(shopper(self.clone(), who, rng.clone())));
        let mut people: Vec<_> = shoppers.collect();
        people.push(tokio::spawn(store_keeper(self.clone(), rng.clone())));
        people
    }

    fn open(&self) -> bool {
        !self.closing.load(Ordering::Relaxed)
    }

    pub fn note(&self, write: impl FnOnce(&mut Book)) {
        write(&mut self.book.lock().unwrap());
    }
}

async fn store_keeper(site: Arc<Site>, rng: Rng) {
    while site.open() {
        // The first SKU is never filled up, so that some shoppers come too late.
        let sku = rng.pick(&site.skus[1..]).clone();
        let call = Call::receive(&rng.uuid().to_string(), &sku, 10 + rng.below(30));
        let json = site.ask(&site.staff, &call).await.ok();
        site.note(|book| book.receipts.push(OrderNotified { who: usize::MAX, call, json }));
        // Lists are read under load, too; and receipts stay few enough to be looked through one by one.
        for path in ["/api/orders?limit=100", "/api/stock?limit=100", "/api/payments?limit=100", "/api/products"] {
            site.ask(&site.staff, &Call::get(path)).await.ok();
        }
    }
}

async fn shopper(site: Arc<Site>, who: usize, rng: Rng) {
    while site.open() {
        round(&site, who, &rng).await;
    }
}

/// One purchase, as far as this shopper takes it.
async fn round(site: &Site, who: usize, rng: &Rng) {
    let guest = &site.guests[who];
    for _ in 0..1 + rng.below(2) {
        let line =
            Call::put(format!("/api/cart/lines/{}", rng.pick(&site.skus)), json!({"quantity": 1 + rng.below(3)}));
        site.ask(guest, &line).await.ok();
    }
    let call = Call::checkout(&rng.uuid().to_string());
    let answer = site.ask(guest, &call).await;
    if answer.status != 201 {
        // Settling the order before may empty the cart between the two requests; until then that one stands for it.
        let passing = answer.is(409, "cart_empty") || answer.is(409, "already_paid");
        assert!(answer.is(409, "out_of_stock") || passing, "{}: {}", answer.status, answer.json);
        let order = answer.json["order_id"].as_str().filter(|_| !passing).map(str::to_owned);
        return site.note(|book| book.refused.extend(order));
    }
    let order = text(&answer.json["id"]).to_owned();
    site.note(|book| book.placed.push(OrderNotified { who, call, json: answer.json }));
    if !rng.one_in(6) {
        pay(site, who, &order, rng).await;
    }
    if rng.one_in(5) {
        let answer = site.ask(guest, &Call::delete(format!("/api/orders/{order}"))).await;
        match answer.status {
            200 => site.note(|book| book.cancelled.push(order)),
            _ => assert!(answer.is(409, "illegal_move"), "{}: {}", answer.status, answer.json),
        }
    }
}

async fn pay(site: &Site, who: usize, order: &str, rng: &Rng) {
    let token = rng.pick(&["tok_ok", "tok_ok", "tok_ok", "tok_slow", "tok_timeout", "tok_declined"]);
    let call = Call::pay(&rng.uuid().to_string(), order, token);
    let answer = site.ask(&site.guests[who], &call).await;
    match answer.status {
        201 => {
            site.note(|book| book.paid.push(OrderNotified { who, call, json: answer.json }));
            let seen = site.ask(&site.guests[who], &Call::get(format!("/api/orders/{order}"))).await.ok();
            let number = seen["number"].as_u64().unwrap_or_else(|| panic!("paid, and without a number: {seen}"));
            site.note(|book| book.numbered.push((order.to_owned(), number)));
        }
        402 => site.note(|book| book.declined += 1),
        // Undecided within the time, or expired meanwhile: the end of the test checks its outcome.
        202 => {}
        _ => assert!(answer.is(409, "order_not_payable"), "{}: {}", answer.status, answer.json),
    }
}
