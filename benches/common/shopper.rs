//! One connection's repeated operation, as a shopper or as staff.

use std::{net::SocketAddr, sync::Arc};

use anyhow::{Context, Result, ensure};
use futures::future::try_join_all;
use souk::load::rng::Rng;
use uuid::Uuid;

use super::{http::Connection, load::Client};

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum What {
    /// A page of 24 products with prices and availability; another page each time.
    List,
    /// One more line into a cart that is left for a new one after five.
    AddToNewCart,
    /// One more line or another quantity in a cart that stays.
    AddToGrowingCart,
    /// A new guest's cart, its checkout and its payment until the order is verified: three requests.
    Checkout,
    /// Staff holds one unit of the one hot SKU.
    HotHold,
    /// Staff holds one unit of any SKU.
    Hold,
}

impl What {
    pub fn name(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::AddToNewCart => "add_to_new_cart",
            Self::AddToGrowingCart => "add_to_growing_cart",
            Self::Checkout => "checkout",
            Self::HotHold => "hot_hold",
            Self::Hold => "hold",
        }
    }
}

/// The shop's data, read before the measuring.
pub struct Shelf {
    /// Of one shop; connections are spread over them.
    addresses: Vec<SocketAddr>,
    pub token: String,
    /// Of lists: every page of the whole catalogue.
    pages: Vec<String>,
    pub skus: Vec<String>,
}

const MORE: u32 = 1_000_000;
/// Connections that receive stock.
const FILLERS: usize = 32;
const ITEMS_OF_NEW_CART: u64 = 5;
/// Lines of a growing cart; then quantities grow.
const LINES: u64 = 50;

impl Shelf {
    pub async fn look(address: SocketAddr, password: &str) -> Result<Self> {
        let mut connection = Connection::open(address, None).await?;
        let token = connection.log_in(password).await?;
        let (mut pages, mut skus) = (vec!["/api/products?limit=24".to_owned()], Vec::new());
        loop {
            connection.get(pages.last().context("a first page")?).await?;
            let page = connection.json()?;
            let items = page["items"].as_array().context("no items")?;
            let of = items.iter().filter_map(|item| item["skus"].as_array()).flatten();
            skus.extend(of.filter_map(|sku| sku.as_str().map(str::to_owned)));
            match page["next"].as_str() {
                Some(next) => pages.push(format!("/api/products?limit=24&cursor={next}")),
                None => break,
            }
        }
        ensure!(skus.len() as u64 > LINES, "{} SKUs are not a sample shop", skus.len());
        Ok(Self { addresses: vec![address], token, pages, skus })
    }

    /// The same shop at these addresses.
    pub fn at(self, addresses: Vec<SocketAddr>) -> Self {
        Self { addresses, ..self }
    }

    /// Units enough of every SKU, received over HTTP.
    pub async fn fill(&self) -> Result<()> {
        let receive = |skus: Vec<String>| async move {
            let mut connection = Connection::open(self.addresses[0], Some(&self.token)).await?;
            for sku in skus {
                let body = format!(r#"{{"quantity":{MORE}}}"#);
                connection.post(&format!("/api/stock/{sku}/receipts"), Some(&key()), &body, 200).await?;
            }
            Ok(())
        };
        let chunks = self.skus.chunks(self.skus.len().div_ceil(FILLERS));
        try_join_all(chunks.map(|skus| receive(skus.to_vec()))).await.map(drop)
    }
}

pub struct Shopper {
    shelf: Arc<Shelf>,
    what: What,
    connection: Connection,
    rng: Rng,
    turn: u64,
}

impl Shopper {
    pub async fn open(shelf: &Arc<Shelf>, what: What, connections: usize) -> Result<Vec<Self>> {
        let token = matches!(what, What::HotHold | What::Hold).then_some(&*shelf.token);
        let mut all = Vec::with_capacity(connections);
        for n in 0..connections as u64 {
            let address = shelf.addresses[n as usize % shelf.addresses.len()];
            let connection = Connection::open(address, token).await?;
            all.push(Self { shelf: shelf.clone(), what, connection, rng: Rng::new(n), turn: n });
        }
        Ok(all)
    }

    async fn put(&mut self, sku: usize, quantity: u64) -> Result<()> {
        let path = format!("/api/cart/lines/{}", self.shelf.skus[sku]);
        self.connection.put(&path, &format!(r#"{{"quantity":{quantity}}}"#)).await
    }

    async fn hold(&mut self, sku: usize) -> Result<()> {
        let path = format!("/api/stock/{}/holds", self.shelf.skus[sku]);
        self.connection.post(&path, Some(&key()), r#"{"quantity":1,"ttl_seconds":3600}"#, 201).await
    }

    async fn check_out(&mut self) -> Result<()> {
        self.connection.forget();
        let sku = self.rng.below(self.shelf.skus.len());
        self.put(sku, 1).await?;
        self.connection.post("/api/checkout", Some(&key()), CHECKOUT, 201).await?;
        let order = self.connection.json()?["id"].as_str().context("an order without id")?.to_owned();
        let payment = format!(r#"{{"order_id":"{order}","provider":"sandbox","token":"tok_ok"}}"#);
        // 201 says that the order is paid and verified; 202 would be "not yet", and fail the bench.
        self.connection.post("/api/payments", Some(&key()), &payment, 201).await
    }
}

impl Client for Shopper {
    async fn once(&mut self) -> Result<()> {
        let turn = self.turn;
        self.turn += 1;
        match self.what {
            What::List => {
                let pages = &self.shelf.pages;
                self.connection.get(&pages[turn as usize % pages.len()]).await
            }
            What::AddToNewCart => {
                if turn.is_multiple_of(ITEMS_OF_NEW_CART) {
                    self.connection.forget();
                }
                let first = (turn / ITEMS_OF_NEW_CART) as usize;
                self.put((first + (turn % ITEMS_OF_NEW_CART) as usize) % self.shelf.skus.len(), 1).await
            }
            What::AddToGrowingCart => self.put((turn % LINES) as usize, 1 + turn / LINES % 900).await,
            What::Checkout => self.check_out().await,
            What::HotHold => self.hold(0).await,
            What::Hold => {
                let sku = self.rng.below(self.shelf.skus.len());
                self.hold(sku).await
            }
        }
    }
}

pub fn key() -> String {
    Uuid::now_v7().to_string()
}

pub const CHECKOUT: &str = r#"{"email":"ada@example.org","shipping_method":"standard","shipping_address":{"name":"Ada Lovelace","line1":"12 St James's Square","city":"London","postal_code":"SW1Y 4JH","country":"GB"}}"#;
