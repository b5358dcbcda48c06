//! Why the winner of a claim waits: one scenario, led step by step, with the wait and without it.
//!
//! An owner's newest append is confirmed, and it is frozen. Another node wrongly thinks it dead, claims its shard, and
//! acknowledges a write. The owner wakes within its lease (if the other did not wait it out), has not read the other's
//! claim yet, and receives a strong read: its reply from memory lacks the write.

use std::{
    num::{NonZeroU32, NonZeroU64},
    time::Duration,
};

use souk::{
    actors::{
        gateway::Call,
        ports::journal::{Entry, NodeId, Shard},
        settings::ActorSettings,
    },
    domain::{
        entity::Entity,
        ids::CommandId,
        key::EntityKey,
        stock::{Stock, StockCommand},
    },
    transport::members::rendezvous,
};

use tokio::time::sleep;

use crate::{auditor::strong_version, cluster::Cluster, door::Door, rng::Rng};

const SKU: &str = "TEE-M-RED";
const READS: usize = 20;
const ASK_AGAIN: Duration = Duration::from_millis(50);

#[derive(Debug)]
pub struct Outcome {
    /// The version that was acknowledged at the new owner.
    pub acknowledged: u64,
    /// The versions read at the old owner afterwards.
    pub read: Vec<u64>,
}

impl Outcome {
    pub fn stale(&self) -> bool {
        self.read.iter().any(|version| *version < self.acknowledged)
    }
}

/// `waits`: false takes the wait out, and nothing else: the new owner's own lease is then zero, so it appends to the
/// log before each strong reply, and has nothing to wait out.
pub fn run(seed: u64, waits: bool) -> Outcome {
    let rng = Rng::new(seed);
    let mut cluster = Cluster::new(rng.clone(), 2, 1, true);
    cluster.site.weather.clear();
    cluster.site.settings = ActorSettings::default();
    let names = ["n0#0", "n1#1"].map(|name| NodeId(name.into()));
    let placed = rendezvous::owners(&names, 1)[0].clone();
    let old = names.iter().position(|name| Some(name) == placed.as_ref()).expect("one of the two");
    let new = 1 - old;
    if !waits {
        cluster.leases[new] = Duration::ZERO;
    }
    (0..2).for_each(|place| cluster.boot(place));
    let doors = [0, 1].map(|place| only(&mut cluster, place));
    write(&mut cluster, &doors[old]);

    // From here on the new one's ear is deaf to the old one, which reads the log late: an owner that hears of the newer
    // claim in time denies by itself.
    cluster.nodes[old].link.slow_log(Duration::from_secs(30));
    cluster.nodes[new].link.deafen([names[old].clone()]);
    let claimed = |cluster: &mut Cluster| {
        let records = cluster.shop.storage.records(Shard(0));
        records.iter().any(|record| record.node == names[new] && record.entry == Entry::Claimed)
    };
    while !cluster.until(Duration::from_millis(1_000), claimed) {
        write(&mut cluster, &doors[old]);
    }
    let now = cluster.now;
    // Like a suspended machine: messages sent to it meanwhile are lost, so no late write of its own reveals the
    // takeover.
    cluster.nodes[old].machine.freeze(now + 3_600_000);
    cluster.nodes[old].link.toggle();
    let acknowledged = write(&mut cluster, &doors[new]);

    let now = cluster.now;
    cluster.nodes[old].machine.freeze(now);
    cluster.nodes[old].link.toggle();
    let (door, key) = (doors[old].clone(), EntityKey::new(Stock::KIND, SKU));
    let reads = cluster.world.spawn(async move {
        // The old owner may first have to detect that it is not cut off.
        let answered = async || loop {
            match strong_version(&door, &key).await {
                Some(version) => return version,
                None => sleep(ASK_AGAIN).await,
            }
        };
        futures::future::join_all((0..READS).map(|_| answered())).await
    });
    let read = cluster.outcome(Duration::from_secs(60), reads).expect("each read is answered within a minute");
    Outcome { acknowledged, read }
}

/// The way to one place alone, once it has started.
fn only(cluster: &mut Cluster, place: usize) -> Door {
    assert!(cluster.until(Duration::from_secs(30), |cluster| cluster.nodes[place].way().is_some()));
    let door = Door::of_many(cluster.site.rng.clone(), cluster.site.net.traffic.clone());
    door.set(cluster.nodes[place].way().into_iter().collect());
    door
}

/// Units arrive; returns the reply's version.
fn write(cluster: &mut Cluster, door: &Door) -> u64 {
    let written = cluster.world.spawn(deliver(door.clone(), CommandId(cluster.site.rng.uuid())));
    cluster.outcome(Duration::from_secs(60), written).expect("the shard is served within a minute")
}

async fn deliver(door: Door, command_id: CommandId) -> u64 {
    loop {
        let call = Call {
            command_id,
            by: "user:simulated".into(),
            expected_version: None,
            fingerprint: NonZeroU64::new(7),
            within: Duration::from_secs(5),
        };
        let command = StockCommand::Receive { units: NonZeroU32::MIN, reference: Some("delivery".into()) };
        if let Ok(answer) = door.ask::<Stock>(SKU, command, call).await {
            return answer.version;
        }
        sleep(ASK_AGAIN).await;
    }
}
