//! Faults from a seed: nodes are killed, ended, frozen and cut off, servers killed, frozen and parted from each other,
//! all killed at once; each fault is followed by its recovery, awaited by a condition. Every kind comes before one
//! comes again.
//!
//! A fault's length is a time on purpose: it is the fault itself, and synchronises nothing.

use std::time::{Duration, Instant};

use tokio::time::sleep;

use crate::{
    proxy::Link,
    rig::{NODES, Rig, SERVERS},
    rng::Rng,
    site::Site,
};

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fault {
    KillNode,
    EndNode,
    FreezeNode,
    BreakLinks,
    SilenceLinks,
    KillServer,
    FreezeServer,
    /// One server without the others, one way or both.
    PartServer,
    /// The ways between the servers are long, bad, or come and go.
    SlowServers,
    LossyServers,
    FlappingServer,
    /// Every node and every server at once.
    KillAll,
}

use Fault::*;

const OF_NODES: [Fault; 5] = [KillNode, EndNode, FreezeNode, BreakLinks, SilenceLinks];
const OF_SERVERS: [Fault; 6] = [KillServer, FreezeServer, PartServer, SlowServers, LossyServers, FlappingServer];
/// Long enough that the others elect leaders without it, and that it gives up its own.
const PARTED: Duration = Duration::from_secs(8);

/// Operations that must complete after each recovery, before the next fault.
const GOES_ON: u64 = 20;
const GOES_ON_WITHIN: Duration = Duration::from_secs(30);

/// Fault after fault until the time is over; gives how many there were.
pub async fn rages(rig: &Rig, site: &Site, rng: &Rng, length: Duration) -> usize {
    let (started, mut done, mut deck) = (Instant::now(), 0, Vec::new());
    while started.elapsed() < length {
        if deck.is_empty() {
            deck = [&OF_NODES[..], &OF_SERVERS[..], &[KillAll]].concat();
        }
        let fault = deck.swap_remove(rng.below(deck.len() as u64) as usize);
        // Sometimes a node and a server at once.
        let second = (OF_NODES.contains(&fault) && rng.one_in(4)).then(|| *rng.pick(&OF_SERVERS));
        match second {
            Some(second) => drop(tokio::join!(strikes(rig, rng, fault), strikes(rig, rng, second))),
            None => strikes(rig, rng, fault).await,
        }
        for node in 0..NODES {
            recovers(rig, node).await;
        }
        goes_on(site, GOES_ON).await;
        done += 1;
    }
    done
}

async fn recovers(rig: &Rig, node: usize) {
    let again = rig.nodes[node].lock().await.recovered().await;
    if again > 0 {
        rig.history.note(format!("node {node} found a copy of a log that differs, and was started again x{again}"));
    }
}

async fn whole(rig: &Rig, server: usize) {
    rig.around(server, Link::Whole);
    rig.servers_current().await;
}

/// Clients are served again.
pub async fn goes_on(site: &Site, operations: u64) {
    let (started, before) = (Instant::now(), site.answers());
    while site.answers() < before + operations {
        assert!(started.elapsed() < GOES_ON_WITHIN, "nobody is answered any more");
        sleep(Duration::from_millis(10)).await;
    }
}

/// One fault and its recovery.
pub async fn strikes(rig: &Rig, rng: &Rng, fault: Fault) {
    let (node, server) = (rng.below(NODES as u64) as usize, rng.below(SERVERS as u64) as usize);
    let short = Duration::from_millis(200 + rng.below(1_800));
    // Long enough that others take over, sometimes.
    let long = Duration::from_millis(rig.times.lease + rng.below(rig.times.dead + 1_000));
    let target = if OF_SERVERS.contains(&fault) { server } else { node };
    rig.history.note(format!("{fault:?} {target}"));
    match fault {
        KillNode => {
            let mut node = rig.nodes[node].lock().await;
            node.kill().await;
            sleep(short).await;
            node.start(&[]).await;
        }
        EndNode => {
            recovers(rig, node).await;
            let mut node = rig.nodes[node].lock().await;
            node.terminate().await;
            node.start(&[]).await;
        }
        FreezeNode => {
            let node = rig.nodes[node].lock().await;
            node.freeze();
            sleep(long).await;
            node.thaw();
        }
        BreakLinks | SilenceLinks => {
            rig.link(node, if matches!(fault, BreakLinks) { Link::Broken } else { Link::Silent });
            sleep(long).await;
            rig.link(node, Link::Whole);
        }
        KillServer => {
            rig.servers.lock().await.kill(server);
            sleep(short).await;
            rig.servers.lock().await.restart(server).await;
            rig.servers_current().await;
        }
        FreezeServer => {
            rig.servers.lock().await.freeze(server);
            sleep(short * 2).await;
            rig.servers.lock().await.thaw(server);
            rig.servers_current().await;
        }
        PartServer => {
            rig.around(server, *rng.pick(&[Link::Broken, Link::Silent, Link::SilentThere, Link::SilentBack]));
            sleep(PARTED + short * 2).await;
            whole(rig, server).await;
        }
        SlowServers | LossyServers => {
            let link = if matches!(fault, SlowServers) { Link::Late } else { Link::Lossy };
            (0..SERVERS).for_each(|server| rig.around(server, link));
            sleep(long).await;
            for server in 0..SERVERS {
                rig.around(server, Link::Whole);
            }
            rig.servers_current().await;
        }
        FlappingServer => {
            for _ in 0..4 {
                rig.around(server, *rng.pick(&[Link::Broken, Link::Silent]));
                sleep(short).await;
                rig.around(server, Link::Whole);
                sleep(short / 2).await;
            }
            whole(rig, server).await;
        }
        KillAll => {
            for node in &rig.nodes {
                node.lock().await.kill().await;
            }
            {
                let mut servers = rig.servers.lock().await;
                (0..SERVERS).for_each(|server| servers.kill(server));
                sleep(short / 4).await;
                servers.up().await;
            }
            rig.servers_current().await;
            for node in &rig.nodes {
                node.lock().await.start(&[]).await;
            }
        }
    }
    if OF_NODES.contains(&fault) {
        recovers(rig, node).await;
    }
    rig.history.note(format!("{fault:?} {target} is over"));
}
