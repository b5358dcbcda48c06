//! A node whose way to the logs leads to a server without a majority: its tail stands still, and the server answers
//! each question for the log's end with the end that it knows. Nothing that the node shows then is called current.

use std::sync::{
    Arc, Mutex, OnceLock,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use futures::{FutureExt, future::BoxFuture};
use souk::{
    actors::{
        freshness::Standing,
        gateway::Gateway,
        ports::{
            CommandEnvelope, Delivery, Reply, Transport, TransportError,
            journal::{Journal, JournalError, NodeId, Seq, Shard},
        },
        probe::NoFaults,
        runtime::{Parts, Runtime},
        settings::ActorSettings,
    },
    domain::{key::EntityKey, kinds::Kind, stock::Stock},
    persistence::{memory_journal::MemoryJournal, state_store::MemoryStateStore},
    testing::InFront,
};
use tokio::{
    sync::watch,
    time::{Duration, sleep},
};

use crate::{
    hand_over::{HearsLate, LEASE, Told, View, serves_all},
    stage::{Life, SHARDS, Stage, eventually, receive},
};

const SKU: &str = "A";
/// As long as a request waits.
const WAIT: Duration = Duration::from_millis(500);

/// The way of a node to the journal. While it is cut, ends are what they were.
struct Behind {
    inner: HearsLate,
    ends: Mutex<Vec<Seq>>,
    turned_away: Arc<AtomicUsize>,
}

impl InFront for Behind {
    fn behind(&self) -> &dyn Journal {
        &self.inner
    }

    fn end(&self, shard: Shard) -> BoxFuture<'_, Result<Seq, JournalError>> {
        async move {
            let end = self.behind().end(shard).await?;
            let mut ends = self.ends.lock().unwrap();
            let known = &mut ends[usize::from(shard.0)];
            if *self.inner.open.borrow() {
                *known = end;
            }
            Ok(*known)
        }
        .boxed()
    }

    fn turn_away(&self) -> BoxFuture<'_, ()> {
        self.turned_away.fetch_add(1, Ordering::Relaxed);
        async {}.boxed()
    }
}

/// Everything goes to the node that owns every shard.
#[derive(Clone, Default)]
struct ToOwner {
    owner: Arc<OnceLock<Arc<dyn Delivery>>>,
    dead: Arc<AtomicBool>,
}

impl Transport for ToOwner {
    fn send(
        &self,
        shard: Shard,
        envelope: Arc<CommandEnvelope>,
        _: Duration,
    ) -> BoxFuture<'static, Result<Reply, TransportError>> {
        match self.dead.load(Ordering::Relaxed) {
            true => async { Err(TransportError::Lost("nobody is there".into())) }.boxed(),
            false => self.owner.get().expect("the owner started first").deliver(shard, envelope),
        }
    }
}

struct Pair {
    stage: Stage,
    told: Arc<Told>,
    whole: watch::Sender<bool>,
    owner: Life,
    reader: Life,
    /// How often the reader asked for another server.
    turned_away: Arc<AtomicUsize>,
    dead: Arc<AtomicBool>,
}

impl Pair {
    async fn start() -> Self {
        let stage = Stage::new();
        let names = ["owner", "reader"].map(|name| NodeId(name.into()));
        let (told, owners) = (Told::new(&names[0], &names), ToOwner::default());
        let dead = owners.dead.clone();
        let (whole, to_reader) = watch::channel(true);
        let (_always, to_owner) = watch::channel(true);
        let (never, turned_away) = (Arc::default(), Arc::<AtomicUsize>::default());
        let owner = start(&stage, &names[0], &told, (to_owner, never), owners.clone()).await;
        eventually("the owner serves", || serves_all(&owner)).await;
        let reader = start(&stage, &names[1], &told, (to_reader, turned_away.clone()), owners).await;
        Self { stage, told, whole, owner, reader, turned_away, dead }
    }

    fn records(&self) -> usize {
        (0..SHARDS).map(|shard| self.stage.storage.records(Shard(shard)).len()).sum()
    }
}

async fn start(
    stage: &Stage,
    node: &NodeId,
    told: &Arc<Told>,
    (whole, turned_away): (watch::Receiver<bool>, Arc<AtomicUsize>),
    owners: ToOwner,
) -> Life {
    let inner = MemoryJournal::open(stage.storage.clone(), stage.gate.clone());
    let parts = Parts {
        journal: Arc::new(Behind {
            inner: HearsLate { inner, open: whole },
            ends: Mutex::new(vec![0; usize::from(SHARDS)]),
            turned_away,
        }),
        store: Arc::new(MemoryStateStore::default()),
        projections: stage.projections.clone(),
        listener: stage.told.clone(),
        clock: stage.clock.clone(),
        connectors: Vec::new(),
        // The first to start is the owner.
        transport: Box::new(move |local| {
            owners.owner.get_or_init(|| local);
            Arc::new(owners)
        }),
        placement: Arc::new(View(told.clone())),
        probe: Arc::new(NoFaults),
        settings: ActorSettings { node: node.clone(), lease: Some(LEASE), ..stage.settings.clone() },
    };
    let (runtime, gateway) = Runtime::start(parts).await.expect("the runtime starts");
    Life { runtime, gateway }
}

/// The version that is shown, and whether it is called current.
async fn shown(gateway: &Gateway) -> (u64, bool) {
    let read = gateway.read_local_after_writes::<Stock>(SKU, WAIT).await.expect("a view");
    (read.answer.map_or(0, |answer| answer.version), read.is_current)
}

#[tokio::test(start_paused = true)]
async fn a_view_is_current_by_the_owners_word_and_never_by_a_server_that_is_behind() {
    let pair = Pair::start().await;
    let (owner, reader) = (&pair.owner.gateway, &pair.reader.gateway);
    receive(owner, SKU, 1, 5).await.expect("received");
    assert_eq!(shown(reader).await, (1, true), "all is well");
    assert!(reader.await_projection(WAIT).await);

    pair.whole.send_replace(false);
    assert_eq!(shown(reader).await, (1, true), "cut off, and nothing has happened since");
    receive(owner, SKU, 2, 5).await.expect("received");
    assert_eq!(shown(owner).await, (2, true));
    assert_eq!(shown(reader).await, (1, false), "the owner knows more");
    assert!(!reader.await_projection(WAIT).await, "nor is a list current");

    pair.whole.send_replace(true);
    assert_eq!(shown(reader).await, (2, true), "the way is whole again");
    assert!(reader.await_projection(WAIT).await);
}

#[tokio::test(start_paused = true)]
async fn a_node_that_the_logs_do_not_reach_says_so_and_asks_for_another_server() {
    let pair = Pair::start().await;
    let (owner, reader) = (&pair.owner.gateway, &pair.reader.gateway);
    receive(owner, SKU, 1, 5).await.expect("received");
    sleep(LEASE * 3).await;
    assert_eq!((owner.standing(), reader.standing()), (Standing::Current, Standing::Current));

    pair.whole.send_replace(false);
    sleep(LEASE * 3).await;
    assert_eq!(reader.standing(), Standing::Current, "nothing happened that it would miss");
    receive(owner, SKU, 2, 5).await.expect("received");
    sleep(LEASE / 2).await;
    assert_eq!(reader.standing(), Standing::Current, "it may be on its way");
    sleep(LEASE * 3).await;
    assert_eq!((owner.standing(), reader.standing()), (Standing::Current, Standing::Behind));
    assert!(reader.ready().is_err_and(|why| why.to_string().contains("does not receive the logs")));
    let turned_away = pair.turned_away.load(Ordering::Relaxed);
    assert!((2..=4).contains(&turned_away), "once in a lease: {turned_away}");

    pair.whole.send_replace(true);
    let mut standings = reader.standings();
    assert!(standings.wait_for(|standing| *standing == Standing::Current).await.is_ok());
    assert_eq!(shown(reader).await, (2, true));
}

#[tokio::test(start_paused = true)]
async fn nothing_is_called_current_while_nobody_owns_its_shard() {
    let pair = Pair::start().await;
    receive(&pair.owner.gateway, SKU, 1, 5).await.expect("received");
    assert_eq!(shown(&pair.reader.gateway).await, (1, true));
    pair.told.dies(&NodeId("owner".into()));
    pair.dead.store(true, Ordering::Relaxed);
    assert_eq!(shown(&pair.reader.gateway).await, (1, false), "one asks, and is not answered");
    sleep(WAIT + WAIT / 2).await;
    let asked = tokio::time::Instant::now();
    for _ in 0..3 {
        assert_eq!(shown(&pair.reader.gateway).await, (1, false));
    }
    assert_eq!(asked.elapsed(), Duration::ZERO, "the others do not wait for it");
    pair.dead.store(false, Ordering::Relaxed);
    sleep(WAIT * 3).await;
    assert_eq!(shown(&pair.reader.gateway).await, (1, true), "and they ask again");
}

#[tokio::test(start_paused = true)]
async fn a_quiet_shard_is_proven_by_one_append_in_a_lease_and_a_list_by_far_fewer() {
    let pair = Pair::start().await;
    let (owner, reader) = (&pair.owner.gateway, &pair.reader.gateway);
    receive(owner, SKU, 1, 5).await.expect("received");
    let before = pair.records();
    for _ in 0..20 {
        assert_eq!(shown(reader).await, (1, true));
        assert!(reader.await_projection(WAIT).await);
    }
    assert_eq!(pair.records(), before, "within the lease nothing is written");

    sleep(LEASE * 2).await;
    assert!(reader.await_projection(WAIT).await);
    assert_eq!(pair.records(), before, "a list takes the owner's word of a little while ago");
    let asked = futures::future::join_all((0..20).map(|_| shown(reader))).await;
    assert!(asked.iter().all(|shown| *shown == (1, true)), "{asked:?}");
    assert_eq!(pair.records(), before + 1, "one append for all of them");

    let shard = Shard(EntityKey::new(Kind::Stock, SKU).shard_of(SHARDS));
    assert_eq!(
        pair.stage.storage.records(shard).last().map(|record| record.node.clone()),
        Some(NodeId("owner".into()))
    );
    sleep(LEASE * 20).await;
    assert!(reader.await_projection(WAIT).await);
    assert_eq!(pair.records(), before + 1 + usize::from(SHARDS), "and then asks the log of each shard once");
}
