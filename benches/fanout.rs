//! One change to 10,000 subscribers: CPU for each delivered frame, and bytes for each idle socket, against a bare
//! tokio-tungstenite broadcast of the same bytes.
//!
//! Each server runs in a process of its own and its clients in another (this binary, re-executed), so that CPU and
//! memory are the server's alone. A round is one change that every client has received before the next begins.
//! `SOUK_BENCH_SECONDS` (default 5) is the time for each server, `SOUK_BENCH_SOCKETS` (default 10,000) the audience;
//! `--test` is a short small run. Targets: ratio at most 2, at most 12 KiB for an idle socket.

#[path = "fanout/clients.rs"]
mod clients;
mod common;
#[path = "fanout/servers.rs"]
mod servers;

use std::env;

use anyhow::{Error, Result, bail};
use common::{process, report::verdict};
use souk::{
    domain::{
        key::EntityKey,
        kinds::{AnyView, Kind},
        stock::StockView,
    },
    live::{Committed, Sight, Text, frames},
    load::usage,
    shop::{Front, topics},
};

const TOPIC: &str = "stock.TSHIRT-RED-M";
/// All versions have as many digits, so all frames as many bytes.
const FIRST: u64 = 1_000_000;

struct Plan {
    short: bool,
    sockets: u64,
    seconds: f64,
}

/// One server's figures.
struct Measured {
    ns_per_frame: f64,
    bytes_per_socket: f64,
    frames: u64,
    frames_per_second: f64,
}

fn main() -> Result<()> {
    let number = |name: &str, default: f64| env::var(name).ok().and_then(|n| n.parse().ok()).unwrap_or(default);
    let short = env::args().any(|arg| arg == "--test");
    let plan = Plan {
        short,
        sockets: if short { 200 } else { number("SOUK_BENCH_SOCKETS", 10_000.0) as u64 },
        seconds: if short { 0.2 } else { number("SOUK_BENCH_SECONDS", 5.0) },
    };
    usage::allow_sockets(plan.sockets as usize).map_err(Error::msg)?;
    match process::role().as_deref() {
        None => compare(&plan),
        Some("souk") => runtime()?.block_on(servers::souk(&plan)),
        Some("bare") => runtime()?.block_on(servers::bare(&plan)),
        Some(clients::ROLE) => runtime()?.block_on(clients::listen(&plan)),
        Some(other) => bail!("no such role: {other}"),
    }
}

impl Plan {
    /// The arguments of a copy of this process.
    fn argument(&self) -> &'static str {
        if self.short { "--test" } else { "" }
    }
}

fn compare(plan: &Plan) -> Result<()> {
    let (bare, souk) = (measure("bare", plan)?, measure("souk", plan)?);
    println!("fanout: one change to {} subscribers, {} bytes a frame", plan.sockets, change(FIRST).1.as_bytes().len());
    for (name, m) in [("bare tokio-tungstenite", &bare), ("souk /live", &souk)] {
        println!(
            "  {name:<24}{:>8.2} us CPU a frame{:>10.0} frames/s{:>10.1} KiB an idle socket  ({} frames)",
            m.ns_per_frame / 1e3,
            m.frames_per_second,
            m.bytes_per_socket / 1024.0,
            m.frames
        );
    }
    let (ratio, kib) = (souk.ns_per_frame / bare.ns_per_frame, souk.bytes_per_socket / 1024.0);
    println!(
        "  ratio {ratio:.2} (at most 2: {}), idle socket {kib:.1} KiB (at most 12: {})",
        verdict(ratio <= 2.0),
        verdict(kib <= 12.0)
    );
    Ok(())
}

fn measure(role: &str, plan: &Plan) -> Result<Measured> {
    let numbers = process::again(role, plan.argument())?;
    let [cpu_ns, frames, seconds, bytes, sockets] = numbers[..] else { bail!("{role} said {numbers:?}") };
    Ok(Measured {
        ns_per_frame: cpu_ns / frames,
        bytes_per_socket: bytes / sockets,
        frames: frames as u64,
        frames_per_second: frames / seconds,
    })
}

/// The one SKU's change to this version, and its frame.
fn change(version: u64) -> (Committed, Text) {
    let topic = topics(&Front::empty(true)).parse(TOPIC).expect("a legal topic");
    let sku = TOPIC.strip_prefix("stock.").expect("of stock");
    let view = StockView { on_hand: 500, available: 500, threshold: 5, ..StockView::default() };
    let change = Committed { key: EntityKey::new(Kind::Stock, sku), version, view: AnyView::Stock(view) };
    let frame = frames::encode(&topic, &change, Sight::default()).expect("a stock view is a frame");
    (change, frame.text)
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?)
}
