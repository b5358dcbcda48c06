//! `long-cart`: carts that grow line by line. The cost of one more line must not depend on the number of lines; the
//! response holds the whole cart, so a slight rise comes from its bytes.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use hdrhistogram::Histogram;

use super::{Findings, Log, Scenario, checkout::Corner};
use crate::load::{
    book::{Kept, Units},
    checks,
    error::Result,
    http::{Answered, Kind, Trouble},
    plan::{self, Plan},
    queue::Ticket,
    record::{histogram, micros},
    report::{Curve, Figure, Line, Quantiles},
    shopper::Shopper,
    site::Site,
};

/// Points of the curve.
const BUCKETS: usize = 20;

pub struct LongCart {
    lines: usize,
    corner: Corner,
    by_length: Mutex<Vec<Histogram<u64>>>,
}

pub struct Collector {
    shopper: Shopper,
    /// The acknowledged lines; `None`: a response was lost.
    cart: Option<Units>,
}

impl LongCart {
    pub fn new(lines: usize) -> Result<Self> {
        plan::count("--lines", lines, 2, 200)?;
        Ok(Self { lines, corner: Corner::default(), by_length: Mutex::default() })
    }

    fn goes(&self, collector: &mut Collector) {
        let (cookie, cart) = (collector.shopper.connection.cookie.take(), collector.cart.replace(Units::new()));
        self.corner.book.note(|book| match (cookie, cart) {
            (Some(cookie), Some(lines)) if !lines.is_empty() => book.kept.push(Kept { cookie, lines }),
            (_, None) => book.doubtful_carts += 1,
            (_, Some(_)) => {}
        });
    }

    fn width(&self) -> usize {
        self.lines.div_ceil(BUCKETS)
    }
}

impl Scenario for LongCart {
    const NAME: &'static str = "long-cart";
    const UNIT: &'static str = "lines";
    type Worker = Collector;

    async fn prepare(self, site: &Arc<Site>, plan: &Plan) -> Result<Self> {
        let mut skus = site.shelf().await?.skus;
        skus.truncate(self.lines);
        // A cart holds no stock: nothing has to be received.
        let corner = Corner { skus, seed: plan.seed, ..Corner::default() };
        let lines = self.lines.min(corner.skus.len());
        let by_length = Mutex::new((0..BUCKETS).map(|_| histogram(3)).collect());
        Ok(Self { lines, corner, by_length })
    }

    fn worker(&self, site: &Arc<Site>) -> Result<Collector> {
        let shopper = Shopper::new(site.guest(), self.corner.book.clone(), false);
        Ok(Collector { shopper, cart: Some(Units::new()) })
    }

    async fn operation(&self, collector: &mut Collector, ticket: Ticket, log: &Log) -> Answered {
        if collector.cart.as_ref().is_none_or(|cart| cart.len() >= self.lines) {
            self.goes(collector);
        }
        let length = collector.cart.as_ref().map_or(0, Units::len);
        let sku = &self.corner.skus[length];
        let sent = Instant::now();
        let put = collector.shopper.put(sku, 1 + ticket.turn % 9).await;
        match (&put, &mut collector.cart) {
            (Ok(()), Some(cart)) => {
                cart.insert(sku.clone(), 1 + ticket.turn % 9);
                let mut by_length = self.by_length.lock().unwrap_or_else(PoisonError::into_inner);
                // The first line makes the cart, and the warm-up is not measured.
                let bucket = by_length.get_mut(length / self.width());
                if let Some(times) = bucket.filter(|_| length > 0 && ticket.due >= log.from) {
                    times.saturating_record(micros(sent.elapsed()));
                }
            }
            (Err(Trouble { kind: Kind::InDoubt, .. }), cart) => *cart = None,
            (Ok(()) | Err(_), _) => {}
        }
        put
    }

    fn leave(&self, mut collector: Collector) {
        self.goes(&mut collector);
    }

    async fn check(&self, site: &Arc<Site>) -> Result<Findings> {
        let invariants = vec![checks::carts(site, &self.corner.book).await?];
        let by_length = self.by_length.lock().unwrap_or_else(PoisonError::into_inner);
        let measured: Vec<(f64, Quantiles)> = by_length
            .iter()
            .enumerate()
            .filter(|(_, times)| !times.is_empty())
            .map(|(n, times)| (((n + 1) * self.width()) as f64, Quantiles::of(times)))
            .collect();
        let line = |name: &str, of: fn(&Quantiles) -> u64| Line {
            name: name.to_owned(),
            points: measured.iter().map(|(x, times)| (*x, of(times) as f64 / 1e3)).collect(),
        };
        let curve = Curve {
            name: "time for one more line, from its sending".into(),
            x: "lines of the cart",
            y: "milliseconds",
            lines: vec![line("p50", |q| q.p50), line("p99", |q| q.p99)],
        };
        let mut figures = Vec::new();
        if let [(_, short), .., (_, long)] = measured.as_slice() {
            figures.push(Figure::new(
                "the longest carts' p50 over the shortest's",
                long.p50 as f64 / short.p50 as f64,
                "",
            ));
        }
        let longest = measured.last().map_or(0.0, |(x, _)| *x);
        let notes = (longest < self.lines as f64)
            .then(|| format!("no cart grew beyond {longest} lines: raise --rate or --seconds, or lower --connections"));
        Ok(Findings { invariants, figures, curves: vec![curve], notes: notes.into_iter().collect() })
    }
}
