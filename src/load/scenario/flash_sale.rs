//! `flash-sale`: many shoppers, one SKU, few units. Exactly so many are sold, and at the end every shopper has seen
//! that none is left: each shopper has a socket on the SKU.

mod seen;

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use super::{
    Findings, Log, Scenario,
    checkout::{Corner, buy},
    watchers::Watchers,
};
use crate::load::{
    checks,
    error::{LoadError, Result},
    http::{Answered, Kind},
    invariant::Invariant,
    plan::{self, Plan},
    queue::Ticket,
    report::Figure,
    shopper::Shopper,
    site::Site,
    stock,
};

pub struct FlashSale {
    shoppers: usize,
    units: u64,
    sockets: usize,
    sku: Option<Arc<str>>,
    corner: Corner,
    seen: Arc<seen::Seen>,
    watchers: Watchers,
    counts: Counts,
}

/// Of the shoppers who began.
#[derive(Default)]
struct Counts {
    began: AtomicU64,
    refused: AtomicU64,
    failed: AtomicU64,
    /// When the first was due and when the last sale was done.
    sale: Mutex<Option<(Instant, Duration)>>,
}

impl FlashSale {
    pub fn new(shoppers: usize, units: usize, sockets: Option<usize>, sku: Option<String>) -> Result<Self> {
        plan::count("--shoppers", shoppers, 1, 1_000_000)?;
        plan::count("--units", units, 1, 1_000_000)?;
        let sockets = sockets.unwrap_or(shoppers);
        plan::count("--sockets", sockets, 0, 1_000_000)?;
        let (corner, watchers) = (Corner::default(), Watchers::default());
        let sku = sku.map(Into::into);
        let (seen, counts) = (Arc::new(seen::Seen::new(sockets)), Counts::default());
        Ok(Self { shoppers, units: units as u64, sockets, sku, corner, seen, watchers, counts })
    }

    fn sold(&self, since: Instant) {
        let mut sale = self.counts.sale.lock().unwrap_or_else(PoisonError::into_inner);
        let (first, _) = sale.unwrap_or((since, Duration::ZERO));
        let first = first.min(since);
        *sale = Some((first, first.elapsed()));
    }

    fn begins(&self, due: Instant) {
        self.counts.began.fetch_add(1, Relaxed);
        let mut sale = self.counts.sale.lock().unwrap_or_else(PoisonError::into_inner);
        let (first, sold) = sale.unwrap_or((due, Duration::ZERO));
        *sale = Some((first.min(due), sold));
    }
}

impl Scenario for FlashSale {
    const NAME: &'static str = "flash-sale";
    const UNIT: &'static str = "shoppers";
    type Worker = Shopper;

    fn fits(&self, plan: &Plan) -> Result<()> {
        if !plan.is_own() && self.sku.is_none() {
            let words = "--sku SKU expected with --url: the sale sets its stock, and nobody else may buy it meanwhile";
            return Err(LoadError::usage(words));
        }
        match plan.sweep {
            true => Err(LoadError::usage("flash-sale has one sale: it is not for --sweep")),
            false => Ok(()),
        }
    }

    async fn prepare(mut self, site: &Arc<Site>, _plan: &Plan) -> Result<Self> {
        let sku = match &self.sku {
            Some(sku) => sku.clone(),
            None => {
                let first = site.shelf().await?.skus.into_iter().next();
                first.ok_or_else(|| LoadError::failed("the shop sells nothing"))?
            }
        };
        let mut staff = site.staff()?;
        stock::set_available(&mut staff, &sku, self.units).await?;
        self.corner.before = stock::levels(&mut staff, std::slice::from_ref(&sku)).await?;
        self.corner.skus = vec![sku.clone()];
        let topic = format!("stock.{sku}");
        let seen = self.seen.clone();
        let watch = |n, listener| seen.clone().watch(n, listener);
        self.watchers = Watchers::open(site, self.sockets, false, |_| vec![topic.clone()], watch).await?;
        Ok(self)
    }

    fn worker(&self, site: &Arc<Site>) -> Result<Shopper> {
        Ok(Shopper::new(site.guest(), self.corner.book.clone(), true))
    }

    async fn operation(&self, worker: &mut Shopper, ticket: Ticket, log: &Log) -> Answered {
        self.begins(ticket.due);
        let outcome = buy(worker, &self.corner.pick(ticket.turn, 1), ticket.due, log).await;
        match &outcome {
            Ok(()) => self.sold(ticket.due),
            Err(trouble) if trouble.kind == Kind::Refused => drop(self.counts.refused.fetch_add(1, Relaxed)),
            Err(_) => drop(self.counts.failed.fetch_add(1, Relaxed)),
        }
        outcome
    }

    fn count(&self) -> Option<u64> {
        Some(self.shoppers as u64)
    }

    fn sockets(&self) -> usize {
        self.sockets
    }

    async fn check(&self, site: &Arc<Site>) -> Result<Findings> {
        let mut invariants = checks::sales(site, &self.corner.book, &self.corner.before).await?;
        let [began, refused, failed] =
            [&self.counts.began, &self.counts.refused, &self.counts.failed].map(|count| count.load(Relaxed));
        let sku = self.corner.skus.first().cloned().unwrap_or_default();
        let (version, now) = stock::stock(&mut site.staff()?, &sku).await?;
        let gone = |levels: &stock::Levels| levels.committed + levels.shipped;
        let sold = gone(&now) - self.corner.before.get(&sku).map_or(0, gone).min(gone(&now));
        let acknowledged = self.corner.book.orders().iter().filter(|order| order.paid).count() as u64;
        let least = self.units.min(began.saturating_sub(failed));
        invariants.push(Invariant::holds(
            "exactly the units there were are sold, or one for each shopper",
            (least..=self.units.min(began)).contains(&sold) && acknowledged <= sold && sold <= acknowledged + failed,
            || format!("{sold} of {} units are sold, {acknowledged} were acknowledged to {began} shoppers", self.units),
        ));
        invariants.push(Invariant::holds(
            "nobody was refused while a unit was left",
            refused == 0 || now.available == 0,
            || format!("{refused} shoppers were refused and {} units are available", now.available),
        ));
        self.watchers.until(|| self.seen.all_at(version)).await;
        invariants.push(self.seen.invariant(version, now.available, self.watchers.broken()));
        let took = self.counts.sale.lock().unwrap_or_else(PoisonError::into_inner).map(|(_, took)| took);
        let repeated = self.corner.book.note(|book| book.repeated);
        let mut figures = vec![
            Figure::new("units sold", sold as f64, ""),
            Figure::new("shoppers refused", refused as f64, ""),
            Figure::new("requests repeated with their key", repeated as f64, ""),
            Figure::new("sockets", self.watchers.count as f64, ""),
        ];
        if let Some(took) = took.filter(|_| sold > 0) {
            figures.push(Figure::new("from the first shopper to the last sale", took.as_secs_f64(), "s"));
        }
        Ok(Findings { invariants, figures, ..Findings::default() })
    }
}
