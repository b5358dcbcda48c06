//! One seed of a cluster: whole shops on two or three nodes, and everything that can part them, or stop one.

use std::{sync::atomic::Ordering, time::Duration};

use crate::{
    auditor,
    checks::{self, Totals},
    clients::{self, Reach, play},
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

/// Shops that hold nothing before a payment.
pub fn run_at_payment(seed: u64) -> Result<(Totals, Troubles), Vec<String>> {
    run_with(seed, true, |cluster| cluster.shop.hold_at_payment()).map(|run| (run.totals, run.troubles))
}

/// `fences`: false for a journal that says "stored" to an owner of the past.
pub fn run(seed: u64, fences: bool) -> Result<Run, Vec<String>> {
    run_with(seed, fences, |_| {})
}

fn run_with(seed: u64, fences: bool, change: impl FnOnce(&mut Cluster)) -> Result<Run, Vec<String>> {
    let rng = Rng::new(seed ^ 0xc1);
    let (places, shards) = (2 + rng.below(2) as usize, *rng.pick(&[1, 2, 4]));
    let mut cluster = Cluster::new(rng.clone(), places, shards, fences);
    change(&mut cluster);
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

/// A quiet cluster of three, in which one machine's clock is off by ten minutes, and an order's hold lasts as long. The
/// orders whose time of placing is not the shopper's.
pub fn run_with_a_clock_off(seed: u64, ahead: i64) -> Result<Totals, Vec<String>> {
    let rng = Rng::new(seed ^ 0xc10c);
    let mut cluster = Cluster::new(rng.clone(), 3, 4, true);
    cluster.site.weather.clear();
    cluster.site.ahead = vec![0, ahead, 0];
    (0..3).for_each(|place| cluster.boot(place));
    // Clients come once every node has its shards, as behind a load balancer that asks /readyz.
    let all_serve =
        |cluster: &mut Cluster| cluster.nodes.iter().all(|node| node.gateway().is_some_and(|g| g.ready().is_ok()));
    assert!(cluster.until(Duration::from_secs(60), all_serve), "the cluster starts");
    cluster.run(Duration::from_secs(10));
    cluster.show();
    let clients = open(&cluster);
    let mut broken = Vec::new();
    cluster_checks::settle(&mut cluster, clients, &mut broken);
    let totals = checks::check(&cluster.shop, &mut broken);
    for order in checks::orders(&checks::fold(&cluster.shop.storage)) {
        let Some(placement) = &order.placement else { continue };
        let late = order.placed_at.0 - (placement.pay_by.0 - clients::HOLD_MS);
        if late.abs() > 20_000 {
            broken.push(format!("order {} was placed {late} ms after its shopper's click", placement.order));
        }
    }
    if broken.is_empty() { Ok(totals) } else { Err(broken) }
}

/// Shoppers, operators and the provider's webhooks, at every node.
fn open(cluster: &Cluster) -> Vec<tokio::task::JoinHandle<()>> {
    let (shop, site) = (&cluster.shop, &cluster.site);
    let reach =
        Reach { door: cluster.door.clone(), acks: shop.acks.clone(), clock: site.wall.clone(), rng: site.rng.clone() };
    cluster.world.spawn(provider::pump(shop.books.clone(), cluster.door.clone(), site.rng.clone()));
    shop.scripts.iter().map(|script| cluster.world.spawn(play(script.clone(), reach.clone()))).collect()
}
