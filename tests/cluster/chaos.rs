//! Servers killed one at a time under load; and everything at once, from a seed: `SOUK_CHAOS_MINUTES=30` for longer,
//! `SOUK_SEED` for the same faults again (the machine's scheduling is not repeated).

use std::time::Duration;

use crate::{
    fresh_skus,
    load::Crowd,
    nemesis::{goes_on, rages},
    number,
    rig::{Rig, SERVERS, Times},
    seeded, verdict,
    viewers::Viewers,
};

/// In the everyday run of all tests.
const SHORT: Duration = Duration::from_secs(45);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_are_killed_one_at_a_time() {
    let rng = seeded();
    let (strict, sold) = fresh_skus();
    let rig = Rig::start("servers", Times::SHORT, &[&strict[..], &sold].concat()).await;
    let site = rig.site(&strict, &sold).await;
    let viewers = Viewers::on_all(&site);
    let people = Crowd::small().comes(&site, &rng);
    for server in 0..SERVERS {
        goes_on(&site, 30).await;
        rig.history.note(format!("kill -9 of server {server}"));
        rig.servers.lock().await.kill(server);
        // With two of three servers the shop goes on.
        goes_on(&site, 60).await;
        rig.servers.lock().await.restart(server).await;
        rig.servers_current().await;
        rig.history.note(format!("server {server} is back"));
    }
    for node in &rig.nodes {
        node.lock().await.ready().await;
    }
    goes_on(&site, 30).await;
    crate::all_go(&site, people).await;
    verdict::judge(&rig, &site, &viewers).await;
    rig.good();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_at_once() {
    let rng = seeded();
    let length = number("SOUK_CHAOS_MINUTES").map_or(SHORT, |minutes| Duration::from_secs(minutes * 60));
    let (strict, sold) = fresh_skus();
    let rig = Rig::start("chaos", Times::SHORT, &[&strict[..], &sold].concat()).await;
    let site = rig.site(&strict, &sold).await;
    let viewers = Viewers::on_all(&site);
    let people = Crowd::small().comes(&site, &rng);
    goes_on(&site, 40).await;
    let faults = rages(&rig, &site, &rng, length).await;
    rig.history.note("the storm is over");
    crate::all_go(&site, people).await;
    let end = verdict::judge(&rig, &site, &viewers).await;
    println!("{faults} faults in {length:?}");
    // A run without a sale, or without a lost socket, proves nothing.
    let sold = end.orders.values().filter(|order| order.sold()).count();
    let connections: u64 = viewers.seen.iter().map(|seen| seen.lock().unwrap().watch.connections).sum();
    assert!(faults >= 3 && sold >= 5 && connections > 3, "{faults} faults, {sold} sold, {connections} sockets");
    rig.good();
}
