//! `checkout`: new guests who each buy something: a cart, its order, its payment, until it is verified. Three requests.

use std::{sync::Arc, time::Instant};

use uuid::Uuid;

use super::{Findings, Log, Scenario};
use crate::load::{
    book::Book,
    checks,
    error::Result,
    http::Answered,
    plan::{self, Plan},
    queue::Ticket,
    rng::Rng,
    shopper::Shopper,
    site::Site,
    stock::{self, Shelves},
};

/// Plenty: no run sells so many of one SKU.
pub const ENOUGH: u64 = 10_000_000;

/// The SKUs that the load buys, and their stock before the run.
#[derive(Default)]
pub struct Corner {
    pub skus: Vec<Arc<str>>,
    pub before: Shelves,
    pub book: Arc<Book>,
    pub seed: u64,
}

impl Corner {
    /// The first `count` SKUs of the catalogue, filled up.
    pub async fn stocked(site: &Site, count: usize, seed: u64) -> Result<Self> {
        let mut skus = site.shelf().await?.skus;
        skus.truncate(count);
        Self::of(site, skus, ENOUGH, seed).await
    }

    pub async fn of(site: &Site, skus: Vec<Arc<str>>, units: u64, seed: u64) -> Result<Self> {
        let mut staff = site.staff()?;
        stock::fill(&mut staff, &skus, units).await?;
        let before = stock::levels(&mut staff, &skus).await?;
        Ok(Self { skus, before, book: Arc::default(), seed })
    }

    pub fn pick(&self, turn: u64, lines: usize) -> Vec<(Arc<str>, u64)> {
        let mut rng = Rng::of(self.seed, turn);
        let first = rng.below(self.skus.len());
        // Neighbours, so that no SKU comes twice.
        let skus = (0..lines.min(self.skus.len())).map(|n| &self.skus[(first + n) % self.skus.len()]);
        skus.map(|sku| (sku.clone(), 1)).collect()
    }
}

/// A guest's purchase with its steps in the log; the first step counts from `due`.
pub async fn buy(shopper: &mut Shopper, lines: &[(Arc<str>, u64)], due: Instant, log: &Log) -> Answered {
    shopper.connection.forget();
    let mut from = due;
    for (sku, units) in lines {
        let put = shopper.put(sku, *units).await;
        log.step("1 add a line", from, &put);
        put?;
        from = Instant::now();
    }
    let order = shopper.check_out(Uuid::now_v7(), lines).await;
    log.step("2 check out", from, &order);
    let order = order?;
    let from = Instant::now();
    let paid = shopper.pay(Uuid::now_v7(), order).await;
    log.step("3 pay", from, &paid);
    paid
}

pub struct Checkout {
    skus: usize,
    lines: usize,
    corner: Corner,
}

impl Checkout {
    pub fn new(skus: usize, lines: usize) -> Result<Self> {
        plan::count("--skus", skus, 1, 5_000)?;
        plan::count("--lines", lines, 1, 50)?;
        Ok(Self { skus, lines, corner: Corner::default() })
    }
}

impl Scenario for Checkout {
    const NAME: &'static str = "checkout";
    const UNIT: &'static str = "purchases";
    type Worker = Shopper;

    async fn prepare(self, site: &Arc<Site>, plan: &Plan) -> Result<Self> {
        Ok(Self { corner: Corner::stocked(site, self.skus, plan.seed).await?, ..self })
    }

    fn worker(&self, site: &Arc<Site>) -> Result<Shopper> {
        Ok(Shopper::new(site.guest(), self.corner.book.clone(), false))
    }

    async fn operation(&self, worker: &mut Shopper, ticket: Ticket, log: &Log) -> Answered {
        buy(worker, &self.corner.pick(ticket.turn, self.lines), ticket.due, log).await
    }

    async fn check(&self, site: &Arc<Site>) -> Result<Findings> {
        let invariants = checks::sales(site, &self.corner.book, &self.corner.before).await?;
        Ok(Findings { invariants, ..Findings::default() })
    }
}
