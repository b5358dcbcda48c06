//! One stretch of load at one rate: a clock, a queue, and one worker for each connection.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{task::JoinSet, time::timeout};

use super::{
    Watch,
    error::{During, LoadError, Result},
    pacer::{Paced, Pacer},
    plan::Plan,
    queue::Queue,
    record::{Recorder, Tallies},
    scenario::Scenario,
    schedule::Schedule,
    site::Site,
    usage,
};

/// Time for waiting operations after the last arrival; then the rest counts as not started.
const DRAIN_MAX: Duration = Duration::from_secs(20);
/// Time for operations in flight then: longer than any request's time-out, and than a shopper's retries.
const FINISH_MAX: Duration = Duration::from_secs(120);
const LOOK_EVERY: Duration = Duration::from_millis(100);

pub struct Driven {
    pub tallies: Tallies,
    pub paced: Paced,
    /// Due and never begun.
    pub not_started: u64,
    pub window: Duration,
    /// Measured time: of arrivals.
    pub seconds: f64,
    /// Until the last of them counts as served in time.
    pub answering: f64,
    pub server: Cost,
    pub load_cpu: Option<Duration>,
}

/// Cost of the server during the measured time; nothing for a foreign server.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cost {
    pub cpu: Option<Duration>,
    pub rss_before: Option<u64>,
    pub rss_after: Option<u64>,
    pub rss_max: Option<u64>,
}

pub async fn drive<S: Scenario>(
    scenario: &Arc<S>,
    site: &Arc<Site>,
    plan: &Plan,
    rate: f64,
    watch: &dyn Watch,
) -> Result<Driven> {
    let queue = Arc::new(Queue::new(plan.in_flight));
    let workers = (0..plan.connections).map(|_| scenario.worker(site)).collect::<Result<Vec<_>>>()?;
    let schedule = Schedule::new(plan.arrivals, rate, plan.whole().as_secs_f64(), scenario.count(), plan.seed);
    let start = Instant::now();
    let log = Arc::new(Recorder::new(start, plan.warm_up, plan.seconds));
    let mut tasks = JoinSet::new();
    for mut worker in workers {
        let (scenario, queue, log) = (scenario.clone(), queue.clone(), log.clone());
        tasks.spawn(async move {
            while let Some(ticket) = queue.next().await {
                let outcome = scenario.operation(&mut worker, ticket, &log).await;
                log.whole(ticket.due, &outcome);
                queue.answered();
            }
            scenario.leave(worker);
        });
    }
    let pacer = Pacer::start(queue.clone(), schedule, start, log.from)?;
    let mut meter = Meter::default();
    let paced = {
        let load = async {
            // The last arrival comes a little before the time is over.
            while !pacer.is_done() || (scenario.count().is_none() && Instant::now() < log.until) {
                meter.look(site, &log).await?;
                watch.at(start.elapsed().as_secs_f64());
                tokio::time::sleep(LOOK_EVERY).await;
            }
            meter.end(site, &log).await?;
            let paced = pacer.end()?;
            // Due operations get their time; the ones still waiting then were never begun.
            let _in_time = timeout(DRAIN_MAX, drained(&queue)).await;
            queue.abandon();
            queue.close(plan.connections);
            while let Some(ended) = timeout(FINISH_MAX, tasks.join_next()).await.during("operations do not end")? {
                ended.during("a worker")?;
            }
            Ok(paced)
        };
        tokio::select! {
            paced = load => paced?,
            // It ends only with a failure.
            failed = scenario.beside(site) => return Err(failed),
        }
    };
    let seconds = meter.until.unwrap_or(log.until).saturating_duration_since(log.from).as_secs_f64();
    // If a number of operations ends the run, its end is the last response.
    let answering = match scenario.count() {
        Some(_) => log.until.min(Instant::now()).saturating_duration_since(log.from).as_secs_f64(),
        None => seconds,
    };
    let not_started = queue.not_started();
    let (server, load_cpu) = (meter.server, meter.load_cpu);
    let (tallies, window) = (log.take(), log.window);
    Ok(Driven { tallies, paced, not_started, window, seconds, answering, server, load_cpu })
}

async fn drained(queue: &Queue) {
    while queue.open() > 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Reads the processes' costs now and then: at the warm-up's end, at the end, and the largest memory between.
#[derive(Default)]
struct Meter {
    begun: bool,
    server: Cost,
    cpu_before: Option<Duration>,
    load_before: Option<Duration>,
    load_cpu: Option<Duration>,
    /// When the last had arrived.
    until: Option<Instant>,
}

impl Meter {
    async fn look(&mut self, site: &Site, log: &Recorder) -> Result<()> {
        let mut own = site.own.lock().await;
        if let Some(words) = own.as_mut().and_then(|own| own.died()) {
            return Err(LoadError::failed(words));
        }
        if Instant::now() < log.from {
            return Ok(());
        }
        let resident = own.as_ref().and_then(|own| usage::resident(own.pid()?));
        if !self.begun {
            self.begun = true;
            self.cpu_before = own.as_ref().and_then(|own| own.cpu());
            self.load_before = usage::cpu(std::process::id());
            self.server.rss_before = resident;
        }
        self.server.rss_after = resident.or(self.server.rss_after);
        self.server.rss_max = self.server.rss_max.max(resident);
        Ok(())
    }

    async fn end(&mut self, site: &Site, log: &Recorder) -> Result<()> {
        self.look(site, log).await?;
        self.until = Some(log.until.min(Instant::now()));
        let cpu = site.own.lock().await.as_ref().and_then(|own| own.cpu());
        let since = |now: Option<Duration>, before: Option<Duration>| Some(now?.saturating_sub(before?));
        self.server.cpu = since(cpu, self.cpu_before);
        self.load_cpu = since(usage::cpu(std::process::id()), self.load_before);
        Ok(())
    }
}
