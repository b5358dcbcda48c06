//! The honest buyers: each from an address of its own, browsing, putting into the cart, checking out, paying and looking
//! at the order, over and over, with a person's pauses.

use std::{
    collections::BTreeMap,
    net::Ipv4Addr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use hdrhistogram::Histogram;
use serde_json::{Value, json};
use souk::load::record::{histogram, micros};
use tokio::{
    task::JoinHandle,
    time::{sleep, timeout},
};

use super::attack::Field;
use crate::{
    client::{Answer, Call, Person, text},
    raw::{PATIENCE, Raw, status},
    rng::Rng,
};

pub const BUYERS: usize = 20;
/// Between two requests of one buyer, at least, and at most so much more: within what the budget of a guest gives back.
const PAUSE_MS: (u64, u64) = (150, 500);

/// Since the book was taken last.
pub struct Book {
    pub times: Histogram<u64>,
    pub steps: BTreeMap<&'static str, Histogram<u64>>,
    pub bought: [u64; BUYERS],
    /// Checkouts that found too little stock: an honest refusal, after which the buyer takes another SKU.
    pub sold_out: u64,
    /// Requests that were answered "not now, ask again with the same key", and were.
    pub repeated: u64,
    /// Whatever else kept a buyer from buying.
    pub troubles: BTreeMap<String, u64>,
}

impl Default for Book {
    fn default() -> Self {
        Self {
            times: histogram(3),
            steps: BTreeMap::new(),
            bought: [0; BUYERS],
            sold_out: 0,
            repeated: 0,
            troubles: BTreeMap::new(),
        }
    }
}

impl Book {
    fn took(&mut self, step: &'static str, time: Duration) {
        self.times.saturating_record(micros(time));
        self.steps.entry(step).or_insert_with(|| histogram(2)).saturating_record(micros(time));
    }
}

pub struct Market {
    field: Arc<Field>,
    rng: Rng,
    book: Mutex<Book>,
    closing: AtomicBool,
}

impl Market {
    pub fn new(field: &Arc<Field>, rng: &Rng) -> Arc<Self> {
        Arc::new(Self {
            field: field.clone(),
            rng: rng.clone(),
            book: Mutex::default(),
            closing: AtomicBool::new(false),
        })
    }

    pub fn open(self: &Arc<Self>) -> Vec<JoinHandle<()>> {
        (0..BUYERS).map(|n| tokio::spawn(buyer(self.clone(), n))).collect()
    }

    /// Buyers finish what they are about.
    pub fn close(&self) {
        self.closing.store(true, Relaxed);
    }

    pub fn take(&self) -> Book {
        std::mem::take(&mut *self.book.lock().unwrap())
    }

    /// How often the unluckiest buyer has bought.
    pub fn least(&self) -> u64 {
        *self.book.lock().unwrap().bought.iter().min().expect("buyers")
    }
}

async fn buyer(market: Arc<Market>, n: usize) {
    let address = Ipv4Addr::new(127, 0, 1, 1 + n as u8);
    let buyer = Buyer { address, person: Person::guest_from(address), market };
    while !buyer.market.closing.load(Relaxed) {
        let bought = buyer.round().await;
        let mut book = buyer.market.book.lock().unwrap();
        match bought {
            Ok(()) => book.bought[n] += 1,
            Err(why) if why == "out_of_stock" => book.sold_out += 1,
            Err(why) => *book.troubles.entry(why).or_default() += 1,
        }
    }
}

struct Buyer {
    address: Ipv4Addr,
    person: Person,
    market: Arc<Market>,
}

impl Buyer {
    async fn round(&self) -> Result<(), String> {
        let sku = self.market.rng.pick(&self.market.field.skus).clone();
        let line = format!("/api/cart/lines/{sku}");
        self.ask("browse", &Call::get("/api/products?limit=24")).await?;
        self.ask("look", &Call::get(format!("/api/stock/{sku}"))).await?;
        self.ask("put", &Call::put(line.clone(), json!({"quantity": 1}))).await?;
        self.ask("cart", &Call::get("/api/cart")).await?;
        let placed = self.ask("check out", &Call::checkout(&self.market.rng.uuid().to_string())).await;
        let order = match placed {
            Ok(order) => text(&order["id"]).to_owned(),
            Err(why) => {
                self.ask("take out", &Call::delete(line)).await?;
                return Err(why);
            }
        };
        self.listen(&order).await?;
        self.ask("pay", &Call::pay(&self.market.rng.uuid().to_string(), &order, "tok_ok")).await?;
        let number = |order: &Value| order["number"].is_u64();
        self.until("see the order", &Call::get(format!("/api/orders/{order}")), number).await?;
        // The cart follows the sale by itself; until then it would take a new line for the bought one.
        let settled = |cart: &Value| cart["lines"].as_array().is_some_and(Vec::is_empty);
        self.until("see the cart", &Call::get("/api/cart"), settled).await
    }

    /// The stream of one's own order, until its goods are held.
    async fn listen(&self, order: &str) -> Result<(), String> {
        let (began, cookie) = (Instant::now(), self.person.cookie().unwrap_or_default());
        let connected = Raw::connect(&self.market.field.url, self.address).await;
        let mut stream = connected.map_err(|error| format!("listen: {error}"))?;
        stream.ask(&format!("GET /live/sse?topics=order.{order}"), &format!("cookie: {cookie}\r\n")).await;
        let heard = timeout(PATIENCE, stream.until("awaiting_payment")).await;
        self.market.book.lock().unwrap().took("listen", began.elapsed());
        match heard {
            Ok(Some(said)) if status(&said) == 200 => Ok(()),
            Ok(_) | Err(_) => Err("listen: the order's goods were not held".to_owned()),
        }
    }

    async fn until(&self, step: &'static str, call: &Call, holds: impl Fn(&Value) -> bool) -> Result<(), String> {
        let began = Instant::now();
        while !holds(&self.ask(step, call).await?) {
            if began.elapsed() > PATIENCE {
                return Err(format!("{step}: not within {PATIENCE:?}"));
            }
        }
        Ok(())
    }

    /// A request that may be repeated is, as any client does, and all its time counts.
    async fn ask(&self, step: &'static str, call: &Call) -> Result<Value, String> {
        let pause = Duration::from_millis(PAUSE_MS.0) + self.market.rng.millis(PAUSE_MS.1);
        sleep(pause).await;
        let began = Instant::now();
        let mut answer = self.person.send(&self.market.field.url, call).await;
        while began.elapsed() < PATIENCE && answer.as_ref().is_ok_and(|answer| matches!(answer.status, 503 | 504)) {
            self.market.book.lock().unwrap().repeated += 1;
            answer = self.person.send(&self.market.field.url, call).await;
        }
        self.market.book.lock().unwrap().took(step, began.elapsed());
        match answer {
            Ok(answer) if (200..300).contains(&answer.status) => Ok(answer.json),
            Ok(answer) if answer.is(409, "out_of_stock") => Err("out_of_stock".to_owned()),
            Ok(Answer { status, json, .. }) => Err(format!("{step}: {status} {} {}", json["code"], json["budget"])),
            Err(why) => Err(format!("{step}: {why}")),
        }
    }
}
