//! A shard goes from one node to another in one step, regardless of how late the old owner reads its own writes.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures::{FutureExt, StreamExt, future::BoxFuture};
use souk::{
    actors::{
        ports::{
            CommandEnvelope, Hint, MemberLine, Placement, Reply, Transport, TransportError,
            journal::{Entry, Journal, NodeId, Records, Seq, Shard},
        },
        probe::NoFaults,
        runtime::{Parts, Runtime},
        settings::ActorSettings,
    },
    persistence::{memory_journal::MemoryJournal, state_store::MemoryStateStore},
    testing::InFront,
    transport::loopback::Loopback,
};
use tokio::{
    sync::{Notify, watch},
    time::{Instant, sleep},
};

use crate::stage::{Life, SHARDS, Stage, eventually, receive};

pub const LEASE: Duration = Duration::from_secs(2);

/// A placement set by the test; every node is alive until the test says otherwise.
pub struct Told {
    hint: Mutex<Arc<Hint>>,
    /// By shard, from every node to every node at once.
    ends: Mutex<[Seq; SHARDS as usize]>,
    moved: Notify,
}

impl Told {
    pub fn new(owner: &NodeId, all: &[NodeId]) -> Arc<Self> {
        let owners = vec![Some(owner.clone()); usize::from(SHARDS)];
        let hint = Arc::new(Hint { generation: 1, owners, alive: all.to_vec() });
        Arc::new(Self { hint: Mutex::new(hint), ends: Mutex::default(), moved: Notify::new() })
    }

    /// Without an heir.
    pub fn dies(&self, node: &NodeId) {
        let mut hint = self.hint.lock().unwrap();
        let alive = hint.alive.iter().filter(|other| *other != node).cloned().collect();
        *hint = Arc::new(Hint { generation: hint.generation + 1, owners: hint.owners.clone(), alive });
        self.moved.notify_waiters();
    }

    fn moves_to(&self, owner: &NodeId) {
        let mut hint = self.hint.lock().unwrap();
        let owners = vec![Some(owner.clone()); usize::from(SHARDS)];
        *hint = Arc::new(Hint { generation: hint.generation + 1, owners, alive: hint.alive.clone() });
        self.moved.notify_waiters();
    }
}

pub struct View(pub Arc<Told>);

impl Placement for View {
    fn hint(&self) -> Arc<Hint> {
        self.0.hint.lock().unwrap().clone()
    }

    fn changed(&self, seen: u64) -> BoxFuture<'static, ()> {
        let told = self.0.clone();
        async move {
            let moved = told.moved.notified();
            let now = told.hint.lock().unwrap().generation;
            if now == seen {
                moved.await;
            }
        }
        .boxed()
    }

    fn connected(&self) -> bool {
        true
    }

    fn cut_off(&self) -> BoxFuture<'static, ()> {
        futures::future::pending().boxed()
    }

    fn leave(&self) -> BoxFuture<'static, ()> {
        futures::future::ready(()).boxed()
    }

    fn members(&self) -> Vec<MemberLine> {
        Vec::new()
    }

    fn acknowledged(&self, shard: Shard, seq: Seq) {
        self.0.ends.lock().unwrap()[usize::from(shard.0)] = seq;
    }

    fn told(&self, shard: Shard) -> Seq {
        self.0.ends.lock().unwrap()[usize::from(shard.0)]
    }
}

/// Records reach the tail while `open` is true; nothing is lost.
pub struct HearsLate {
    pub inner: MemoryJournal,
    pub open: watch::Receiver<bool>,
}

impl InFront for HearsLate {
    fn behind(&self) -> &dyn Journal {
        &self.inner
    }

    fn read(&self, shard: Shard, from: Seq) -> Records {
        let open = self.open.clone();
        let late = move |record| {
            let mut open = open.clone();
            async move {
                open.wait_for(|open| *open).await.expect("the test goes on");
                record
            }
        };
        self.inner.read(shard, from).then(late).boxed()
    }
}

/// As servers do with a message to somebody who has just unsubscribed: nobody gets it, and nobody is told.
struct Swallows {
    inner: Loopback,
    swallow: Arc<AtomicBool>,
}

impl Transport for Swallows {
    fn send(
        &self,
        shard: Shard,
        envelope: Arc<CommandEnvelope>,
        within: Duration,
    ) -> BoxFuture<'static, Result<Reply, TransportError>> {
        match self.swallow.swap(false, Ordering::AcqRel) {
            true => futures::future::pending().boxed(),
            false => self.inner.send(shard, envelope, within),
        }
    }

    fn serving(&self, shard: Shard, serves: bool) {
        self.inner.serving(shard, serves);
    }
}

async fn start(stage: &Stage, node: &NodeId, told: &Arc<Told>, open: watch::Receiver<bool>) -> Life {
    start_swallowing(stage, node, told, open, Arc::default()).await
}

/// While `swallow` is true, the next message is lost.
async fn start_swallowing(
    stage: &Stage,
    node: &NodeId,
    told: &Arc<Told>,
    open: watch::Receiver<bool>,
    swallow: Arc<AtomicBool>,
) -> Life {
    let inner = MemoryJournal::open(stage.storage.clone(), stage.gate.clone());
    let parts = Parts {
        journal: Arc::new(HearsLate { inner, open }),
        store: Arc::new(MemoryStateStore::default()),
        projections: stage.projections.clone(),
        listener: stage.told.clone(),
        clock: stage.clock.clone(),
        connectors: Vec::new(),
        transport: Box::new(move |local| Arc::new(Swallows { inner: Loopback::new(local), swallow })),
        placement: Arc::new(View(told.clone())),
        probe: Arc::new(NoFaults),
        settings: ActorSettings { node: node.clone(), lease: Some(LEASE), ..stage.settings.clone() },
    };
    let (runtime, gateway) = Runtime::start(parts).await.expect("the runtime starts");
    Life { runtime, gateway }
}

pub fn serves_all(life: &Life) -> bool {
    life.gateway.status().shards.iter().all(|line| line.serving)
}

/// Two nodes, of which the first has started and owns every shard.
async fn served_by_a(stage: &Stage, open: watch::Receiver<bool>) -> ([NodeId; 2], Arc<Told>, Life) {
    let nodes = ["a", "b"].map(|name| NodeId(name.into()));
    let told = Told::new(&nodes[0], &nodes);
    let first = start(stage, &nodes[0], &told, open).await;
    eventually("a serves", || serves_all(&first)).await;
    (nodes, told, first)
}

/// While a shard moves, its callers ask again at growing intervals; from its new claim on they ask at once.
#[tokio::test(start_paused = true)]
async fn who_waits_for_a_shard_that_moves_is_answered_as_soon_as_it_is_served() {
    let stage = Stage::new();
    let (_always, always) = watch::channel(true);
    let ([a, b], told, first) = served_by_a(&stage, always.clone()).await;
    let second = start(&stage, &b, &told, always).await;
    for n in 0..5 {
        let gateway = second.gateway.clone();
        let asked = tokio::spawn(async move { receive(&gateway, "A", n, 1).await });
        // The clock is what is tested: by now two tries are 200 ms apart, and the shard moves at another moment between
        // two of them each time.
        sleep(Duration::from_millis(500 + 37 * n as u64)).await;
        assert!(!asked.is_finished(), "it is with the other node");
        told.moves_to(&b);
        let moved = Instant::now();
        asked.await.expect("no panic").expect("received");
        assert!(moved.elapsed() < Duration::from_millis(30), "{:?} after the move", moved.elapsed());
        told.moves_to(&a);
        eventually("a serves again", || serves_all(&first)).await;
    }
    drop((first, second));
}

#[tokio::test(start_paused = true)]
async fn what_was_lost_on_its_way_to_an_owner_that_left_is_sent_to_the_next_one() {
    let stage = Stage::new();
    let (_always, always) = watch::channel(true);
    let ([_, b], told, first) = served_by_a(&stage, always.clone()).await;
    let swallow = Arc::new(AtomicBool::new(false));
    let second = start_swallowing(&stage, &b, &told, always, swallow.clone()).await;
    swallow.store(true, Ordering::Release);
    let gateway = second.gateway.clone();
    let asked = tokio::spawn(async move { receive(&gateway, "A", 1, 1).await });
    eventually("it is lost", || !swallow.load(Ordering::Acquire)).await;
    told.moves_to(&b);
    let moved = Instant::now();
    let received = asked.await.expect("no panic").expect("received");
    assert!(moved.elapsed() < Duration::from_millis(250), "{:?} after the move", moved.elapsed());
    assert_eq!(received.view.available, 1, "once");
    drop((first, second));
}

#[tokio::test(start_paused = true)]
async fn who_gave_a_shard_up_does_not_take_it_back_because_it_hears_late() {
    let stage = Stage::new();
    let (hears, open) = watch::channel(true);
    let (_always, always) = watch::channel(true);
    let ([a, b], told, first) = served_by_a(&stage, open).await;
    let second = start(&stage, &b, &told, always).await;

    hears.send_replace(false);
    told.moves_to(&b);
    eventually("b serves", || serves_all(&second)).await;
    // Longer than the wait for a lease: node a acts on any belief within this time.
    sleep(LEASE * 5).await;
    assert!(serves_all(&second), "what was given up is left alone");
    hears.send_replace(true);
    sleep(LEASE * 5).await;

    for shard in (0..SHARDS).map(Shard) {
        let records = stage.storage.records(shard);
        let claims: Vec<_> = records.iter().filter(|record| record.entry == Entry::Claimed).collect();
        let by: Vec<_> = claims.iter().map(|record| &record.node).collect();
        assert_eq!(by, [&a, &b], "one claim each, in shard {}", shard.0);
    }
    drop((first, second));
}
