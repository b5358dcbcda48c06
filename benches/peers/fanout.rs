//! One topic, a fixed rate of changes, all clients subscribed: Souk's `/live`, a server on `ws`, one on Socket.IO, each
//! in a process of its own, with the same bytes to the same clients.
//!
//! Latency of a change runs from when it was due to be posted until the last socket has read it or a newer one. Ours
//! holds the commit and its sync as well; the peers keep nothing. A change that was conflated away has cost no frame.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use futures::{SinkExt, StreamExt};
use hdrhistogram::Histogram;
use serde_json::{Value, json};
use souk::testing::free_port;
use tokio::{runtime::Runtime, time::sleep_until};
use tokio_tungstenite::tungstenite::Message;
use uuid::Uuid;

use super::{
    audience::{Audience, Wire},
    plan::{Audience as Of, Peer, Plan},
    program::{Program, cpu_of_tree},
    rows::{By, Row, Rows, SOUK},
    shop::{Souk, Stocked},
};
use crate::common::{
    http::Connection,
    process::{peak_of, resident_of},
    websocket::version,
};

/// Fewer say nothing about a p99.
const CHANGES_MIN: f64 = 20.0;
const ALL_WITHIN: Duration = Duration::from_secs(60);
/// What a server may take for one change before the run is given up.
const CHANGE_WITHIN: Duration = Duration::from_secs(20);

struct Server<'a> {
    side: &'a str,
    process: u32,
    address: SocketAddr,
    wire: Wire,
}

pub fn compare(plan: &Plan, runtime: &Runtime, rows: &mut Rows) -> Result<()> {
    let peers = [(Peer::Ws, "ws", Wire::Plain), (Peer::SocketIo, "socket.io", Wire::SocketIo)];
    let peers: Vec<_> = peers.into_iter().filter(|(peer, ..)| plan.wants(*peer)).collect();
    if peers.is_empty() {
        return Ok(());
    }
    for of in &plan.audiences {
        let work = format!("fan-out, {} sockets, {} changes a second", of.sockets, of.changes);
        println!("{work}");
        // A new one each time: what memory it took before must not hide what sockets take.
        let souk = Souk::start(runtime, Stocked::AsSampled)?;
        let sku = souk.shelf.skus.first().context("a SKU")?.clone();
        let topic = format!("stock.{sku}");
        let snapshot = runtime.block_on(snapshot(souk.address(), &topic))?;
        let server = Server { side: SOUK, process: souk.node.id(), address: souk.address(), wire: Wire::Souk(topic) };
        let mut staff = runtime.block_on(souk.staff())?;
        let path = format!("/api/stock/{sku}/adjustments");
        let change = async |_: u64| {
            let key = Uuid::now_v7().to_string();
            staff.post(&path, Some(&key), r#"{"delta":1,"reason":"peers"}"#, 200).await
        };
        rows.push(runtime.block_on(measure(&work, plan, of, &server, &snapshot, change))?);
        drop(souk);
        for (_, name, wire) in &peers {
            let (program, address) = match start(name, rows) {
                Ok(started) => started,
                Err(why) => {
                    rows.skip(name, format!("{why:#}"));
                    continue;
                }
            };
            let server = Server { side: name, process: program.id(), address, wire: wire.clone() };
            let row = runtime.block_on(async {
                let mut connection = Connection::open(address, None).await?;
                connection.post("/", None, &snapshot, 204).await?;
                let change = async |version: u64| connection.post("/", None, &with(&snapshot, version)?, 204).await;
                measure(&work, plan, of, &server, &snapshot, change).await
            });
            match row.with_context(|| program.last_words()) {
                Ok(row) => rows.push(row),
                Err(why) => rows.fail(name, &why),
            }
        }
    }
    Ok(())
}

/// The topic's current frame, as every subscriber receives it.
async fn snapshot(address: SocketAddr, topic: &str) -> Result<String> {
    let (mut socket, _) = tokio_tungstenite::connect_async(format!("ws://{address}/live")).await?;
    socket.send(Message::text(json!({"op": "subscribe", "topics": [topic]}).to_string())).await?;
    loop {
        let frame = socket.next().await.context("closed")??;
        if let Message::Text(text) = frame
            && version(text.as_bytes()).is_some()
        {
            return Ok(text.as_str().to_owned());
        }
    }
}

fn with(snapshot: &str, newer: u64) -> Result<String> {
    let older = version(snapshot.as_bytes()).context("a version")?;
    Ok(snapshot.replacen(&format!("\"version\":{older}"), &format!("\"version\":{newer}"), 1))
}

async fn measure(
    work: &str,
    plan: &Plan,
    of: &Of,
    server: &Server<'_>,
    snapshot: &str,
    mut change: impl AsyncFnMut(u64) -> Result<()>,
) -> Result<Row> {
    let first = version(snapshot.as_bytes()).context("a version")?;
    let Of { sockets, changes: a_second } = *of;
    let measured = (plan.seconds * a_second).max(CHANGES_MIN).ceil() as usize;
    let warm_up = measured / 5;
    let changes = warm_up + measured;
    let before = resident_of(server.process)?;
    let mut audience = Audience::open(&server.wire, server.address, sockets, first, changes).await?;
    let held = resident_of(server.process)?.saturating_sub(before);
    let cpu = cpu_of_tree(server.process)?;
    let start = Instant::now() + Duration::from_millis(100);
    let due = |n: usize| start + Duration::from_secs_f64(n as f64 / a_second);
    for n in 1..=changes {
        sleep_until(due(n).into()).await;
        tokio::time::timeout(CHANGE_WITHIN, change(first + n as u64)).await.context("a change took too long")??;
    }
    audience.all_have(changes, ALL_WITHIN).await?;
    let cpu = cpu_of_tree(server.process)?.saturating_sub(cpu);
    let mut times = Histogram::<u64>::new_with_bounds(1, 120_000_000, 3)?;
    for n in warm_up + 1..=changes {
        times.saturating_record(audience.last(n).saturating_duration_since(due(n)).as_micros() as u64);
    }
    let frames = audience.frames();
    ensure!(frames > 0, "no frame came");
    let seconds = audience.last(changes).saturating_duration_since(due(1)).as_secs_f64();
    Ok(Row {
        work: work.to_owned(),
        side: server.side.to_owned(),
        by: By::P99,
        rate: Some(frames as f64 / seconds.max(1.0 / a_second)),
        unit: "frames",
        p50_us: times.value_at_quantile(0.5),
        p99_us: times.value_at_quantile(0.99),
        cpu_us: cpu.as_secs_f64() * 1e6 / frames as f64,
        more: vec![
            ("KiB a socket", held as f64 / 1024.0 / sockets as f64),
            ("MiB at its most", (peak_of(server.process)? >> 20) as f64),
            ("% of changes conflated", 100.0 * (1.0 - frames as f64 / (changes * sockets) as f64)),
        ],
    })
}

/// A peer's server in node, if its packages are there.
fn start(name: &str, rows: &mut Rows) -> Result<(Program, SocketAddr)> {
    let folder = folder(name);
    rows.version(installed(&folder, name)?);
    let port = free_port();
    let mut program = Program::start(name, |_| {
        let mut command = Command::new("node");
        command.arg(folder.join("server.mjs")).env("PORT", port.to_string()).env("NODE_ENV", "production");
        command
    })?;
    program.says("listening")?;
    Ok((program, SocketAddr::from(([127, 0, 0, 1], port))))
}

pub fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers").join(name)
}

/// `ws 8.23.0`, of a package that npm has installed there.
pub fn installed(folder: &Path, package: &str) -> Result<String> {
    let manifest = folder.join("node_modules").join(package).join("package.json");
    let text = std::fs::read(&manifest).with_context(|| format!("{package} is not installed"))?;
    let manifest: Value = serde_json::from_slice(&text)?;
    Ok(format!("{package} {}", manifest["version"].as_str().context("no version")?))
}
