//! One seed: a shop's whole life, from its goods' arrival through its crashes to its rest.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use souk::{
    actors::{
        gateway::Gateway,
        ports::StateStore,
        runtime::{Parts, Runtime},
        settings::ActorSettings,
    },
    domain::{
        ids::{CartId, CommandId, FulfilmentId, OrderId, PaymentId, RefundId, Sku, UserId},
        order::Move,
        stock::StockCommand,
    },
    persistence::{
        memory_journal::{MemoryJournal, MemoryStorage},
        state_store::MemoryStateStore,
    },
    transport::alone::Alone,
};
use tokio::time::sleep;

use crate::{
    checks,
    clients::{Acks, Script, Step, play},
    clock::{Epoch, SimClock},
    faults::{Mix, Plan},
    network::Network,
    observer::{Observer, Seen},
    provider::{self, Books, Provider},
    rng::Rng,
};

/// Everything that outlives a crash.
pub struct World {
    pub rng: Rng,
    pub storage: MemoryStorage,
    pub store: Arc<dyn StateStore>,
    pub books: Books,
    pub acks: Acks,
    pub seen: Seen,
    pub went_back: Arc<Mutex<Vec<String>>>,
    pub scripts: Vec<Arc<tokio::sync::Mutex<Script>>>,
    pub orders: Vec<OrderId>,
    pub skus: Vec<Sku>,
    epoch: Epoch,
    settings: ActorSettings,
}

pub struct Run {
    pub journal: String,
    pub totals: Totals,
}

#[derive(Debug, Default)]
pub struct Totals {
    pub crashes: u64,
    pub acknowledged: u64,
    pub verified: u64,
    pub unsold: u64,
    pub records: u64,
}

impl Totals {
    pub fn add(&mut self, other: &Self) {
        self.crashes += other.crashes;
        self.acknowledged += other.acknowledged;
        self.verified += other.verified;
        self.unsold += other.unsold;
        self.records += other.records;
    }

    /// A simulation in which nothing is sold, nothing refused or nothing crashes proves nothing.
    pub fn assert_something_happened(&self) {
        assert!(self.crashes > 0 && self.acknowledged > 0 && self.verified > 0 && self.unsold > 0, "{self:?}");
    }
}

pub fn run(seed: u64) -> Result<Run, Vec<String>> {
    let rng = Rng::new(seed);
    let mut world = World::new(rng.clone());
    let crashes = rng.below(4);
    for _ in 0..crashes {
        world.incarnation(Mix::draw(&rng), true);
        if rng.one_in(3) {
            world.store = Arc::new(MemoryStateStore::default());
        }
    }
    let mut broken = world.incarnation(Mix::none(), false);
    broken.extend(world.went_back.lock().unwrap().drain(..));
    let mut totals = checks::check(&world, &mut broken);
    totals.crashes = crashes;
    let journal = checks::fingerprint(&world.storage);
    if broken.is_empty() { Ok(Run { journal, totals }) } else { Err(broken) }
}

impl World {
    fn new(rng: Rng) -> Self {
        let shards = *rng.pick(&[1, 2, 4, 16]);
        let mut settings = ActorSettings {
            resident_max: *rng.pick(&[2, 8, 1_000]),
            idle_timeout: *rng.pick(&[Duration::from_millis(40), Duration::from_secs(3), Duration::from_secs(120)]),
            batch_bytes_max: *rng.pick(&[300, 2_000, 256 * 1024]),
            tail_cache_max: *rng.pick(&[1, 10, 1_000]),
            flush_interval: *rng.pick(&[Duration::from_millis(5), Duration::from_millis(500), Duration::from_secs(5)]),
            alarm_poll: *rng.pick(&[Duration::from_millis(250), Duration::from_secs(2)]),
            ..ActorSettings::default()
        };
        settings.shard_inflight_max = *rng.pick(&[2, 8, 8_192]);
        settings.entity_inflight_max = *rng.pick(&[1, 4, 1_024]);
        let mut world = Self {
            storage: MemoryStorage::new(rng.uuid(), shards),
            store: Arc::new(MemoryStateStore::default()),
            books: Books::default(),
            acks: Acks::default(),
            seen: Seen::default(),
            went_back: Arc::default(),
            scripts: Vec::new(),
            orders: Vec::new(),
            skus: Vec::new(),
            epoch: Epoch::new(),
            settings,
            rng,
        };
        world.people();
        world
    }

    fn people(&mut self) {
        let rng = self.rng.clone();
        let skus: Vec<Sku> = (0..1 + rng.below(4)).map(|n| Sku::parse(&format!("SKU{n}")).unwrap()).collect();
        for sku in &skus {
            let mut steps = Vec::new();
            for _ in 0..1 + rng.below(3) {
                let units = std::num::NonZeroU32::new(1 + rng.below(6) as u32).unwrap();
                let receive = StockCommand::Receive { units, reference: Some("delivery".into()) };
                let adjust = StockCommand::Adjust { delta: rng.below(5) as i64 - 2, reason: "count".into() };
                for command in [receive, adjust, StockCommand::SetThreshold { units: rng.below(5) as u32 }] {
                    steps.push(Step::Stock { sku: sku.clone(), command });
                    steps.push(Step::Pause(rng.millis(3_000)));
                }
            }
            self.script(steps);
        }
        for _ in 0..2 + rng.below(9) {
            self.shopper(&rng, &skus);
        }
        self.skus = skus;
    }

    fn shopper(&mut self, rng: &Rng, skus: &[Sku]) {
        let (user, cart) = (UserId(rng.uuid()), CartId(rng.uuid()));
        let (order, payment) = (OrderId(rng.uuid()), PaymentId(rng.uuid()));
        let wanted = 1 + rng.below(skus.len() as u64) as usize;
        let lines: Vec<_> = skus[..wanted].iter().map(|sku| (sku.clone(), 1 + rng.below(2) as u32)).collect();
        let pause = |ms| Step::Pause(rng.millis(ms));
        let mut steps = vec![
            pause(6_000),
            Step::Fill { cart, user, lines: lines.clone() },
            Step::Place { order, user, cart, lines: lines.clone() },
            pause(if rng.one_in(6) { 700_000 } else { 4_000 }),
        ];
        let tokens = ["tok_ok", "tok_ok", "tok_ok", "tok_declined", "tok_requires_action"];
        if !rng.one_in(6) {
            steps.push(Step::Pay { order, payment, token: rng.pick::<&'static str>(&tokens) });
            steps.push(pause(8_000));
        }
        match rng.below(6) {
            0 => steps.push(Step::Move { order, to: Move::Cancelled }),
            1 => steps.push(Step::Pay { order, payment: PaymentId(rng.uuid()), token: "tok_ok" }),
            2 => {
                steps.extend([pause(20_000), Step::Move { order, to: Move::Processing }]);
                steps.push(Step::Ship { order, fulfilment: FulfilmentId(rng.uuid()), lines });
            }
            3 => steps.extend([pause(20_000), Step::Refund { payment, refund: RefundId(rng.uuid()), amount: 100 }]),
            _ => {}
        }
        self.orders.push(order);
        self.script(steps);
    }

    fn script(&mut self, steps: Vec<Step>) {
        let script = Script { id: CommandId(self.rng.uuid()), steps, at: 0, placement: None };
        self.scripts.push(Arc::new(tokio::sync::Mutex::new(script)));
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
        let within = *self.rng.pick(&[200, 5_000, 60_000, 900_000]);
        sleep(self.rng.millis(within)).await;
        for _ in 0..self.rng.below(300) {
            tokio::task::yield_now().await;
        }
    }

    async fn live(&self, mix: Mix, faulty: bool) -> Vec<String> {
        let plan = Arc::new(Plan { rng: self.rng.clone(), mix: mix.clone() });
        let provider = Provider { books: self.books.clone(), rng: self.rng.clone(), mix: mix.clone() };
        let observer =
            Observer { seen: self.seen.clone(), newest: Mutex::new(HashMap::new()), went_back: self.went_back.clone() };
        let rng = self.rng.clone();
        let parts = Parts {
            journal: Arc::new(MemoryJournal::open(self.storage.clone(), plan.clone())),
            store: self.store.clone(),
            fold: Arc::new(observer),
            clock: Arc::new(SimClock::start(self.epoch.clone(), self.rng.clone())),
            providers: vec![Arc::new(provider)],
            transport: Box::new(move |local| Arc::new(Network { local, rng, mix })),
            placement: Arc::new(Alone::new(self.settings.node.clone(), self.storage.shards())),
            probe: plan,
            settings: self.settings.clone(),
        };
        let (runtime, gateway) = match Runtime::start(parts).await {
            Ok(started) => started,
            Err(error) => return vec![format!("the shop does not start: {error}")],
        };
        tokio::spawn(provider::pump(self.books.clone(), gateway.clone(), self.rng.clone()));
        let play = |script: &Arc<tokio::sync::Mutex<Script>>| {
            tokio::spawn(play(script.clone(), gateway.clone(), self.acks.clone(), self.rng.clone()))
        };
        let clients: Vec<_> = self.scripts.iter().map(play).collect();
        for client in clients {
            if let Err(panic) = client.await {
                return vec![format!("a client stopped: {panic}")];
            }
        }
        if faulty {
            // Everybody is done, the shop still works on what it owes: the crash may come now, too.
            std::future::pending::<()>().await;
        }
        let broken = self.settle(&gateway).await;
        runtime.drain(Duration::from_secs(5)).await;
        broken
    }

    /// G4: left alone, everything comes to rest within the time that holds and payments are given.
    async fn settle(&self, gateway: &Gateway) -> Vec<String> {
        let mut open = Vec::new();
        for _ in 0..120 {
            sleep(Duration::from_secs(60)).await;
            open = checks::unsettled(self, gateway);
            if open.is_empty() && self.books.webhooks.lock().unwrap().is_empty() {
                return Vec::new();
            }
        }
        open
    }
}
