//! Commands between nodes over a loopback with a network's faults: requests and replies are lost, late, or duplicated.
//!
//! As over NATS: a node that serves a shard receives its commands; of two, either. A node takes them from an inbox in
//! its own runtime, where they queue up while it is frozen.

use std::{
    collections::BTreeMap,
    future::pending,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use futures::{FutureExt, future::BoxFuture};
use souk::actors::ports::{
    CommandEnvelope, Delivery, Reply, Transport, TransportError,
    journal::{NodeId, Shard},
};
use tokio::{
    runtime::Handle,
    sync::{
        mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
        oneshot,
    },
    time::{sleep, timeout},
};

use crate::{faults::Weather, link::Link, rng::Rng};

/// Time after which a request counts as lost: a frozen owner delays a caller's next try by this long.
const ANSWER_WITHIN: Duration = Duration::from_millis(1_500);

pub struct Message {
    shard: Shard,
    envelope: Arc<CommandEnvelope>,
    answer: oneshot::Sender<Result<Reply, TransportError>>,
}

type Inbox = UnboundedSender<Message>;
/// Each connected node's inbox, and the line to it.
type Inboxes = BTreeMap<NodeId, (Arc<Link>, Inbox)>;

#[derive(Clone)]
pub struct Net {
    /// The nodes that announced to serve a shard, by shard; two may at once.
    pub serving: Arc<Mutex<Vec<Vec<NodeId>>>>,
    inboxes: Arc<Mutex<Inboxes>>,
    pub world: Handle,
    pub weather: Weather,
    pub rng: Rng,
    pub traffic: Arc<AtomicU64>,
    /// How often two said at the same time that they serve one shard.
    pub doubled: Arc<AtomicU64>,
}

impl Net {
    pub fn new(shards: u16, world: Handle, weather: Weather, rng: Rng, traffic: Arc<AtomicU64>) -> Self {
        let serving = Arc::new(Mutex::new(vec![Vec::new(); usize::from(shards)]));
        Self { serving, inboxes: Arc::default(), world, weather, rng, traffic, doubled: Arc::default() }
    }

    /// To be called in the node's own runtime.
    pub fn connect(&self, me: NodeId, link: Arc<Link>, local: Arc<dyn Delivery>) -> Line {
        let (inbox, messages) = unbounded_channel();
        self.inboxes.lock().unwrap().insert(me.clone(), (link.clone(), inbox));
        tokio::spawn(take_in(messages, local, self.traffic.clone()));
        Line { net: self.clone(), me, link }
    }

    /// The servers miss the node's connection at once.
    pub fn gone(&self, node: &NodeId) {
        self.serving.lock().unwrap().iter_mut().for_each(|all| all.retain(|other| other != node));
        self.inboxes.lock().unwrap().remove(node);
    }

    fn owner(&self, shard: Shard) -> Option<Inbox> {
        let serving = self.serving.lock().unwrap();
        let owners = &serving[usize::from(shard.0)];
        let owner = (!owners.is_empty()).then(|| self.rng.pick(owners))?;
        let inboxes = self.inboxes.lock().unwrap();
        inboxes.get(owner).filter(|(link, _)| !link.is_cut()).map(|(_, inbox)| inbox.clone())
    }
}

async fn take_in(mut messages: UnboundedReceiver<Message>, local: Arc<dyn Delivery>, traffic: Arc<AtomicU64>) {
    while let Some(Message { shard, envelope, answer }) = messages.recv().await {
        // Enters here, in order; only the reply is awaited aside.
        let delivered = local.deliver(shard, envelope);
        let traffic = traffic.clone();
        tokio::spawn(async move {
            let reply = delivered.await;
            traffic.fetch_add(1, Ordering::Relaxed);
            let _ = answer.send(reply);
        });
    }
}

pub struct Line {
    net: Net,
    me: NodeId,
    link: Arc<Link>,
}

impl Transport for Line {
    fn send(
        &self,
        shard: Shard,
        envelope: Arc<CommandEnvelope>,
        within: Duration,
    ) -> BoxFuture<'static, Result<Reply, TransportError>> {
        let lost = |what: &str| Err(TransportError::Lost(what.into()));
        let (net, link) = (self.net.clone(), self.link.clone());
        async move {
            let (rng, mix) = (&net.rng, net.weather.now());
            sleep(rng.millis(if rng.one_in(mix.slow) { 60 } else { 3 })).await;
            if link.is_cut() || rng.one_in(mix.lost_messages) {
                return lost("request");
            }
            let Some(owner) = net.owner(shard) else { return lost("nobody serves the shard, or it is cut off") };
            if rng.one_in(mix.duplicated_messages) {
                let (owner, envelope, late) = (owner.clone(), envelope.clone(), rng.millis(5_000));
                // In flight already: the message arrives regardless of its sender's fate.
                net.world.spawn(async move {
                    sleep(late).await;
                    let _ = owner.send(Message { shard, envelope, answer: oneshot::channel().0 });
                });
            }
            net.traffic.fetch_add(1, Ordering::Relaxed);
            let (answer, answered) = oneshot::channel();
            if owner.send(Message { shard, envelope, answer }).is_err() {
                return lost("the owner is gone");
            }
            // An owner that crashes notifies no node.
            let answered = async move {
                match answered.await {
                    Ok(reply) => reply,
                    Err(_) => pending().await,
                }
            };
            match timeout(within.min(ANSWER_WITHIN), answered).await {
                Ok(reply) if !link.is_cut() && !rng.one_in(mix.lost_messages) => reply,
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
            if owners.len() > 1 {
                self.net.doubled.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}
