//! Several nodes of one shop, each a machine of its own, and the time that passes for all of them.
//!
//! Time goes in steps, and in each step everything outside the nodes and then each node, in a drawn order, runs up to
//! the step's end. While something passes between them the steps are short; in quiet they grow, and a sender's clock
//! may then be ahead of its receiver's by one step. What is judged (who was answered before who asked) goes by the order
//! in which things happen on this one thread, never by clocks.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use souk::{actors::ports::StateStore, persistence::state_store::MemoryStateStore, testing::FixedClock};
use tokio::{
    runtime::Runtime,
    task::JoinHandle,
    time::{Instant, sleep_until},
};

use crate::{
    door::Door,
    faults::{Mix, Weather},
    line::Net,
    machine,
    node::{Node, Site},
    remote_journal::Servers,
    rng::Rng,
    shop::Shop,
    signs::LEASE,
    world::small_settings,
};

/// Milliseconds of a step while messages are in flight, and at most.
const STEP_MIN: u64 = 2;
const STEP_MAX: u64 = 100;

pub struct Cluster {
    pub shop: Shop,
    pub site: Site,
    pub door: Door,
    pub nodes: Vec<Node>,
    /// Each place's data directory.
    pub stores: Vec<Arc<dyn StateStore>>,
    /// Each place's lease; the same, unless a test of the tests says otherwise.
    pub leases: Vec<Duration>,
    pub lives: u64,
    pub now: u64,
    /// Everything that is not a node: clients, servers, network.
    pub world: Runtime,
    base: Instant,
    step: u64,
    traffic: Arc<AtomicU64>,
}

impl Cluster {
    /// `fences`: false for a journal that returns "stored" to a fenced writer.
    pub fn new(rng: Rng, places: usize, shards: u16, fences: bool) -> Self {
        let (world, base) = machine::runtime();
        let traffic = Arc::new(AtomicU64::new(0));
        // No poison: a poisoned command stays in quarantine while its process lives, and these end healed, not restarted.
        let weather = Weather::new(Mix { poison: 0, ..Mix::draw(&rng) });
        let servers =
            Servers { world: world.handle().clone(), traffic: traffic.clone(), fenced: Arc::default(), fences };
        let net = Net::new(shards, world.handle().clone(), weather.clone(), rng.clone(), traffic.clone());
        let settings = small_settings(&rng);
        let ids = rng.clone();
        let wall = Arc::new(FixedClock::default().with_ids(move || ids.uuid()));
        let ahead = Vec::new();
        let site = Site { rng: rng.clone(), wall, ahead, weather, servers, net, bucket: Default::default(), settings };
        Self {
            shop: Shop::new(rng.clone(), shards, places),
            site,
            door: Door::of_many(rng, traffic.clone()),
            nodes: Vec::new(),
            stores: (0..places).map(|_| Arc::new(MemoryStateStore::default()) as Arc<dyn StateStore>).collect(),
            leases: vec![LEASE; places],
            lives: 0,
            now: 0,
            world,
            base,
            step: STEP_MIN,
            traffic,
        }
    }

    /// The place's next life, on the data directory that it has now.
    pub fn boot(&mut self, place: usize) {
        let mut site = self.site.clone();
        site.settings.lease = Some(self.leases[place]);
        let node = Node::start(&site, &self.shop, place, self.lives, self.stores[place].clone(), self.now);
        self.lives += 1;
        self.nodes.push(node);
        self.nodes.sort_by_key(|node| node.place);
    }

    /// Removes the node from the servers and clients; the caller decides the machine's fate.
    pub fn take_away(&mut self, n: usize) -> Node {
        let node = self.nodes.remove(n);
        self.site.net.gone(&node.name);
        self.show();
        node
    }

    /// Clients go to every node that has started.
    pub fn show(&self) {
        self.door.set(self.nodes.iter().filter_map(Node::way).collect());
    }

    /// Lets `time` pass.
    pub fn run(&mut self, time: Duration) {
        self.until(time, |_| false);
    }

    /// Lets time pass until `done`, at most `within`; whether it is done.
    pub fn until(&mut self, within: Duration, mut done: impl FnMut(&mut Self) -> bool) -> bool {
        let end = self.now + within.as_millis() as u64;
        while self.now < end {
            if done(self) {
                return true;
            }
            self.tick(end);
        }
        done(self)
    }

    /// The result of a task outside the nodes; `None`: not within the time.
    pub fn outcome<T>(&mut self, within: Duration, task: JoinHandle<T>) -> Option<T> {
        match self.until(within, |_| task.is_finished()) {
            true => self.world.block_on(task).ok(),
            false => None,
        }
    }

    fn tick(&mut self, end: u64) {
        let passed_before = self.traffic.load(Ordering::Relaxed);
        let now = (self.now + self.step).min(end);
        self.site.wall.pass((now - self.now) as i64);
        self.now = now;
        let until = self.base + Duration::from_millis(now);
        self.world.block_on(async { sleep_until(until).await });
        let first = self.site.rng.below(self.nodes.len() as u64) as usize;
        self.nodes.rotate_left(first);
        self.nodes.iter_mut().for_each(|node| node.machine.run(now));
        self.nodes.sort_by_key(|node| node.place);
        let quiet = self.traffic.load(Ordering::Relaxed) == passed_before;
        self.step = if quiet { (self.step * 2).min(STEP_MAX) } else { STEP_MIN };
        self.show();
    }
}
