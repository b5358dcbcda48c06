//! The whole shop in a cluster, as it is run: processes on one machine. Holds and checkouts a second on one node and
//! on three over three nats-servers, with the CPU time of nodes and servers for each, against one machine with sled in the
//! same run (the point is the overhead: all share the same cores); how long a change takes to a socket on its own node and on
//! another; and how long the entities of a killed node are away.

mod common;

#[path = "nodes/fail_over.rs"]
mod fail_over;
#[path = "nodes/fan_out.rs"]
mod fan_out;
#[path = "nodes/owners.rs"]
mod owners;

use std::{sync::Arc, time::Duration};

use anyhow::Result;
use common::{
    load::{self, Figures},
    nats::{self, NatsServers},
    nodes::{Node, PASSWORD},
    process::cpu_of,
    report::time,
    shopper::{Shelf, Shopper, What},
};
use criterion::Criterion;
use tokio::runtime::Runtime;

const CONNECTIONS: [usize; 2] = [16, 64];

struct Line {
    site: &'static str,
    what: What,
    figures: Figures,
    nodes: Duration,
    servers: Duration,
}

fn main() -> Result<()> {
    let mut criterion = load::criterion();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().thread_name("bench-client").build()?;
    let mut lines = Vec::new();
    {
        let alone = [Node::start("alone", None, true)?];
        measure(&mut criterion, &runtime, "sled, 1 node", &alone, None, &mut lines)?;
    }
    let Some(servers) = nats::start(&runtime, 3)? else { return Ok(()) };
    let mut nodes = vec![Node::start("node-0", Some(&servers), true)?];
    measure(&mut criterion, &runtime, "NATS, 1 node", &nodes, Some(&servers), &mut lines)?;
    for name in ["node-1", "node-2"] {
        nodes.push(Node::start(name, Some(&servers), false)?);
    }
    let shelf = measure(&mut criterion, &runtime, "NATS, 3 nodes", &nodes, Some(&servers), &mut lines)?;
    criterion.final_summary();
    report(&lines);
    fan_out::measure(&runtime, &nodes, &shelf)?.report();
    fail_over::measure(&runtime, &servers, &mut nodes, &shelf)?.report();
    Ok(())
}

fn measure(
    criterion: &mut Criterion,
    runtime: &Runtime,
    site: &'static str,
    nodes: &[Node],
    servers: Option<&NatsServers>,
    lines: &mut Vec<Line>,
) -> Result<Arc<Shelf>> {
    for node in nodes {
        node.ready(runtime)?;
    }
    if servers.is_some() {
        runtime.block_on(owners::settled(nodes))?;
    }
    let shelf = runtime.block_on(async {
        let shelf = Shelf::look(nodes[0].address, PASSWORD).await?;
        // The three nodes are the shop that one of them was.
        if nodes.len() == 1 {
            shelf.fill().await?;
        }
        anyhow::Ok(Arc::new(shelf.at(nodes.iter().map(|node| node.address).collect())))
    })?;
    let cpu = || -> Result<(Duration, Duration)> {
        let of_nodes = nodes.iter().map(Node::cpu).sum::<Result<Duration>>()?;
        let ids = servers.map(NatsServers::ids).unwrap_or_default();
        Ok((of_nodes, ids.into_iter().map(cpu_of).sum::<Result<Duration>>()?))
    };
    let mut group = criterion.benchmark_group(format!("nodes/{site}"));
    for (what, connections) in [What::Hold, What::Checkout].into_iter().flat_map(|what| CONNECTIONS.map(|n| (what, n)))
    {
        let shoppers = runtime.block_on(Shopper::open(&shelf, what, connections))?;
        let before = cpu()?;
        let figures = load::measure(&mut group, what.name(), runtime, shoppers, |_, _| ());
        let after = cpu()?;
        let (nodes, servers) = (after.0 - before.0, after.1 - before.1);
        lines.extend(figures.map(|figures| Line { site, what, figures, nodes, servers }));
    }
    group.finish();
    Ok(shelf)
}

fn report(lines: &[Line]) {
    println!("\nnodes: the whole shop over HTTP; nodes, servers and clients share this machine");
    println!(
        "  {:<14} {:<9} {:>11} {:>8} {:>9} {:>9} {:>12} {:>12} | {:>8} {:>9}",
        "site", "what", "connections", "each s", "p50", "p99", "nodes' CPU", "servers' CPU", "of sled", "CPU times"
    );
    for line in lines {
        let Line { site, what, figures, nodes, servers } = line;
        let each = |cpu: Duration| cpu.as_secs_f64() * 1e6 / figures.done as f64;
        let same = |other: &&Line| (other.what, other.figures.clients) == (*what, figures.clients);
        let sled = lines.iter().find(same).unwrap_or(line);
        let sled_cpu = sled.nodes.as_secs_f64() * 1e6 / sled.figures.done as f64;
        println!(
            "  {site:<14} {:<9} {:>11} {:>8.0} {:>9} {:>9} {:>9.0} us {:>9.0} us | {:>8.2} {:>9.2}",
            what.name(),
            figures.clients,
            figures.rate,
            time(figures.p50_us),
            time(figures.p99_us),
            each(*nodes),
            each(*servers),
            figures.rate / sled.figures.rate,
            (each(*nodes) + each(*servers)) / sled_cpu
        );
    }
}
