//! `kill -9` of a SKU's owner, until the SKU takes holds again through another node; with the times as shipped.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use souk::config::Config;
use tokio::{runtime::Runtime, time::sleep};
use uuid::Uuid;

use super::owners;
use crate::common::{load, nats::NatsServers, nodes::Node, shopper::Shelf};

const WITHIN: Duration = Duration::from_secs(60);
/// Pause between two tries of a buyer.
const AGAIN: Duration = Duration::from_millis(20);
/// At full length.
const ROUNDS: usize = 3;

pub struct FailOver(Vec<Duration>);

pub fn measure(runtime: &Runtime, servers: &NatsServers, nodes: &mut [Node], shelf: &Shelf) -> Result<FailOver> {
    let rounds = if load::seconds() < 2.0 { 1 } else { ROUNDS };
    let (sku, mut times) = (&shelf.skus[1], Vec::new());
    for round in 0..rounds {
        if round > 0 {
            runtime.block_on(owners::settled(nodes))?;
        }
        let owner = runtime.block_on(owners::owner_of(sku, nodes))?;
        let other = (owner + 1) % nodes.len();
        let mut staff = runtime.block_on(owners::staff(&nodes[other]))?;
        nodes[owner].kill()?;
        let killed = Instant::now();
        let path = format!("/api/stock/{sku}/holds");
        runtime.block_on(async {
            loop {
                let key = Uuid::now_v7().to_string();
                match staff.post(&path, Some(&key), r#"{"quantity":1,"ttl_seconds":3600}"#, 201).await {
                    Ok(()) => return Ok(()),
                    Err(error) => ensure!(killed.elapsed() < WITHIN, "{sku} is away for too long: {error:#}"),
                }
                sleep(AGAIN).await;
            }
        })?;
        times.push(killed.elapsed());
        nodes[owner].start_again(servers)?;
        nodes[owner].ready(runtime)?;
    }
    times.sort_unstable();
    Ok(FailOver(times))
}

impl FailOver {
    pub fn report(&self) {
        let (times, shipped) = (&self.0, Config::default().cluster);
        let seconds: Vec<_> = times.iter().map(|time| format!("{:.2} s", time.as_secs_f64())).collect();
        println!(
            "\nfail-over: from kill -9 of a SKU's owner to its next hold: {} (a node counts as dead after {} ms without a sign \
             of life, its lease of {} ms is waited out; asked: at most 10 s)",
            seconds.join(", "),
            shipped.member_dead_ms,
            shipped.lease_ms
        );
    }
}
