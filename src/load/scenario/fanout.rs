//! `fanout`: many sockets on few topics while an operator changes stock. How long until a change is seen, and by all.
//!
//! From just before the command is sent until a socket has read a frame of that version or of a newer one (frames are
//! whole views, so a newer one shows the change too): so it holds the request, the commit and the pacing of frames.

mod seen;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use serde::Deserialize;
use uuid::Uuid;

use self::seen::Topics;
use super::{Findings, Log, Scenario, checkout::Corner, watchers::Watchers};
use crate::load::{
    error::Result,
    http::{Answered, Call, Connection, part},
    plan::{self, Plan},
    queue::Ticket,
    report::Figure,
    site::Site,
    stock, usage,
};

pub struct Fanout {
    sockets: usize,
    topics: usize,
    corner: Corner,
    seen: Arc<Topics>,
    watchers: Watchers,
    /// Of the server, before and after the sockets were opened.
    resident: Option<(u64, u64)>,
    /// CPU that it had used by then.
    cpu: Option<Duration>,
}

impl Fanout {
    pub fn new(sockets: usize, topics: usize) -> Result<Self> {
        plan::count("--sockets", sockets, 1, 1_000_000)?;
        plan::count("--topics", topics, 1, sockets.min(2_000))?;
        let (corner, watchers) = (Corner::default(), Watchers::default());
        Ok(Self { sockets, topics, corner, seen: Arc::default(), watchers, resident: None, cpu: None })
    }
}

impl Scenario for Fanout {
    const NAME: &'static str = "fanout";
    const UNIT: &'static str = "changes";
    type Worker = Connection;

    async fn prepare(mut self, site: &Arc<Site>, plan: &Plan) -> Result<Self> {
        // Enough to take units away now and then.
        self.corner = Corner::stocked(site, self.topics, plan.seed).await?;
        let (mut staff, mut versions) = (site.staff()?, Vec::new());
        for sku in &self.corner.skus {
            versions.push(stock::stock(&mut staff, sku).await?.0);
        }
        self.topics = versions.len();
        // A sweep makes more changes than one step: room for all of them, within reason.
        let steps = if plan.sweep { 50.0 } else { 2.0 };
        let changes = plan.rate * plan.whole().as_secs_f64() * steps / self.topics as f64;
        self.seen = Arc::new(Topics::new(&versions, changes as usize + 1_000, self.sockets));
        let before = resident(site).await;
        let topic = |n: usize| vec![format!("stock.{}", self.corner.skus[n % self.topics])];
        let watch = |n, listener| self.seen.clone().watch(n, n % self.topics, listener);
        self.watchers = Watchers::open(site, self.sockets, false, topic, watch).await?;
        // The first frame is the current view: every socket is subscribed.
        let seen = self.seen.clone();
        self.watchers.until(|| seen.all_listen()).await;
        self.resident = before.zip(resident(site).await);
        self.cpu = cpu(site).await;
        Ok(self)
    }

    fn worker(&self, site: &Arc<Site>) -> Result<Connection> {
        site.staff()
    }

    async fn operation(&self, staff: &mut Connection, ticket: Ticket, log: &Log) -> Answered {
        #[derive(Deserialize)]
        struct Changed {
            version: u64,
        }
        let topic = ticket.turn as usize % self.topics;
        let path = format!("/api/stock/{}/adjustments", part(&self.corner.skus[topic]));
        let (key, body) = (Uuid::now_v7().to_string(), r#"{"delta":-1,"reason":"souk load"}"#.to_owned());
        let sent = Instant::now();
        let changed = staff.ask::<Changed>(&Call::post(&path, Some(&key), body)).await;
        log.step("change, from its sending", sent, &changed);
        let version = changed?.version;
        self.seen.changed(topic, version, (ticket.due >= log.from).then_some(sent));
        Ok(())
    }

    fn sockets(&self) -> usize {
        self.sockets
    }

    async fn check(&self, site: &Arc<Site>) -> Result<Findings> {
        let (mut staff, mut newest) = (site.staff()?, Vec::new());
        for sku in &self.corner.skus {
            newest.push(stock::stock(&mut staff, sku).await?.0);
        }
        self.watchers.until(|| self.seen.all_at(&newest)).await;
        // After the last frame is read, so that its cost is included.
        let spent = cpu(site).await.zip(self.cpu).map(|(now, then)| now.saturating_sub(then));
        let after = stock::levels(&mut staff, &self.corner.skus).await?;
        let mut invariants = self.seen.invariants(&newest, self.watchers.broken());
        invariants.push(stock::adds_up(&after));
        let mut figures = self.seen.figures();
        figures.push(Figure::new("sockets", self.sockets as f64, ""));
        if let Some((before, after)) = self.resident {
            let each = after.saturating_sub(before) as f64 / self.sockets as f64 / 1024.0;
            figures.push(Figure::new("server's memory for each socket, at rest", each, "KiB"));
        }
        // The first of each socket came before the load.
        let frames = self.seen.frames().saturating_sub(self.sockets as u64);
        if let Some(spent) = spent.filter(|_| frames > 0) {
            let each = spent.as_secs_f64() * 1e6 / frames as f64;
            figures.push(Figure::new("server's CPU for each frame read, commands included", each, "µs"));
        }
        let notes = vec![
            "A change counts as seen when a socket has read its version or a newer one; it began just before its \
             command was sent."
                .to_owned(),
        ];
        Ok(Findings { invariants, figures, notes, ..Findings::default() })
    }
}

async fn cpu(site: &Site) -> Option<Duration> {
    site.own.lock().await.as_ref().and_then(|own| own.cpu())
}

async fn resident(site: &Site) -> Option<u64> {
    site.own.lock().await.as_ref().and_then(|own| usage::resident(own.pid()?))
}
