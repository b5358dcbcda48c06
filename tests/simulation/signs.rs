//! The bucket of heartbeats, for the real membership (`souk::transport::members`): production's membership and
//! rendezvous hashing decide the living members and preferred owners, from the heartbeats that this bucket delivers.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures::{FutureExt, future::BoxFuture, stream::BoxStream};
use souk::{
    actors::ports::{Clock, journal::NodeId},
    transport::members::{Beat, BeatError, Heartbeats, MemberTimes, Sign},
};
use tokio::{
    sync::mpsc::{UnboundedSender, unbounded_channel},
    time::sleep,
};

use crate::link::Link;

pub const LEASE: Duration = Duration::from_secs(2);
/// Production's defaults: the lease ends before anybody may call the node dead.
pub const TIMES: MemberTimes = MemberTimes {
    heartbeat: Duration::from_millis(500),
    dead_after: Duration::from_secs(4),
    settle: Duration::from_secs(2),
    lease: LEASE,
};

#[derive(Clone, Default)]
pub struct Bucket(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    signs: BTreeMap<NodeId, Beat>,
    watchers: Vec<(Arc<Link>, UnboundedSender<Sign>)>,
}

impl Kept {
    /// An ended watcher is removed; a watcher that is cut off misses the heartbeat, and receives the next one.
    fn tell(&mut self, node: &NodeId, sign: &Sign) {
        self.watchers.retain(|(link, watcher)| match link.hears(node) {
            true => watcher.send(sign.clone()).is_ok(),
            false => !watcher.is_closed(),
        });
    }
}

/// One node's way to the bucket.
pub struct Signs {
    pub bucket: Bucket,
    pub link: Arc<Link>,
    /// The clock of the server that keeps the bucket.
    pub server: Arc<dyn Clock>,
}

impl Heartbeats for Signs {
    fn beat(&self, beat: Beat) -> BoxFuture<'static, Result<(), BeatError>> {
        let (bucket, link, server) = (self.bucket.clone(), self.link.clone(), self.server.clone());
        async move {
            sleep(Duration::from_millis(3)).await;
            if link.is_cut() {
                sleep(TIMES.lease).await;
                return Err(BeatError("no answer".into()));
            }
            let beat = Beat { stored: Some(server.now()), ..beat };
            let mut kept = bucket.0.lock().unwrap();
            kept.signs.insert(beat.node.clone(), beat.clone());
            kept.tell(&beat.node.clone(), &Sign::Beat(beat));
            Ok(())
        }
        .boxed()
    }

    fn watch(&self) -> BoxStream<'static, Sign> {
        let (watcher, mut signs) = unbounded_channel();
        let mut kept = self.bucket.0.lock().unwrap();
        for beat in kept.signs.values() {
            let _ = watcher.send(Sign::Beat(beat.clone()));
        }
        kept.watchers.push((self.link.clone(), watcher));
        Box::pin(futures::stream::poll_fn(move |cx| signs.poll_recv(cx)))
    }

    fn gone(&self, node: NodeId) -> BoxFuture<'static, Result<(), BeatError>> {
        let mut kept = self.bucket.0.lock().unwrap();
        kept.signs.remove(&node);
        kept.tell(&node, &Sign::Gone(node.clone()));
        futures::future::ready(Ok(())).boxed()
    }
}
