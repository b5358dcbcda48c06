//! One life of one node: its machine, its line, and the whole engine on it, put together as `souk serve` does it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, OnceLock},
    time::Duration,
};

use souk::{
    actors::{
        gateway::Gateway,
        ports::{Clock, StateStore, journal::NodeId},
        runtime::{Parts, Runtime},
        settings::ActorSettings,
    },
    domain::time::Timestamp,
    persistence::memory_journal::MemoryJournal,
    testing::FixedClock,
    transport::members::Members,
};
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::{
    door::Way,
    faults::{Plan, Weather},
    line::Net,
    link::Link,
    machine::Machine,
    observer::Observer,
    post::Server,
    provider::Provider,
    remote_journal::{RemoteJournal, Servers},
    rng::Rng,
    shop::Shop,
    signs::{Bucket, Signs, TIMES},
};

/// The state shared by all nodes of a cluster.
#[derive(Clone)]
pub struct Site {
    pub rng: Rng,
    /// Of all machines alike, as NTP keeps them; what a node measures by its own timer is not.
    pub wall: Arc<FixedClock>,
    /// By how many milliseconds each place's clock is ahead of it, where NTP does not.
    pub ahead: Vec<i64>,
    pub weather: Weather,
    pub servers: Servers,
    pub net: Net,
    pub bucket: Bucket,
    pub settings: ActorSettings,
}

pub struct Node {
    pub name: NodeId,
    pub place: usize,
    pub machine: Machine,
    pub link: Arc<Link>,
    started: Arc<OnceLock<Gateway>>,
    leave: Option<oneshot::Sender<()>>,
    /// The reason of the process's own end.
    ended: Arc<OnceLock<Ended>>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Ended {
    /// Handed over, drained, gone.
    Left,
    DidNotStart(String),
    /// A tail stopped: nothing in a simulation makes one.
    Failed(String),
}

impl Node {
    pub fn start(site: &Site, shop: &Shop, place: usize, life: u64, store: Arc<dyn StateStore>, now: u64) -> Self {
        let name = NodeId(format!("n{place}#{life}").into());
        let (machine, link) = (Machine::boot(&site.rng, now), Arc::new(Link::default()));
        let (leave, leaves) = oneshot::channel();
        let (started, ended) = (Arc::new(OnceLock::new()), Arc::new(OnceLock::new()));
        let ahead = site.ahead.get(place).copied().unwrap_or(0);
        let wall = Arc::new(Ahead { wall: site.wall.clone(), ahead });
        let process = Process { site: site.clone(), name: name.clone(), link: link.clone(), store, wall };
        let observer = Observer {
            seen: shop.viewers[place].clone(),
            newest: Mutex::new(HashMap::new()),
            went_back: shop.went_back.clone(),
        };
        let provider = Provider { books: shop.books.clone(), rng: site.rng.clone(), weather: site.weather.clone() };
        let mails = Server {
            post: shop.post.clone(),
            storage: shop.storage.clone(),
            rng: site.rng.clone(),
            weather: site.weather.clone(),
            alone: false,
            told: Mutex::default(),
        };
        let journal = RemoteJournal {
            journal: MemoryJournal::open(shop.storage.clone(), process.plan()),
            servers: site.servers.clone(),
            link: link.clone(),
        };
        let (up, end) = (started.clone(), ended.clone());
        machine.process.spawn_local(async move {
            let _ = end.set(process.run(journal, observer, (provider, mails), up, leaves).await);
        });
        Self { name, place, machine, link, started, leave: Some(leave), ended }
    }

    /// `None`: it folds logs still.
    pub fn gateway(&self) -> Option<Gateway> {
        self.started.get().cloned()
    }

    pub fn way(&self) -> Option<Way> {
        Some(Way { gateway: self.gateway()?, runtime: Some(self.machine.tokio.handle().clone()) })
    }

    /// As SIGTERM.
    pub fn leave(&mut self) {
        if let Some(leave) = self.leave.take() {
            let _ = leave.send(());
        }
    }

    pub fn ended(&self) -> Option<Ended> {
        self.ended.get().cloned()
    }
}

struct Process {
    site: Site,
    name: NodeId,
    link: Arc<Link>,
    store: Arc<dyn StateStore>,
    wall: Arc<dyn Clock>,
}

/// One machine's clock.
struct Ahead {
    wall: Arc<FixedClock>,
    ahead: i64,
}

impl Clock for Ahead {
    fn now(&self) -> Timestamp {
        self.wall.now().plus_ms(self.ahead)
    }

    fn uuid(&self) -> Uuid {
        self.wall.uuid()
    }
}

impl Process {
    fn plan(&self) -> Arc<Plan> {
        Arc::new(Plan { rng: self.site.rng.clone(), weather: self.site.weather.clone() })
    }

    async fn run(
        self,
        journal: RemoteJournal,
        observer: Observer,
        (provider, mails): (Provider, Server),
        started: Arc<OnceLock<Gateway>>,
        leaves: oneshot::Receiver<()>,
    ) -> Ended {
        let server = self.site.wall.clone();
        let signs = Signs { bucket: self.site.bucket.clone(), link: self.link.clone(), server };
        let shards = journal.journal.storage().shards();
        let members = Members::start(Arc::new(signs), self.name.clone(), None, shards, TIMES, self.wall.clone());
        let members = Arc::new(members);
        let (net, me, link) = (self.site.net.clone(), self.name.clone(), self.link.clone());
        let parts = Parts {
            probe: self.plan(),
            journal: Arc::new(journal),
            store: self.store,
            projections: souk::shop::projections(&Default::default()).into(),
            listener: Arc::new(observer),
            clock: members.clock(),
            connectors: vec![provider.registered(), mails.registered(members.clock())],
            transport: Box::new(move |local| Arc::new(net.connect(me, link, local))),
            placement: members.clone(),
            settings: ActorSettings { node: self.name, ..self.site.settings },
        };
        let (runtime, gateway) = match Runtime::start(parts).await {
            Ok(started) => started,
            Err(error) => return Ended::DidNotStart(error.to_string()),
        };
        // Folded first, then joined: a node that cannot serve yet must not receive a shard.
        members.join();
        let _ = started.set(gateway);
        tokio::select! {
            biased;
            stopped = runtime.failed() => return Ended::Failed(stopped.reason.to_string()),
            Ok(()) = leaves => {}
            else => std::future::pending().await,
        }
        runtime.hand_over(Duration::from_secs(5)).await;
        runtime.drain(Duration::from_secs(5)).await;
        members.gone().await;
        Ended::Left
    }
}
