//! A strong read returns at least every state that was acknowledged before the read began: of every entity, at any
//! node. So does a local read after the node has folded the log's end (read your writes).

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use souk::domain::{cart::Cart, key::EntityKey, kinds::Kind, order::Order, payment::Payment, stock::Stock};
use tokio::{task::JoinHandle, time::sleep};

use crate::{clients::Acks, cluster::Cluster, door::Door, rng::Rng};

const READERS: usize = 3;

#[derive(Clone, Default)]
struct Book(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    /// The newest version that a reader received: no later read may return an older one.
    read: BTreeMap<EntityKey, u64>,
    reads: u64,
    stale: Vec<String>,
}

pub struct Readers {
    book: Book,
    tasks: Vec<JoinHandle<()>>,
}

impl Readers {
    /// Ends the auditor; returns the number of completed reads.
    pub fn stop(self, broken: &mut Vec<String>) -> u64 {
        self.tasks.iter().for_each(JoinHandle::abort);
        let mut kept = self.book.0.lock().unwrap();
        broken.append(&mut kept.stale);
        kept.reads
    }
}

pub fn start(cluster: &Cluster) -> Readers {
    let book = Book::default();
    let reader = |_| {
        let (door, acks, rng) = (cluster.door.clone(), cluster.shop.acks.clone(), cluster.site.rng.clone());
        cluster.world.spawn(read_on(book.clone(), door, acks, rng))
    };
    let tasks = (0..READERS).map(reader).collect();
    Readers { book, tasks }
}

async fn read_on(book: Book, door: Door, acks: Acks, rng: Rng) {
    loop {
        sleep(rng.millis(500)).await;
        let Some((key, acked)) = newest(&acks, &rng) else { continue };
        let floor = acked.max(book.0.lock().unwrap().read.get(&key).copied().unwrap_or(0));
        let (how, version) = match rng.one_in(3) {
            true => ("caught up, a node showed", caught_up_version(&door, &key).await),
            false => ("a stale read:", strong_version(&door, &key).await),
        };
        let Some(version) = version else { continue };
        let mut kept = book.0.lock().unwrap();
        kept.reads += 1;
        if version < floor {
            kept.stale.push(format!("{how} version {version} of {key}, {floor} was answered before"));
        }
        let read = kept.read.entry(key).or_default();
        *read = version.max(*read);
    }
}

/// The entity of the newest acknowledgement, or any other; and its newest acknowledged version.
fn newest(acks: &Acks, rng: &Rng) -> Option<(EntityKey, u64)> {
    let acks = acks.0.lock().unwrap();
    let key = &if rng.one_in(2) { acks.last()? } else { acks.get(rng.below(acks.len() as u64) as usize)? }.key;
    let version = acks.iter().filter(|ack| ack.key == *key).map(|ack| ack.version).max()?;
    Some((key.clone(), version))
}

/// `None`: no reply.
pub async fn strong_version(door: &Door, key: &EntityKey) -> Option<u64> {
    const WITHIN: Duration = Duration::from_secs(4);
    match key.kind {
        Kind::Stock => door.read::<Stock>(&key.id, WITHIN).await.ok().map(|answer| answer.version),
        Kind::Order => door.read::<Order>(&key.id, WITHIN).await.ok().map(|answer| answer.version),
        Kind::Payment => door.read::<Payment>(&key.id, WITHIN).await.ok().map(|answer| answer.version),
        Kind::Cart => door.read::<Cart>(&key.id, WITHIN).await.ok().map(|answer| answer.version),
        _ => None,
    }
}

async fn caught_up_version(door: &Door, key: &EntityKey) -> Option<u64> {
    const WITHIN: Duration = Duration::from_secs(4);
    match key.kind {
        Kind::Stock => door.glance::<Stock>(&key.id, WITHIN).await,
        Kind::Order => door.glance::<Order>(&key.id, WITHIN).await,
        Kind::Payment => door.glance::<Payment>(&key.id, WITHIN).await,
        Kind::Cart => door.glance::<Cart>(&key.id, WITHIN).await,
        _ => None,
    }
}
