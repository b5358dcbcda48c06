//! One seed of a cluster: whole shops on two or three nodes, and everything that can part them, or stop one.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use souk::persistence::state_store::MemoryStateStore;

use crate::{
    auditor,
    checks::{self, Totals},
    clients::{Reach, play},
    cluster::Cluster,
    cluster_checks,
    many::Sum,
    node::Ended,
    provider,
    rng::Rng,
};

pub struct Run {
    pub log: String,
    pub totals: Totals,
    pub troubles: Troubles,
}

/// What was done to the nodes, and what came of it.
#[derive(Clone, Debug, Default)]
pub struct Troubles {
    pub frozen: u64,
    pub cut: u64,
    pub misled: u64,
    pub crashed: u64,
    pub handed_over: u64,
    pub old_directories: u64,
    pub claims: u64,
    /// Two nodes said at once that they serve a shard.
    pub doubled: u64,
    pub fenced: u64,
    pub strong_reads: u64,
}

impl Sum for (Totals, Troubles) {
    fn add(&mut self, (totals, other): &Self) {
        self.0.add(totals);
        let troubles = &mut self.1;
        troubles.frozen += other.frozen;
        troubles.cut += other.cut;
        troubles.misled += other.misled;
        troubles.crashed += other.crashed;
        troubles.handed_over += other.handed_over;
        troubles.old_directories += other.old_directories;
        troubles.claims += other.claims;
        troubles.doubled += other.doubled;
        troubles.fenced += other.fenced;
        troubles.strong_reads += other.strong_reads;
    }
}

impl Troubles {
    pub fn assert_something_happened(&self) {
        let all = [self.frozen, self.cut, self.misled, self.crashed, self.handed_over, self.old_directories];
        let came = [self.claims, self.doubled, self.fenced, self.strong_reads];
        assert!(all.iter().chain(&came).all(|count| *count > 0), "{self:?}");
    }
}

pub fn run_fenced(seed: u64) -> Result<(Totals, Troubles), Vec<String>> {
    run(seed, true).map(|run| (run.totals, run.troubles))
}

/// `fences`: false for a journal that says "stored" to an owner of the past.
pub fn run(seed: u64, fences: bool) -> Result<Run, Vec<String>> {
    let rng = Rng::new(seed ^ 0xc1);
    let (places, shards) = (2 + rng.below(2) as usize, *rng.pick(&[1, 2, 4]));
    let mut cluster = Cluster::new(rng.clone(), places, shards, fences);
    let mut troubles = Troubles::default();
    (0..places).for_each(|place| cluster.boot(place));
    cluster.shop.deliveries();
    let clients = open(&cluster);
    let reads = auditor::start(&cluster);
    for _ in 0..3 + rng.below(6) {
        let pause = *rng.pick(&[1_000, 4_000, 12_000, 40_000]);
        cluster.run(rng.millis(pause));
        trouble(&mut cluster, &rng, &mut troubles);
        revive(&mut cluster);
    }
    let mut broken = Vec::new();
    cluster_checks::heal(&mut cluster, &mut broken);
    troubles.strong_reads = reads.stop(&mut broken);
    cluster_checks::settle(&mut cluster, clients, &mut broken);
    let mut totals = checks::check(&cluster.shop, &mut broken);
    let log = cluster_checks::check(&mut cluster, &mut broken);
    totals.crashes = troubles.crashed;
    troubles.claims = log.lines().filter(|line| line.contains("Claimed")).count() as u64;
    troubles.doubled = cluster.site.net.doubled.load(Ordering::Relaxed);
    troubles.fenced = cluster.site.servers.fenced.load(Ordering::Relaxed);
    if broken.is_empty() { Ok(Run { log, totals, troubles }) } else { Err(broken) }
}

/// Shoppers, operators and the provider's webhooks, at every node.
fn open(cluster: &Cluster) -> Vec<tokio::task::JoinHandle<()>> {
    let (shop, site) = (&cluster.shop, &cluster.site);
    let reach = Reach {
        door: cluster.door.clone(),
        acks: shop.acks.clone(),
        clock: Arc::new(site.wall.clone()),
        rng: site.rng.clone(),
    };
    cluster.world.spawn(provider::pump(shop.books.clone(), cluster.door.clone(), site.rng.clone()));
    shop.scripts.iter().map(|script| cluster.world.spawn(play(script.clone(), reach.clone()))).collect()
}

fn trouble(cluster: &mut Cluster, rng: &Rng, troubles: &mut Troubles) {
    let n = rng.below(cluster.nodes.len() as u64) as usize;
    let others: Vec<_> = cluster.nodes.iter().map(|node| node.name.clone()).collect();
    let now = cluster.now;
    let node = &mut cluster.nodes[n];
    match rng.below(8) {
        0 | 1 => {
            let longest = *rng.pick(&[300, 3_000, 12_000]);
            node.machine.freeze(now + rng.below(longest));
            troubles.frozen += 1;
        }
        2 => troubles.cut += u64::from(node.link.toggle()),
        3 => {
            // It soon thinks that it is alone. Those whose shards it then claims may learn late of that.
            let me = node.name.clone();
            node.link.deafen(others.into_iter().filter(|other| *other != me));
            for node in &cluster.nodes {
                node.link.slow_log(rng.millis(*rng.pick(&[1, 1_000, 8_000])));
            }
            troubles.misled += 1;
        }
        4 => node.link.heal(),
        5 => {
            node.leave();
            let place = node.place;
            let gone = |cluster: &mut Cluster| {
                cluster.nodes.iter().any(|node| node.place == place && node.ended() == Some(Ended::Left))
            };
            troubles.handed_over += u64::from(cluster.until(Duration::from_secs(20), gone));
            restart(cluster, rng, place, troubles);
        }
        _ => {
            let place = node.place;
            troubles.crashed += 1;
            restart(cluster, rng, place, troubles);
        }
    }
}

/// The place's process ends, in whatever state it is, and another one begins: on the data it left, or on none.
fn restart(cluster: &mut Cluster, rng: &Rng, place: usize, troubles: &mut Troubles) {
    let Some(n) = cluster.nodes.iter().position(|node| node.place == place) else { return };
    cluster.take_away(n).machine.crash(rng);
    match rng.one_in(3) {
        true => cluster.stores[place] = Arc::new(MemoryStateStore::default()),
        false => troubles.old_directories += 1,
    }
    let down = *rng.pick(&[50, 2_000, 9_000]);
    cluster.run(rng.millis(down));
    cluster.boot(place);
}

/// A process that could not start, or could not go on, is begun again, as a service manager does it.
fn revive(cluster: &mut Cluster) {
    let ended = |node: &crate::node::Node| matches!(node.ended(), Some(Ended::DidNotStart(_)));
    while let Some(n) = cluster.nodes.iter().position(ended) {
        let node = cluster.take_away(n);
        cluster.boot(node.place);
    }
}
