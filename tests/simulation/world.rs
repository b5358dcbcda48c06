//! One seed on one node: a shop's whole life, from its goods' arrival through its crashes to its rest.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, atomic::AtomicI64},
    time::Duration,
};

use souk::{
    actors::{
        gateway::Gateway,
        ports::StateStore,
        runtime::{Parts, Runtime},
        settings::ActorSettings,
    },
    config::{Actors, Journal, State},
    persistence::{memory_journal::MemoryJournal, state_store::MemoryStateStore},
    testing::{EPOCH, PausedClock},
    transport::single_node::SingleNode,
};
use tokio::time::sleep;

use crate::{
    backup::{self, Backups, Export, Taken},
    checks::{self, Totals},
    clients::{Reach, play},
    door::Door,
    faults::{Mix, Plan, Weather},
    network::Network,
    observer::Observer,
    post::Server,
    projected::Demand,
    provider::{self, Provider},
    reckoning,
    rng::Rng,
    shop::Shop,
};

/// Everything that outlives a crash.
struct World {
    shop: Shop,
    store: Arc<dyn StateStore>,
    /// The newest time that a clock returned.
    time: Arc<AtomicI64>,
    settings: ActorSettings,
    /// Takes exports meanwhile.
    backups: Option<Taken>,
}

pub struct Run {
    pub journal: String,
    pub totals: Totals,
}

pub fn run(seed: u64) -> Result<Run, Vec<String>> {
    let rng = Rng::new(seed);
    live(World::new(rng.clone()), &rng)
}

/// A shop that holds nothing before a payment.
pub fn run_at_payment(seed: u64) -> Result<Totals, Vec<String>> {
    let rng = Rng::new(seed);
    let mut world = World::new(rng.clone());
    world.shop.hold_at_payment();
    live(world, &rng).map(|run| run.totals)
}

fn live(mut world: World, rng: &Rng) -> Result<Run, Vec<String>> {
    let crashes = rng.below(4);
    for _ in 0..crashes {
        world.incarnation(Mix::draw(rng), true);
        if rng.one_in(3) {
            world.store = Arc::new(MemoryStateStore::default());
        }
    }
    let mut broken = world.incarnation(Mix::none(), false);
    let mut totals = checks::check(&world.shop, &mut broken);
    totals.crashes = crashes;
    let journal = checks::fingerprint(&world.shop.storage);
    if broken.is_empty() { Ok(Run { journal, totals }) } else { Err(broken) }
}

pub fn run_summed(seed: u64) -> Result<Totals, Vec<String>> {
    run(seed).map(|run| run.totals)
}

/// A shop without troubles, exported while it sells; each export is then a shop of its own, which must settle.
pub fn run_backups(seed: u64) -> Result<Backups, Vec<String>> {
    let mut world = World::new(Rng::new(seed));
    let taken = Taken::default();
    world.backups = Some(taken.clone());
    let mut broken = world.incarnation(Mix::none(), false);
    broken.append(&mut taken.broken.lock().unwrap());
    let mut sum = std::mem::take(&mut *taken.sum.lock().unwrap());
    for (n, export) in std::mem::take(&mut *taken.exports.lock().unwrap()).into_iter().enumerate() {
        let restored = world.restored(export);
        let mut wrong = restored.incarnation(Mix::none(), false);
        sum.sold += restored.sold_out(&mut wrong);
        broken.extend(wrong.into_iter().map(|line| format!("export {n}, restored: {line}")));
    }
    if broken.is_empty() { Ok(sum) } else { Err(broken) }
}

/// Small bounds, so that every one of them is met.
pub fn small_settings(rng: &Rng) -> ActorSettings {
    let actors = Actors {
        resident_max: *rng.pick(&[2, 8, 1_000]),
        idle_timeout_ms: *rng.pick(&[40, 3_000, 120_000]),
        alarm_poll_ms: *rng.pick(&[250, 2_000]),
        shard_inflight_max: *rng.pick(&[2, 8, 8_192]),
        entity_inflight_max: *rng.pick(&[1, 4, 1_024]),
        ..Actors::default()
    };
    let journal = Journal { batch_bytes_max: *rng.pick(&[300, 2_000, 256 * 1024]), ..Journal::default() };
    let state = State {
        cached_entities_max: *rng.pick(&[1, 10, 1_000]),
        flush_interval_ms: *rng.pick(&[5, 500, 5_000]),
        ..State::default()
    };
    ActorSettings { actors, state, journal, ..ActorSettings::default() }
}

impl World {
    fn new(rng: Rng) -> Self {
        let shards = *rng.pick(&[1, 2, 4, 16]);
        let settings = small_settings(&rng);
        let store = Arc::new(MemoryStateStore::default());
        let (shop, time) = (Shop::new(rng, shards, 1), Arc::new(AtomicI64::new(EPOCH.0)));
        Self { shop, store, time, settings, backups: None }
    }

    /// The shop that an export is, without its shoppers.
    fn restored(&self, Export { storage, books }: Export) -> Self {
        let (orders, skus, rng) = (self.shop.orders.clone(), self.shop.skus.clone(), self.shop.rng.clone());
        let shop = Shop { orders, skus, scripts: Vec::new(), storage, books, ..Shop::new(rng, 1, 1) };
        let store = Arc::new(MemoryStateStore::default());
        Self { shop, store, time: self.time.clone(), settings: self.settings.clone(), backups: None }
    }

    /// Stock and orders agree, and what is sold is paid; the number of orders.
    fn sold_out(&self, broken: &mut Vec<String>) -> u64 {
        let models = checks::fold(&self.shop.storage);
        let orders = checks::orders(&models);
        reckoning::stock_and_orders(&models, &orders, broken);
        reckoning::numbers(&orders, broken);
        let captured = backup::captured(&self.shop.books);
        let sold = orders.iter().filter(|order| reckoning::sold(order)).filter_map(|order| order.placement.clone());
        let unpaid = sold.clone().filter(|placed| captured.get(&placed.order) != Some(&placed.totals.total.amount));
        broken.extend(unpaid.map(|placed| format!("order {} is sold and not paid", placed.order)));
        sold.count() as u64
    }

    /// One life of the process. A crash drops the runtime: every task ends at the await where it stands.
    fn incarnation(&self, mix: Mix, crashes: bool) -> Vec<String> {
        let tokio = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let broken = tokio.block_on(async {
            // The timer's first tick: from here on the paused clock stands on whole ticks, whatever real
            // time passed while the runtime was built. Without it equal seeds could round differently.
            sleep(Duration::from_millis(10)).await;
            let life = self.live(mix, crashes);
            if !crashes {
                return life.await;
            }
            tokio::select! {
                biased;
                broken = life => broken,
                () = self.doom() => Vec::new(),
            }
        });
        drop(tokio);
        broken
    }

    /// Some time, and then some turns of the scheduler: so any await may be the last one.
    async fn doom(&self) {
        let rng = &self.shop.rng;
        let within = *rng.pick(&[200, 5_000, 60_000, 900_000]);
        sleep(rng.millis(within)).await;
        for _ in 0..rng.below(300) {
            tokio::task::yield_now().await;
        }
    }

    async fn live(&self, mix: Mix, faulty: bool) -> Vec<String> {
        let (shop, rng, weather) = (&self.shop, self.shop.rng.clone(), Weather::new(mix));
        let plan = Arc::new(Plan { rng: rng.clone(), weather: weather.clone() });
        let provider = Provider { books: shop.books.clone(), rng: rng.clone(), weather: weather.clone() };
        let (post, storage) = (shop.post.clone(), shop.storage.clone());
        let mails =
            Server { post, storage, rng: rng.clone(), weather: weather.clone(), alone: true, told: Mutex::default() };
        let (seen, went_back) = (shop.viewers[0].clone(), shop.went_back.clone());
        let observer = Observer { seen, newest: Mutex::new(HashMap::new()), went_back };
        // A projection comes, goes and changes its version from one life to the next.
        let version = rng.below(3) as u32;
        let demand = (version > 0).then(|| Demand::of(version));
        let projections = Demand::beside_the_shops((version > 0).then_some(version));
        let ids = rng.clone();
        let clock = Arc::new(PausedClock::resume(self.time.clone()).with_ids(move || ids.uuid()));
        let parts = Parts {
            journal: Arc::new(MemoryJournal::open(shop.storage.clone(), plan.clone())),
            store: self.store.clone(),
            projections,
            listener: Arc::new(observer),
            clock: clock.clone(),
            connectors: vec![provider.registered(), mails.registered(clock.clone())],
            transport: {
                let rng = rng.clone();
                Box::new(move |local| Arc::new(Network { local, rng, weather }))
            },
            placement: Arc::new(SingleNode::new(self.settings.node.clone(), shop.storage.shards())),
            probe: plan,
            settings: self.settings.clone(),
        };
        let (runtime, gateway) = match Runtime::start(parts).await {
            Ok(started) => started,
            Err(error) => return vec![format!("the shop does not start: {error}")],
        };
        let door = Door::here(gateway.clone());
        tokio::spawn(provider::pump(shop.books.clone(), door.clone(), rng.clone()));
        let backups = self
            .backups
            .clone()
            .map(|taken| tokio::spawn(backup::take(shop.storage.clone(), shop.books.clone(), rng.clone(), taken)));
        let reach = Reach { door, acks: shop.acks.clone(), clock, rng };
        let clients: Vec<_> =
            shop.scripts.iter().map(|script| tokio::spawn(play(script.clone(), reach.clone()))).collect();
        for client in clients {
            if let Err(panic) = client.await {
                return vec![format!("a client stopped: {panic}")];
            }
        }
        if let Some(backups) = backups {
            backups.abort();
        }
        if faulty {
            // All clients are done, the shop still performs pending effects: the crash may come now, too.
            std::future::pending::<()>().await;
        }
        let mut broken = self.settle(&gateway).await;
        runtime.drain(Duration::from_secs(5)).await;
        for projection in demand.iter().chain([&Demand::steady()]) {
            broken.extend(projection.wrong(&*self.store, &gateway));
        }
        broken
    }

    /// G4: without faults, everything settles within the time limits of holds and payments.
    async fn settle(&self, gateway: &Gateway) -> Vec<String> {
        let mut open = Vec::new();
        for _ in 0..120 {
            sleep(Duration::from_secs(60)).await;
            open = checks::unsettled(&self.shop, gateway);
            if open.is_empty() {
                return Vec::new();
            }
        }
        open
    }
}
