//! One seed of a cluster: whole shops on two or three nodes, and everything that can part them, or stop one.

use std::sync::atomic::Ordering;

use crate::{
    auditor,
    checks::{self, Totals},
    clients::{Reach, play},
    cluster::Cluster,
    cluster_checks, provider,
    rng::Rng,
    troubles::{Troubles, revive, trouble},
};

pub struct Run {
    pub log: String,
    pub totals: Totals,
    pub troubles: Troubles,
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
    troubles.reads = reads.stop(&mut broken);
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
    let reach =
        Reach { door: cluster.door.clone(), acks: shop.acks.clone(), clock: site.wall.clone(), rng: site.rng.clone() };
    cluster.world.spawn(provider::pump(shop.books.clone(), cluster.door.clone(), site.rng.clone()));
    shop.scripts.iter().map(|script| cluster.world.spawn(play(script.clone(), reach.clone()))).collect()
}
