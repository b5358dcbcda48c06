//! Sockets on one topic, up to what the machine holds, while stock changes 20 times a second: the server's memory for
//! each, and how long after a commit the last of them has read it.
//!
//! The server is the shipped binary with its sample shop, in a process of its own. A change is timed from the time of its
//! commit in the journal, which is taken before the disk's sync, until the last socket has read its version or a newer
//! one, on the machine's one clock. A step needs as many open files on both sides (`ulimit -Hn`).

#[path = "sockets/crowd.rs"]
mod crowd;

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use souk::load::{own::Own, usage};
use tokio::{
    sync::mpsc,
    time::{MissedTickBehavior, interval},
};
use uuid::Uuid;

use self::crowd::Crowd;
use super::{
    common::{
        self,
        http::Connection,
        process::{cpu_of, resident_of},
    },
    curve::{Curve, Measured},
    ground::{Ground, at, histogram},
};

const RATE: f64 = 20.0;
/// Requests under way at once; a change that finds none free waits.
const STAFF: usize = 32;
/// How long the last frames may take after the last change.
const FRAMES_MAX: Duration = Duration::from_secs(30);
/// How long the sockets may take to listen: a busy machine makes a hundred a second.
const CONNECTED_MAX: Duration = Duration::from_secs(400);
/// Not sockets: logs, pipes, the journal, the runtime.
const OTHER_FILES: u64 = 300;
/// How soon after the first sockets the first change is timed.
const WARM_UP: usize = 20;

pub fn curve(ground: &Ground) -> Result<Curve> {
    let mut curve = Curve::new("sockets");
    let mut steps = ground.steps(&[1_000, 2_000, 5_000, 10_000, 20_000, 40_000], &[50, 200]);
    if let Some(held) = usage::allow_files()?.map(|files| files.saturating_sub(OTHER_FILES) / 500 * 500) {
        let beyond = steps.iter().filter(|step| **step > held).count();
        if beyond > 0 {
            steps.retain(|step| *step <= held);
            steps.push(held);
            curve.note(format!(
                "{held} is what this machine holds: a process may open {} files (ulimit -Hn)",
                held + 500
            ));
        }
    }
    let seconds = if ground.smoke { 1.0 } else { 20.0 };
    let mut all = Vec::new();
    for sockets in &steps {
        let said = measure(*sockets as usize, seconds)?;
        eprintln!("scale: {sockets} sockets: {said:?}");
        all.push((*sockets as f64, said));
    }
    let line = |of: fn(&Said) -> f64| -> Vec<(f64, f64)> { all.iter().map(|(n, said)| (*n, of(said))).collect() };
    let mib =
        |of: fn(&Said) -> f64| -> Vec<(f64, f64)> { line(of).iter().map(|(n, b)| (*n, b / 1_048_576.0)).collect() };
    let memory = Measured::new("Memory of the server", "sockets on one topic", "MiB").linear();
    let memory = memory.unit_cost("under load, at most", mib(|said| said.most), 1_048_576.0, "B for each");
    curve.panels.push(memory.unit_cost("idle", mib(|said| said.idle), 1_048_576.0, "B for each"));
    let time =
        Measured::new("From a commit to the last socket's frame, 20 changes a second", "sockets on one topic", "ms");
    let time = time.power("p50", line(|said| said.last[0])).power("p99", line(|said| said.last[1]));
    curve.panels.push(time.linear());
    let answer =
        Measured::new("Answer of a command meanwhile, from when it was due", "sockets on one topic", "ms").linear();
    curve.panels.push(answer.power("p50", line(|said| said.answer[0])).power("p99", line(|said| said.answer[1])));
    let frames = Measured::new("Frames", "sockets on one topic", "frames a second").linear();
    let due = line(|said| said.due);
    curve.panels.push(
        frames.power("read by all sockets", line(|said| said.frames)).limit("one for each change and socket", due),
    );
    if let Some((n, said)) = all.iter().find(|(n, _)| *n == 10_000.0) {
        curve.target(format!("{n} sockets, commit to last frame, p99"), said.last[1], 150.0, "ms");
        curve.target(format!("{n} sockets, the server's memory at most"), said.most / 1_048_576.0, 250.0, "MiB");
        curve.note(format!(
            "at {n} sockets the server used {:.2} cores, {:.1} µs for each frame (commands included); the crowd itself {:.2} cores",
            said.cpu, said.each, said.crowd
        ));
    }
    curve.note(
        "the crowd reads with the same cores; changes that come together may be seen together, in one newer frame",
    );
    Ok(curve)
}

/// Milliseconds are p50 and p99.
#[derive(Debug)]
struct Said {
    idle: f64,
    most: f64,
    last: [f64; 2],
    answer: [f64; 2],
    frames: f64,
    due: f64,
    /// Cores of the server and of the crowd; microseconds of the server's CPU for a frame.
    cpu: f64,
    crowd: f64,
    each: f64,
}

fn measure(sockets: usize, seconds: f64) -> Result<Said> {
    // Before the server is started, which inherits the limit.
    usage::allow_sockets(sockets).map_err(anyhow::Error::msg)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut own = Own::new(env!("CARGO_BIN_EXE_souk").into(), None, Some(common::disk()?))?;
    let address = runtime.block_on(own.start())?;
    let server = own.pid().context("the server is gone")?;
    let sku = runtime.block_on(stocked(address, own.password()))?;
    let crowd = Crowd::start(address, &sku, sockets)?;
    crowd.until(CONNECTED_MAX, |crowd| crowd.listening() == sockets)?;
    let (idle, frames) = (resident_of(server)?, crowd.frames());
    let cpu = || anyhow::Ok((cpu_of(server)?, cpu_of(std::process::id())?));
    let (before, began) = (cpu()?, Instant::now());
    let (answers, newest) = runtime.block_on(changes(address, own.password(), &sku, seconds))?;
    crowd.until(FRAMES_MAX, |crowd| crowd.all_have(newest))?;
    let (after, spent) = (cpu()?, began.elapsed().as_secs_f64());
    let frames = (crowd.frames() - frames) as f64;
    let most = resident_of(server)?.max(idle);
    let mut last = histogram();
    for (version, committed) in
        runtime.block_on(commits(address, own.password(), &sku))?.split_off(WARM_UP.min(seconds as usize))
    {
        let seen = crowd.last_seen(version);
        ensure!(seen > 0, "version {version} was seen by nobody");
        last.saturating_record(seen.saturating_sub(committed).max(1) * 1_000);
    }
    let (served, read) =
        (after.0.saturating_sub(before.0).as_secs_f64(), after.1.saturating_sub(before.1).as_secs_f64());
    let ms = |times: &_| [0.5, 0.99].map(|quantile| at(times, quantile) / 1e3);
    Ok(Said {
        idle: idle as f64,
        most: most as f64,
        last: ms(&last),
        answer: ms(&answers),
        frames: frames / spent,
        due: RATE * sockets as f64,
        cpu: served / spent,
        crowd: read / spent,
        each: served * 1e6 / frames,
    })
}

/// A SKU with units enough.
async fn stocked(address: SocketAddr, password: &str) -> Result<String> {
    let mut connection = Connection::open(address, Some(&login(address, password).await?)).await?;
    connection.get("/api/products?limit=1").await?;
    let sku = connection.json()?["items"][0]["skus"][0].as_str().context("no SKU")?.to_owned();
    let path = format!("/api/stock/{sku}/receipts");
    connection.post(&path, Some(&Uuid::now_v7().to_string()), r#"{"quantity":1000000}"#, 200).await?;
    Ok(sku)
}

async fn login(address: SocketAddr, password: &str) -> Result<String> {
    Connection::open(address, None).await?.log_in(password).await
}

/// Removes one unit at a time, at equal intervals; returns the latencies in nanoseconds, and the newest version.
async fn changes(
    address: SocketAddr,
    password: &str,
    sku: &str,
    seconds: f64,
) -> Result<(hdrhistogram::Histogram<u64>, u64)> {
    let (free, mut pool) = mpsc::channel(STAFF);
    let token = login(address, password).await?;
    for _ in 0..STAFF {
        free.send(Connection::open(address, Some(&token)).await?).await?;
    }
    let path: Arc<str> = format!("/api/stock/{sku}/adjustments").into();
    let (mut ticks, mut tasks) = (interval(Duration::from_secs_f64(1.0 / RATE)), Vec::new());
    // Late ticks come at once: the load does not slow down with the shop.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    for _ in 0..(seconds * RATE) as usize {
        let due = ticks.tick().await;
        let mut connection = pool.recv().await.context("a connection")?;
        let (free, path) = (free.clone(), path.clone());
        tasks.push(tokio::spawn(async move {
            let key = Uuid::now_v7().to_string();
            connection.post(&path, Some(&key), r#"{"delta":-1,"reason":"scale"}"#, 200).await?;
            let version = connection.json()?["version"].as_u64().context("a version")?;
            let time = due.elapsed().as_nanos() as u64;
            free.send(connection).await.context("the pool is gone")?;
            anyhow::Ok((time, version))
        }));
    }
    let (mut times, mut newest) = (histogram(), 0);
    for task in tasks {
        let (time, version) = task.await??;
        times.saturating_record(time);
        newest = newest.max(version);
    }
    Ok((times, newest))
}

/// Every version of the SKU with the microsecond of its commit in this day, oldest first.
async fn commits(address: SocketAddr, password: &str, sku: &str) -> Result<Vec<(u64, u64)>> {
    let mut staff = Connection::open(address, Some(&login(address, password).await?)).await?;
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        staff.get(&format!("/api/stock/{sku}/movements?limit=100{cursor}")).await?;
        let page = staff.json()?;
        for one in page["items"].as_array().context("no items")? {
            // The sample shop's own, and the receipt, were before the crowd.
            if one["reason"] == "scale" {
                let version = one["version"].as_u64().context("a version")?;
                all.push((version, crowd::micros_of_day(one["at"].as_str().context("a time")?)?));
            }
        }
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return Ok(all),
        }
    }
}
