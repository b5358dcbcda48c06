//! Shared by the benches: load, peer, shop, report.
//!
//! Not every bench uses everything, so unused code is allowed here and nowhere else.
#![allow(dead_code, unused_imports)]

pub mod hot;
pub mod http;
pub mod load;
pub mod nats;
pub mod nodes;
pub mod postgres;
pub mod process;
pub mod report;
pub mod server;
pub mod shop;
pub mod shopper;
pub mod websocket;

use std::path::PathBuf;

/// Where data directories go: beside the build, on the real disk; `/tmp` may be memory. `SOUK_BENCH_DIR` is for a
/// caller who takes away what a killed bench leaves.
pub fn disk() -> std::io::Result<PathBuf> {
    let dir = std::env::var_os("SOUK_BENCH_DIR").map(PathBuf::from);
    let dir = dir.unwrap_or_else(|| PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("bench"));
    std::fs::create_dir_all(&dir)?;
    Ok(dir)
}
