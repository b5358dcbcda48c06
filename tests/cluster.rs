//! The cluster on real nats-servers: three nodes, three servers, and their faults.
//!
//! The checks, and how to read a failing run: docs/chaos.md. Deliberately absent: machines that lose power, and disks
//! that lie.

#[path = "cluster/anywhere.rs"]
mod anywhere;
#[path = "cluster/apart.rs"]
mod apart;
#[path = "cluster/chaos.rs"]
mod chaos;
#[path = "cluster/checker.rs"]
mod checker;
#[path = "crash/client.rs"]
mod client;
#[path = "cluster/crash.rs"]
mod crash;
#[path = "cluster/final_state.rs"]
mod final_state;
#[path = "cluster/history.rs"]
mod history;
#[path = "cluster/load.rs"]
mod load;
#[path = "cluster/logs.rs"]
mod logs;
#[path = "common/nats.rs"]
mod nats;
#[path = "cluster/nemesis.rs"]
mod nemesis;
#[path = "cluster/node.rs"]
mod node;
#[path = "cluster/parted.rs"]
mod parted;
#[path = "crash/process.rs"]
mod process;
#[path = "cluster/proxy.rs"]
mod proxy;
#[path = "cluster/rig.rs"]
mod rig;
#[path = "simulation/rng.rs"]
mod rng;
#[path = "cluster/site.rs"]
mod site;
#[path = "cluster/verdict.rs"]
mod verdict;
#[path = "cluster/viewers.rs"]
mod viewers;

use std::sync::{Arc, atomic::Ordering};

use rng::{Rng, number};
use tokio::task::JoinHandle;

/// Printed, so that a failure can be looked at again.
fn seeded() -> Rng {
    let seed = number("SOUK_SEED").unwrap_or_else(|| u64::from(std::process::id()) ^ 0x50_75_6b);
    println!("SOUK_SEED={seed}");
    Rng::new(seed)
}

fn skus(name: &str, n: usize) -> Vec<String> {
    (0..n).map(|n| format!("{name}-{n}")).collect()
}

/// SKUs that only recorded commands change, and some to be sold.
fn fresh_skus() -> (Vec<String>, Vec<String>) {
    (skus("CUP", 5), skus("MUG", 4))
}

/// Closes the site and waits for its people: each ends the operation in flight.
async fn all_go(site: &Arc<site::Site>, people: Vec<JoinHandle<()>>) {
    site.closing.store(true, Ordering::Relaxed);
    for person in people {
        person.await.expect("nobody was told anything wrong");
    }
}
