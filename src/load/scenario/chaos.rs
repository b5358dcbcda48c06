//! `chaos`: purchases while the run's own server is killed with -9 and started again. Shoppers retry with the same
//! keys; every write acknowledged in any of the server's lives must exist at the end.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use hdrhistogram::Histogram;
use tokio::time::sleep;

use super::{
    Findings, Log, Scenario,
    checkout::{Corner, buy},
};
use crate::load::{
    checks,
    error::{LoadError, Result},
    http::Answered,
    plan::{self, Plan},
    queue::Ticket,
    record::{histogram, micros},
    report::{Figure, Quantiles},
    rng::Rng,
    shopper::Shopper,
    site::Site,
};

pub struct Chaos {
    kill_every: f64,
    skus: usize,
    corner: Corner,
    whole: Duration,
    /// From each kill until the server was ready again.
    down: Mutex<Histogram<u64>>,
}

impl Chaos {
    pub fn new(kill_every: f64, skus: usize) -> Result<Self> {
        plan::within("--kill-every", kill_every, 0.1, 3_600.0, "seconds")?;
        plan::count("--skus", skus, 1, 5_000)?;
        let down = Mutex::new(histogram(3));
        Ok(Self { kill_every, skus, corner: Corner::default(), whole: Duration::ZERO, down })
    }

    async fn kill(&self, site: &Site) -> Result<()> {
        let mut own = site.own.lock().await;
        let own = own.as_mut().ok_or_else(|| LoadError::failed("chaos needs a server of its own"))?;
        let killed = Instant::now();
        own.kill().await?;
        site.moved(None);
        site.moved(Some(own.start().await?));
        self.down.lock().unwrap_or_else(PoisonError::into_inner).saturating_record(micros(killed.elapsed()));
        Ok(())
    }

    async fn kills(&self, site: &Site) -> Result<()> {
        let (mut rng, end) = (Rng::new(self.corner.seed), Instant::now() + self.whole);
        loop {
            // Half to one and a half of the pause, seeded.
            let pause = Duration::from_secs_f64(self.kill_every * (0.5 + rng.unit()));
            if Instant::now() + pause >= end {
                return Ok(());
            }
            sleep(pause).await;
            self.kill(site).await?;
        }
    }
}

impl Scenario for Chaos {
    const NAME: &'static str = "chaos";
    const UNIT: &'static str = "purchases";
    type Worker = Shopper;

    fn fits(&self, plan: &Plan) -> Result<()> {
        match (plan.is_own(), plan.sweep) {
            (false, _) => Err(LoadError::usage("chaos kills its server: it is not for --url")),
            (true, true) => Err(LoadError::usage("chaos keeps one rate: it is not for --sweep")),
            (true, false) => Ok(()),
        }
    }

    async fn prepare(self, site: &Arc<Site>, plan: &Plan) -> Result<Self> {
        Ok(Self { corner: Corner::stocked(site, self.skus, plan.seed).await?, whole: plan.whole(), ..self })
    }

    fn worker(&self, site: &Arc<Site>) -> Result<Shopper> {
        Ok(Shopper::new(site.guest(), self.corner.book.clone(), true))
    }

    async fn operation(&self, shopper: &mut Shopper, ticket: Ticket, log: &Log) -> Answered {
        buy(shopper, &self.corner.pick(ticket.turn, 1), ticket.due, log).await
    }

    async fn beside(&self, site: &Arc<Site>) -> LoadError {
        match self.kills(site).await {
            Ok(()) => std::future::pending().await,
            Err(error) => error,
        }
    }

    async fn check(&self, site: &Arc<Site>) -> Result<Findings> {
        let invariants = checks::sales(site, &self.corner.book, &self.corner.before).await?;
        let down = Quantiles::of(&self.down.lock().unwrap_or_else(PoisonError::into_inner));
        let kills = self.down.lock().unwrap_or_else(PoisonError::into_inner).len();
        let repeated = self.corner.book.note(|book| book.repeated);
        let mut figures = vec![
            Figure::new("kills", kills as f64, ""),
            Figure::new("requests repeated with their key", repeated as f64, ""),
        ];
        if kills > 0 {
            figures.push(Figure::new("killed to ready again, p50", down.p50 as f64 / 1e3, "ms"));
            figures.push(Figure::new("killed to ready again, max", down.max as f64 / 1e3, "ms"));
        }
        let notes = (kills == 0).then(|| "nothing was killed: the run is shorter than --kill-every".to_owned());
        Ok(Findings { invariants, figures, notes: notes.into_iter().collect(), ..Findings::default() })
    }
}
