//! The runtime's surroundings in a test: a journal whose appends can be held back or made to fail, a
//! clock on tokio's paused time, a poison for chosen commands; and the verbs of a stock keeper.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex},
    time::Duration,
};

use futures::{FutureExt, StreamExt, future::BoxFuture};
pub use souk::testing::units;
use souk::{
    actors::{
        gateway::{Asked, Call, Gateway},
        listener::{Change, Listener},
        ports::{
            Clock, ConnectorEntry, StateStore,
            journal::{
                AppendError, Batch, Claim, Commit, Entry, Journal, JournalError, NodeId, Record, RecordName, Records,
                Seq, Shard,
            },
        },
        probe::Probe,
        projection::{ProjectionLine, Projections},
        runtime::{Parts, Runtime},
        settings::ActorSettings,
    },
    domain::{
        ids::{CommandId, OrderId},
        key::EntityKey,
        kinds::Kind,
        stock::{Stock, StockCommand},
        time::Timestamp,
    },
    persistence::{
        envelope,
        memory_journal::{AppendFault, FaultPlan, MemoryJournal, MemoryStorage, Outcome},
        state_store::MemoryStateStore,
    },
    testing::{self, InFront, PausedClock},
    transport::{loopback::Loopback, single_node::SingleNode},
};
use tokio::sync::watch;
use uuid::Uuid;

pub const SHARDS: u16 = 2;
pub const WITHIN: Duration = Duration::from_secs(30);

/// The state that outlives a runtime.
#[derive(Clone)]
pub struct Stage {
    pub storage: MemoryStorage,
    pub store: Arc<dyn StateStore>,
    pub projections: Projections,
    pub settings: ActorSettings,
    pub connectors: Vec<ConnectorEntry>,
    pub gate: Arc<Gate>,
    pub poison: Arc<Poison>,
    pub told: Arc<Told>,
    pub clock: Arc<PausedClock>,
    /// Whether the journal names its records, as one does whose logs have several copies.
    pub named: bool,
}

pub struct Life {
    pub runtime: Runtime,
    pub gateway: Gateway,
}

impl Stage {
    pub fn new() -> Self {
        Self {
            storage: MemoryStorage::new(Uuid::from_u128(7), SHARDS),
            store: Arc::new(MemoryStateStore::default()),
            projections: souk::shop::projections(&Default::default()).into(),
            settings: ActorSettings::default(),
            connectors: Vec::new(),
            gate: Arc::new(Gate::default()),
            poison: Arc::default(),
            told: Arc::default(),
            clock: Arc::new(PausedClock::start()),
            named: false,
        }
    }

    /// Returns when every shard serves, so that commands are decided in the order of sending.
    pub async fn start(&self) -> Life {
        let life = self.start_now().await;
        eventually("every shard serves", || life.gateway.ready().is_ok()).await;
        life
    }

    pub async fn start_now(&self) -> Life {
        let inner = MemoryJournal::open(self.storage.clone(), self.gate.clone());
        let parts = Parts {
            journal: Arc::new(Gated { inner, gate: self.gate.clone(), named: self.named }),
            store: self.store.clone(),
            projections: self.projections.clone(),
            listener: self.told.clone(),
            clock: self.clock.clone(),
            connectors: self.connectors.clone(),
            transport: Box::new(|local| Arc::new(Loopback::new(local))),
            placement: Arc::new(SingleNode::new(self.settings.node.clone(), SHARDS)),
            probe: self.poison.clone(),
            settings: self.settings.clone(),
        };
        let (runtime, gateway) = Runtime::start(parts).await.expect("the runtime starts");
        Life { runtime, gateway }
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Every commit of one SKU as the log has it.
    pub fn log_of(&self, sku: &str) -> Vec<Commit> {
        let key = EntityKey::new(Kind::Stock, sku);
        let records = self.storage.records(Shard(key.shard_of(SHARDS)));
        let commits = records.iter().filter_map(|record| match &record.entry {
            Entry::Batch(batch) => Some(batch.commits.iter().filter(|commit| commit.key == key).cloned()),
            Entry::Claimed | Entry::Released => None,
        });
        commits.flatten().collect()
    }
}

/// Ten minutes of paused time: a condition that never comes fails at once in real time.
pub async fn eventually(what: &str, condition: impl Fn() -> bool) {
    testing::eventually(what, Duration::from_secs(600), async || condition()).await;
}

/// One projection's, of `/api/cluster`.
pub fn line(gateway: &Gateway, name: &str) -> ProjectionLine {
    gateway.projections().into_iter().find(|line| line.name == name).expect("it is registered")
}

pub fn id(n: u128) -> CommandId {
    CommandId(Uuid::from_u128(n))
}

pub fn order(n: u128) -> OrderId {
    OrderId(Uuid::from_u128(n))
}

pub fn call(n: u128) -> Call {
    Call { command_id: id(n), by: "test".into(), expected_version: None, fingerprint: None, within: WITHIN }
}

pub fn receipt(n: u32) -> StockCommand {
    StockCommand::Receive { units: units(n), reference: None }
}

pub async fn ask(gateway: &Gateway, sku: &str, command: StockCommand, call: Call) -> Asked<Stock> {
    gateway.ask::<Stock>(sku, command, call).await
}

pub async fn receive(gateway: &Gateway, sku: &str, n: u128, quantity: u32) -> Asked<Stock> {
    ask(gateway, sku, receipt(quantity), call(n)).await
}

/// `count` SKUs that one shard owns.
pub fn skus_of(shard: u16, count: usize) -> Vec<String> {
    let all = (0..).map(|n| format!("SKU{n}"));
    all.filter(|sku| EntityKey::new(Kind::Stock, sku).shard_of(SHARDS) == shard).take(count).collect()
}

/// Holds appends back, and says how they end.
pub struct Gate {
    open: watch::Sender<bool>,
    /// Appends that stand before the gate.
    pub parked: watch::Sender<usize>,
    /// How the next appends end; when it is empty, well.
    pub outcomes: Mutex<VecDeque<Outcome>>,
    /// While set, a range ends one record early, as on a server that does not know the newest ones.
    pub short: watch::Sender<bool>,
    /// While set, nothing can be written at all.
    pub full: watch::Sender<bool>,
    /// While set, only what was accepted may be written.
    pub tight: watch::Sender<bool>,
    /// Commits of each append, in order.
    pub batches: Mutex<Vec<usize>>,
}

impl Default for Gate {
    fn default() -> Self {
        Self {
            open: watch::Sender::new(true),
            parked: watch::Sender::new(0),
            outcomes: Mutex::default(),
            short: watch::Sender::new(false),
            full: watch::Sender::new(false),
            tight: watch::Sender::new(false),
            batches: Mutex::default(),
        }
    }
}

impl Gate {
    pub fn close(&self) {
        self.open.send_replace(false);
    }

    pub fn open(&self) {
        self.open.send_replace(true);
    }

    pub fn next(&self, outcomes: impl IntoIterator<Item = Outcome>) {
        self.outcomes.lock().unwrap().extend(outcomes);
    }

    /// Waits until an append is held at this gate.
    pub async fn reached(&self) {
        self.parked.subscribe().wait_for(|parked| *parked > 0).await.expect("the gate is here");
    }

    async fn pass(&self) {
        self.parked.send_modify(|parked| *parked += 1);
        self.open.subscribe().wait_for(|open| *open).await.expect("the gate is here");
        self.parked.send_modify(|parked| *parked -= 1);
    }
}

impl FaultPlan for Gate {
    fn append(&self, _: Shard, _: Seq) -> AppendFault {
        let full = if *self.full.borrow() { Some(Outcome::Full) } else { None };
        let outcome = full.or_else(|| self.outcomes.lock().unwrap().pop_front()).unwrap_or_default();
        AppendFault { outcome, ..AppendFault::default() }
    }

    fn claim(&self, _: Shard, _: &NodeId) -> AppendFault {
        let outcome = if *self.full.borrow() { Outcome::Full } else { Outcome::Stored };
        AppendFault { outcome, ..AppendFault::default() }
    }

    fn tight(&self) -> Option<Arc<str>> {
        self.tight.borrow().then(|| "the plan says so".into())
    }
}

/// The memory journal behind the gate.
struct Gated {
    inner: MemoryJournal,
    gate: Arc<Gate>,
    named: bool,
}

impl Gated {
    fn named(&self, records: Records) -> Records {
        let named = self.named;
        records.map(move |record| record.map(|record| if named { with_name(&record) } else { record })).boxed()
    }
}

pub fn name_of(record: &Record) -> RecordName {
    RecordName(crc32fast::hash(&envelope::encode(record).expect("it encodes")))
}

fn with_name(record: &Record) -> Arc<Record> {
    Arc::new(Record { name: Some(name_of(record)), ..record.clone() })
}

impl InFront for Gated {
    fn behind(&self) -> &dyn Journal {
        &self.inner
    }

    fn append(&self, claim: Claim, after: Seq, batch: Arc<Batch>) -> BoxFuture<'_, Result<Seq, AppendError>> {
        async move {
            self.gate.batches.lock().unwrap().push(batch.commits.len());
            self.gate.pass().await;
            self.inner.append(claim, after, batch).await
        }
        .boxed()
    }

    fn read(&self, shard: Shard, from: Seq) -> Records {
        self.named(self.inner.read(shard, from))
    }

    fn name(&self, shard: Shard, seq: Seq) -> BoxFuture<'_, Result<Option<RecordName>, JournalError>> {
        let records = self.inner.storage().records(shard);
        let there = usize::try_from(seq).ok().and_then(|seq| records.get(seq.checked_sub(1)?).cloned());
        std::future::ready(Ok(there.filter(|_| self.named).map(|record| name_of(&record)))).boxed()
    }

    fn read_range(&self, shard: Shard, from: Seq, to: Seq) -> Records {
        let hidden = Seq::from(*self.gate.short.borrow());
        self.named(self.inner.read_range(shard, from, to - hidden))
    }
}

/// Panics for the listed commands, and counts how often.
#[derive(Default)]
pub struct Poison {
    pub commands: Mutex<HashMap<CommandId, u32>>,
}

impl Poison {
    pub fn add(&self, command: CommandId) {
        self.commands.lock().unwrap().insert(command, 0);
    }

    pub fn kills(&self, command: CommandId) -> u32 {
        self.commands.lock().unwrap()[&command]
    }
}

impl Probe for Poison {
    fn before_decide(&self, key: &EntityKey, command: CommandId) {
        let poisoned = self.commands.lock().unwrap().get_mut(&command).map(|kills| *kills += 1).is_some();
        assert!(!poisoned, "poisoned by the test: {key}");
    }
}

/// What live viewers are told.
#[derive(Default)]
pub struct Told(pub Mutex<Vec<(EntityKey, u64)>>);

impl Listener for Told {
    fn interested(&self, _: &EntityKey) -> bool {
        true
    }
    fn committed(&self, changes: &[Change]) {
        self.0.lock().unwrap().extend(changes.iter().map(|change| (change.key.clone(), change.version)));
    }
}
