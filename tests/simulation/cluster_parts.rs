//! The world between simulated nodes: who is thought to own what, how commands travel, and a journal that stalls.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures::{FutureExt, future::BoxFuture};
use souk::{
    actors::{
        ports::{
            Delivery, Envelope, Hint, Journal, MemberLine, Placement, Reply, Transport, TransportError,
            journal::{AppendError, Batch, Claim, JournalError, NodeId, Records, Resolution, Seq, Shard},
        },
        probe::Probe,
    },
    persistence::memory_journal::{AppendFault, Delivery as RecordDelivery, FaultPlan, MemoryJournal},
};
use tokio::{
    sync::Notify,
    time::{Instant, sleep},
};

use crate::{faults::Plan, rng::Rng};

/// One node's view: set by the simulation, right or wrong.
pub struct View {
    hint: Mutex<Arc<Hint>>,
    moved: Arc<Notify>,
    pub cut: AtomicBool,
    me: NodeId,
}

impl View {
    pub fn new(me: NodeId, shards: u16) -> Self {
        let hint = Hint { generation: 1, owners: vec![None; usize::from(shards)], alive: vec![me.clone()] };
        Self { hint: Mutex::new(Arc::new(hint)), moved: Arc::default(), cut: AtomicBool::new(false), me }
    }

    pub fn set(&self, owners: Vec<Option<NodeId>>, alive: Vec<NodeId>) {
        let mut hint = self.hint.lock().unwrap();
        *hint = Arc::new(Hint { generation: hint.generation + 1, owners, alive });
        drop(hint);
        self.moved.notify_waiters();
    }
}

impl Placement for View {
    fn hint(&self) -> Arc<Hint> {
        self.hint.lock().unwrap().clone()
    }

    fn changed(&self, seen: u64) -> BoxFuture<'static, ()> {
        let moved = self.moved.clone();
        let now = self.hint().generation;
        async move {
            if now == seen {
                moved.notified().await;
            }
        }
        .boxed()
    }

    fn connected(&self) -> bool {
        !self.cut.load(Ordering::Relaxed)
    }

    /// Callers look at `connected`, too; a partition here is only ever found out that way.
    fn cut_off(&self) -> BoxFuture<'static, ()> {
        match self.connected() {
            true => futures::future::pending().boxed(),
            false => futures::future::ready(()).boxed(),
        }
    }

    /// Whoever else is alive shall own this node's shards.
    fn leave(&self) -> BoxFuture<'static, ()> {
        let hint = self.hint();
        let other = hint.alive.iter().find(|node| **node != self.me).cloned();
        if let Some(other) = other {
            self.set(vec![Some(other); hint.owners.len()], hint.alive.clone());
        }
        futures::future::ready(()).boxed()
    }

    fn members(&self) -> Vec<MemberLine> {
        Vec::new()
    }
}

type Doors = Vec<(NodeId, Arc<dyn Delivery>)>;

/// Who said that it serves a shard, by shard; two may at once.
#[derive(Clone)]
pub struct Net {
    pub serving: Arc<Mutex<Vec<Vec<NodeId>>>>,
    pub doors: Arc<Mutex<Doors>>,
    pub faulty: Arc<AtomicBool>,
    pub rng: Rng,
}

pub struct Line {
    pub net: Net,
    pub me: NodeId,
    pub view: Arc<View>,
}

impl Line {
    fn door(&self, shard: Shard) -> Option<Arc<dyn Delivery>> {
        let serving = self.net.serving.lock().unwrap();
        let owners = &serving[usize::from(shard.0)];
        let owner = (!owners.is_empty()).then(|| self.net.rng.pick(owners).clone())?;
        let doors = self.net.doors.lock().unwrap();
        doors.iter().find(|(node, _)| *node == owner).map(|(_, door)| door.clone())
    }
}

impl Transport for Line {
    fn send(
        &self,
        shard: Shard,
        envelope: Arc<Envelope>,
        within: Duration,
    ) -> BoxFuture<'static, Result<Reply, TransportError>> {
        let lost = |what: &str| Err(TransportError::Lost(what.into()));
        let (rng, door) = (self.net.rng.clone(), self.door(shard));
        let faulty = self.net.faulty.load(Ordering::Relaxed);
        let connected = self.view.connected();
        async move {
            sleep(rng.millis(if faulty { 40 } else { 3 })).await;
            let Some(door) = door.filter(|_| connected && !(faulty && rng.one_in(20))) else { return lost("request") };
            if faulty && rng.one_in(15) {
                let (copy, envelope, late) = (door.clone(), envelope.clone(), rng.millis(5_000));
                tokio::spawn(async move {
                    sleep(late).await;
                    let _ = copy.deliver(shard, envelope).await;
                });
            }
            let reply = tokio::time::timeout(within, door.deliver(shard, envelope)).await;
            match reply {
                Ok(reply) if !(faulty && rng.one_in(20)) => reply,
                Ok(_) | Err(_) => lost("answer"),
            }
        }
        .boxed()
    }

    fn serving(&self, shard: Shard, serves: bool) {
        let mut serving = self.net.serving.lock().unwrap();
        let owners = &mut serving[usize::from(shard.0)];
        owners.retain(|node| *node != self.me);
        if serves {
            owners.push(self.me.clone());
        }
    }
}

/// A node's journal hangs until then, while the clock goes on; what it was writing arrives afterwards.
pub struct Stall {
    pub plan: Plan,
    pub until: Mutex<Instant>,
}

impl Stall {
    fn after(&self, fault: AppendFault) -> AppendFault {
        let left = self.until.lock().unwrap().saturating_duration_since(Instant::now());
        AppendFault { before: fault.before.max(left), ..fault }
    }
}

impl FaultPlan for Stall {
    fn append(&self, shard: Shard, after: Seq) -> AppendFault {
        self.after(self.plan.append(shard, after))
    }

    fn claim(&self, shard: Shard, node: &NodeId) -> AppendFault {
        self.after(self.plan.claim(shard, node))
    }

    fn resolve(&self, shard: Shard) -> Duration {
        self.after(AppendFault { before: self.plan.resolve(shard), ..AppendFault::default() }).before
    }

    /// A stalled node learns late that another has claimed.
    fn deliver(&self, shard: Shard, seq: Seq) -> RecordDelivery {
        let line = self.plan.deliver(shard, seq);
        let late = self.after(AppendFault { before: line.late, ..AppendFault::default() }).before;
        RecordDelivery { late, ..line }
    }
}

impl Probe for Stall {}

/// Says that a fenced append was stored.
pub struct Unfenced(pub MemoryJournal);

impl Journal for Unfenced {
    fn id(&self) -> uuid::Uuid {
        self.0.id()
    }
    fn shards(&self) -> u16 {
        self.0.shards()
    }
    fn claim(&self, shard: Shard, node: NodeId) -> BoxFuture<'_, Result<Claim, JournalError>> {
        self.0.claim(shard, node)
    }
    fn release(&self, claim: Claim, after: Seq) -> BoxFuture<'_, Result<Seq, AppendError>> {
        self.0.release(claim, after)
    }
    fn append(&self, claim: Claim, after: Seq, batch: Arc<Batch>) -> BoxFuture<'_, Result<Seq, AppendError>> {
        async move {
            match self.0.append(claim, after, batch).await {
                Err(AppendError::Fenced) => Ok(after + 1),
                known => known,
            }
        }
        .boxed()
    }
    fn read(&self, shard: Shard, from: Seq) -> Records {
        self.0.read(shard, from)
    }
    fn read_range(&self, shard: Shard, from: Seq, to: Seq) -> Records {
        self.0.read_range(shard, from, to)
    }
    fn resolve(
        &self,
        claim: Claim,
        after: Seq,
        batch: souk::actors::ports::journal::BatchId,
    ) -> BoxFuture<'_, Result<Resolution, JournalError>> {
        self.0.resolve(claim, after, batch)
    }
    fn end(&self, shard: Shard) -> BoxFuture<'_, Result<Seq, JournalError>> {
        self.0.end(shard)
    }
}
