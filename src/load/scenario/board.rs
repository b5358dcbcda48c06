//! `board`: operators look at the board of open orders while a storm of orders comes in. Each order reaches each board
//! in its newest version, and the boards agree with the API's list.

mod seen;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use uuid::Uuid;

use self::seen::Boards;
use super::{Findings, Log, Scenario, checkout::Corner, watchers::Watchers};
use crate::load::{
    checks,
    error::{During, Result},
    http::{Answer, Answered, Call, Kind, Trouble},
    invariant::Invariant,
    plan::{self, Plan},
    queue::Ticket,
    record::{histogram, micros},
    report::{Figure, Quantiles},
    shopper::Shopper,
    site::Site,
};

/// Orders of others, or without a received response, that are looked up.
const STRANGERS_MAX: usize = 1_000;

pub struct Board {
    boards: usize,
    skus: usize,
    corner: Corner,
    seen: Arc<Boards>,
    watchers: Watchers,
    /// When each order's checkout was sent; those of the warm-up are not here.
    sent: Mutex<HashMap<Uuid, Instant>>,
}

impl Board {
    pub fn new(boards: usize, skus: usize) -> Result<Self> {
        plan::count("--boards", boards, 1, 10_000)?;
        plan::count("--skus", skus, 1, 5_000)?;
        let (corner, watchers) = (Corner::default(), Watchers::default());
        Ok(Self { boards, skus, corner, seen: Arc::default(), watchers, sent: Mutex::default() })
    }
}

impl Scenario for Board {
    const NAME: &'static str = "board";
    const UNIT: &'static str = "purchases";
    type Worker = Shopper;

    async fn prepare(mut self, site: &Arc<Site>, plan: &Plan) -> Result<Self> {
        self.corner = Corner::stocked(site, self.skus, plan.seed).await?;
        self.seen = Arc::new(Boards::new(self.boards));
        let watch = |n, listener| self.seen.clone().watch(n, listener);
        let topic = |_| vec!["board".to_owned()];
        self.watchers = Watchers::open(site, self.boards, true, topic, watch).await?;
        Ok(self)
    }

    fn worker(&self, site: &Arc<Site>) -> Result<Shopper> {
        Ok(Shopper::new(site.guest(), self.corner.book.clone(), false))
    }

    async fn operation(&self, shopper: &mut Shopper, ticket: Ticket, log: &Log) -> Answered {
        let lines = self.corner.pick(ticket.turn, 1);
        shopper.connection.forget();
        for (sku, units) in &lines {
            shopper.put(sku, *units).await?;
        }
        let sent = Instant::now();
        let order = shopper.check_out(Uuid::now_v7(), &lines).await;
        log.step("check out", sent, &order);
        let (place, id) = order?;
        if ticket.due >= log.from {
            self.sent.lock().unwrap_or_else(PoisonError::into_inner).insert(id, sent);
        }
        let from = Instant::now();
        let paid = shopper.pay(Uuid::now_v7(), (place, id)).await;
        log.step("pay", from, &paid);
        paid
    }

    fn sockets(&self) -> usize {
        self.boards
    }

    async fn check(&self, site: &Arc<Site>) -> Result<Findings> {
        let mut invariants = checks::sales(site, &self.corner.book, &self.corner.before).await?;
        let now = checks::orders(site, &self.corner.book.orders()).await?;
        self.watchers.until(|| self.seen.all_show(&now)).await;
        invariants.push(self.seen.invariant(&now, self.watchers.broken()));
        let (mut known, mut staff) =
            (Invariant::new("a board shows no order that the API does not know"), site.staff()?);
        for order in self.seen.strangers(&now).into_iter().take(STRANGERS_MAX) {
            let path = format!("/api/orders/{order}");
            let there = match staff.send(&Call::get(&path)).await.and_then(Answer::good) {
                Ok(_) => true,
                Err(Trouble { kind: Kind::Refused, .. }) => false,
                Err(trouble) => return Err(trouble).during("an order"),
            };
            known.check(there, || format!("order {order} is on a board and nowhere else"));
        }
        invariants.extend((known.checked > 0).then_some(known));
        let (sent, mut times) = (self.sent.lock().unwrap_or_else(PoisonError::into_inner), histogram(3));
        self.seen.first(|order, at| {
            if let Some(sent) = sent.get(&order) {
                times.saturating_record(micros(at.saturating_duration_since(*sent)));
            }
        });
        let q = Quantiles::of(&times);
        let mut figures = vec![
            Figure::new("boards", self.boards as f64, ""),
            Figure::new("frames read", self.seen.frames() as f64, ""),
            Figure::new("boards that were sent anew", self.seen.resets() as f64, ""),
        ];
        for (name, value) in [("p50", q.p50), ("p99", q.p99), ("max", q.max)] {
            let name = format!("order sent to first on a board, {name}");
            figures.push(Figure::new(name, value as f64 / 1e3, "ms"));
        }
        Ok(Findings { invariants, figures, ..Findings::default() })
    }
}
