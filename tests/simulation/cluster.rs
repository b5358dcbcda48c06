//! One seed of a cluster: two or three nodes on one storage, clients at every node, and everything that can part them.
//!
//! Deliberately small: stock counters only. What a whole shop does is `world`'s; here it is who may write and read.

use std::{
    collections::BTreeMap,
    num::NonZeroU32,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use souk::{
    actors::{
        gateway::{Call, Gateway},
        ports::{
            Placement, Transport,
            journal::{Entry, NodeId, Shard},
        },
        runtime::{Parts, Runtime},
        settings::ActorSettings,
    },
    domain::{
        entity::Entity,
        ids::CommandId,
        key::EntityKey,
        stock::{Stock, StockCommand},
    },
    persistence::{
        memory_journal::{MemoryJournal, MemoryStorage},
        state_store::MemoryStateStore,
    },
};
use tokio::time::{Instant, sleep};

use crate::{
    clock::{Epoch, SimClock},
    cluster_parts::{Line, Net, Stall, Unfenced, View},
    faults::{Mix, Plan},
    observer::Observer,
    rng::Rng,
};

const SKUS: [&str; 4] = ["A", "B", "C", "D"];
const LEASE: Duration = Duration::from_secs(2);

pub struct Run {
    pub log: String,
    pub acknowledged: u64,
    pub claims: u64,
}

struct Node {
    name: NodeId,
    runtime: Runtime,
    gateway: Gateway,
    view: Arc<View>,
    stall: Arc<Stall>,
}

struct Cluster {
    rng: Rng,
    storage: MemoryStorage,
    net: Net,
    epoch: Epoch,
    fences: bool,
    /// What clients use; a client picks anew for each try.
    gateways: Arc<Mutex<Vec<Gateway>>>,
    /// Acknowledged units by SKU, and what went wrong.
    acked: Arc<Mutex<BTreeMap<&'static str, u64>>>,
    acks: Arc<Mutex<Vec<(EntityKey, CommandId, u64)>>>,
    broken: Arc<Mutex<Vec<String>>>,
}

pub fn run(seed: u64, fences: bool) -> Result<Run, Vec<String>> {
    let tokio = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    tokio.block_on(async {
        sleep(Duration::from_millis(10)).await;
        let rng = Rng::new(seed ^ 0xc1);
        let storage = MemoryStorage::new(rng.uuid(), *rng.pick(&[1, 2, 4]));
        let net = Net {
            serving: Arc::new(Mutex::new(vec![Vec::new(); usize::from(storage.shards())])),
            doors: Arc::default(),
            faulty: Arc::new(AtomicBool::new(true)),
            rng: rng.clone(),
        };
        let (gateways, acked, acks, broken) = (Arc::default(), Arc::default(), Arc::default(), Arc::default());
        Cluster { rng, storage, net, epoch: Epoch::new(), fences, gateways, acked, acks, broken }.live().await
    })
}

impl Cluster {
    async fn live(self) -> Result<Run, Vec<String>> {
        let mix = Mix { full: 0, poison: 0, ..Mix::draw(&self.rng) };
        let mut nodes = Vec::new();
        for n in 0..2 + self.rng.below(2) {
            nodes.push(self.start(n, 0, &mix).await);
        }
        self.agree(&nodes);
        self.publish(&nodes);
        let clients: Vec<_> = (0..4).map(|n| tokio::spawn(self.client(SKUS[n]))).collect();
        for life in 1..=3 + self.rng.below(6) {
            sleep(self.rng.millis(6_000)).await;
            let n = self.rng.below(nodes.len() as u64) as usize;
            match self.rng.below(6) {
                0 => self.agree(&nodes),
                1 | 2 => self.confuse(&nodes, n),
                3 => *nodes[n].stall.until.lock().unwrap() = Instant::now() + self.rng.millis(8_000),
                4 => drop(nodes[n].view.cut.fetch_not(Ordering::Relaxed)),
                _ => {
                    let old = nodes.remove(n);
                    if self.rng.one_in(2) {
                        old.runtime.hand_over(Duration::from_secs(5)).await;
                    }
                    self.net.doors.lock().unwrap().retain(|(node, _)| *node != old.name);
                    self.net.serving.lock().unwrap().iter_mut().for_each(|all| all.retain(|node| *node != old.name));
                    old.runtime.stop().await;
                    nodes.insert(n, self.start(n as u64, life, &mix).await);
                    self.publish(&nodes);
                    self.agree(&nodes);
                }
            }
        }
        self.net.faulty.store(false, Ordering::Relaxed);
        nodes.iter().for_each(|node| node.view.cut.store(false, Ordering::Relaxed));
        self.agree(&nodes);
        for client in clients {
            if tokio::time::timeout(Duration::from_secs(600), client).await.is_err() {
                self.broke("a client was not answered within ten minutes of the cluster's healing".into());
            }
        }
        self.settle(&nodes).await;
        let log = self.check();
        for node in nodes {
            node.runtime.stop().await;
        }
        let broken = std::mem::take(&mut *self.broken.lock().unwrap());
        let claims = log.lines().filter(|line| line.contains("Claimed")).count() as u64;
        let acknowledged = self.acks.lock().unwrap().len() as u64;
        if broken.is_empty() { Ok(Run { log, acknowledged, claims }) } else { Err(broken) }
    }

    fn broke(&self, line: String) {
        self.broken.lock().unwrap().push(line);
    }

    fn publish(&self, nodes: &[Node]) {
        *self.gateways.lock().unwrap() = nodes.iter().map(|node| node.gateway.clone()).collect();
    }

    async fn start(&self, n: u64, life: u64, mix: &Mix) -> Node {
        let name = NodeId(format!("n{n}#{life}").into());
        let view = Arc::new(View::new(name.clone(), self.storage.shards()));
        let plan = Plan { rng: self.rng.clone(), mix: mix.clone() };
        let stall = Arc::new(Stall { plan, until: Mutex::new(Instant::now()) });
        let journal = MemoryJournal::open(self.storage.clone(), stall.clone());
        let (net, me, seen) = (self.net.clone(), name.clone(), view.clone());
        let observer =
            Observer { seen: Default::default(), newest: Default::default(), went_back: self.broken.clone() };
        let parts = Parts {
            journal: if self.fences { Arc::new(journal) } else { Arc::new(Unfenced(journal)) },
            store: Arc::new(MemoryStateStore::default()),
            fold: Arc::new(observer),
            clock: Arc::new(SimClock::start(self.epoch.clone(), self.rng.clone())),
            providers: Vec::new(),
            transport: Box::new(move |local| {
                net.doors.lock().unwrap().push((me.clone(), local));
                Arc::new(Line { net, me, view: seen }) as Arc<dyn Transport>
            }),
            placement: view.clone() as Arc<dyn Placement>,
            probe: stall.clone(),
            settings: ActorSettings { node: name.clone(), lease: Some(LEASE), ..ActorSettings::default() },
        };
        let (runtime, gateway) = Runtime::start(parts).await.unwrap_or_else(|error| panic!("{error}"));
        Node { name, runtime, gateway, view, stall }
    }

    /// Everybody sees the same, and the truth.
    fn agree(&self, nodes: &[Node]) {
        let alive: Vec<_> = nodes.iter().map(|node| node.name.clone()).collect();
        let owners: Vec<_> = (0..self.storage.shards()).map(|_| Some(self.rng.pick(&alive).clone())).collect();
        nodes.iter().for_each(|node| node.view.set(owners.clone(), alive.clone()));
    }

    /// One node thinks that it is alone, and everything is its own: two owners, soon.
    fn confuse(&self, nodes: &[Node], n: usize) {
        let me = nodes[n].name.clone();
        nodes[n].view.set(vec![Some(me.clone()); usize::from(self.storage.shards())], vec![me]);
    }

    /// Receives units with fixed ids until each is acknowledged, and reads strongly: never less than was acknowledged.
    fn client(&self, sku: &'static str) -> impl Future<Output = ()> + use<> {
        let (rng, gateways, acked) = (self.rng.clone(), self.gateways.clone(), self.acked.clone());
        let (acks, broken) = (self.acks.clone(), self.broken.clone());
        let base = rng.uuid();
        async move {
            let any = || rng.pick(&gateways.lock().unwrap()).clone();
            for step in 0..12 {
                let command_id = CommandId::derive(base, &step.to_string());
                loop {
                    sleep(rng.millis(900)).await;
                    let floor = acked.lock().unwrap().get(sku).copied().unwrap_or(0);
                    if let Ok(answer) = any().read::<Stock>(sku, Duration::from_secs(4)).await
                        && answer.view.received < floor
                    {
                        let line =
                            format!("a stale read: {} of {sku}, {floor} were acknowledged", answer.view.received);
                        broken.lock().unwrap().push(line);
                    }
                    let call = Call {
                        command_id,
                        by: "user:simulated".into(),
                        expected_version: None,
                        fingerprint: 7,
                        within: Duration::from_secs(5),
                    };
                    let units = NonZeroU32::MIN;
                    let command = StockCommand::Receive { units, reference: Some("delivery".into()) };
                    if let Ok(answer) = any().ask::<Stock>(sku, command, call).await {
                        *acked.lock().unwrap().entry(sku).or_default() += 1;
                        acks.lock().unwrap().push((EntityKey::new(Stock::KIND, sku), command_id, answer.version));
                        break;
                    }
                }
            }
        }
    }

    /// Healed: each shard is served by one node, and every node shows the same.
    async fn settle(&self, nodes: &[Node]) {
        for _ in 0..60 {
            sleep(Duration::from_secs(1)).await;
            if self.net.serving.lock().unwrap().iter().all(|owners| owners.len() == 1) {
                break;
            }
        }
        let serving = self.net.serving.lock().unwrap().clone();
        if serving.iter().any(|owners| owners.len() != 1) {
            self.broke(format!("not each shard is served by one node: {serving:?}"));
        }
        for sku in SKUS {
            let mut views = Vec::new();
            for node in nodes {
                let _ = node.gateway.caught_up(Duration::from_secs(30)).await;
                views.push(format!("{:?}", node.gateway.peek_any(&EntityKey::new(Stock::KIND, sku))));
            }
            if views.iter().any(|view| *view != views[0]) {
                self.broke(format!("nodes show different views of {sku}: {views:?}"));
            }
        }
    }

    /// Everything in the log as text, after one writer between two claims, each acknowledged once, none lost.
    fn check(&self) -> String {
        let mut lines = Vec::new();
        let mut stored: BTreeMap<(EntityKey, CommandId), Vec<u64>> = BTreeMap::new();
        for shard in 0..self.storage.shards() {
            let mut writer = (0, None);
            for record in self.storage.records(Shard(shard)) {
                let here = (record.epoch, Some(record.node.clone()));
                match &record.entry {
                    Entry::Claimed if record.epoch > writer.0 => writer = here,
                    Entry::Released if here == writer => {}
                    Entry::Batch(batch) if here == writer => batch.commits.iter().for_each(|commit| {
                        stored.entry((commit.key.clone(), commit.command_id)).or_default().push(commit.version);
                    }),
                    Entry::Claimed | Entry::Released | Entry::Batch(_) => {
                        self.broke(format!("{record:?} under {writer:?}"))
                    }
                }
                lines.push(format!("{record:?}"));
            }
        }
        for (key, id, version) in self.acks.lock().unwrap().iter() {
            match stored.get(&(key.clone(), *id)).map(Vec::as_slice) {
                None | Some([]) => self.broke(format!("acknowledged and lost: {key} at {version}")),
                Some([_]) => {}
                Some(twice) => self.broke(format!("{key}: one command, versions {twice:?}")),
            }
        }
        lines.join("\n")
    }
}
