//! How Souk grows: one curve for each thing there can be many of, drawn and its slope named.
//!
//! `cargo bench --bench scale -- [CURVE..] [--out DIR]`; curves: residents, sockets, skus, history, start, carts (all,
//! unless named). Writes `scale-CURVE.svg` and `.json` into DIR (below `target` unless told; `make scale`: docs/img).
//! With `SOUK_BENCH_SECONDS` below 2, and with `--test`, small steps: that it runs, not how it grows. `SOUK_BENCH_MOST`
//! leaves out steps beyond it.
//! A bench and not a scenario of `souk load`: most of these are inside one process, where nobody on a wire can look.

#[path = "scale/carts.rs"]
mod carts;
mod common;
#[path = "scale/curve.rs"]
mod curve;
#[path = "scale/fit.rs"]
mod fit;
#[path = "scale/ground.rs"]
mod ground;
#[path = "scale/history.rs"]
mod history;
#[path = "scale/residents.rs"]
mod residents;
#[path = "scale/skus.rs"]
mod skus;
#[path = "scale/sockets.rs"]
mod sockets;
#[path = "scale/start.rs"]
mod start;

use std::{env, path::PathBuf, time::Instant};

use anyhow::{Context, Result, bail, ensure};
use common::process;
use ground::Ground;

const CURVES: [&str; 6] = ["residents", "carts", "sockets", "skus", "history", "start"];

fn main() -> Result<()> {
    if let Some(role) = process::role() {
        let input = env::args().nth(1).unwrap_or_default();
        let numbers = match role.as_str() {
            "make-carts" => carts::make(&input)?,
            "cold-carts" => carts::cold(&input)?,
            "wake-residents" => residents::wake(&input)?,
            "sell-skus" => skus::sell(&input)?,
            "make-histories" => history::make(&input)?,
            "wake-histories" => history::wake(&input)?,
            "grow-journal" => start::grow(&input)?,
            "start" => start::start(&input)?,
            other => bail!("no such role: {other}"),
        };
        println!("{}", numbers.iter().map(f64::to_string).collect::<Vec<_>>().join(" "));
        return Ok(());
    }
    let (asked, out) = arguments()?;
    let mut ground = Ground::default();
    for name in asked {
        let began = Instant::now();
        eprintln!("scale: {name}");
        let curve = match name.as_str() {
            "residents" => residents::curve(&mut ground)?,
            "carts" => carts::curve(&mut ground)?,
            "sockets" => sockets::curve(&ground)?,
            "skus" => skus::curve(&ground)?,
            "history" => history::curve(&ground)?,
            "start" => start::curve(&ground)?,
            other => bail!("no such curve: {other}; there are {}", CURVES.join(", ")),
        };
        curve.write(&out)?;
        curve.say();
        println!("- it took {:.0} s", began.elapsed().as_secs_f64());
    }
    println!("\nwritten to {}", out.display());
    Ok(())
}

/// The curves and where they go. Cargo adds `--bench`; criterion's `--test` is for all benches alike.
fn arguments() -> Result<(Vec<String>, PathBuf)> {
    let (mut curves, mut out) = (Vec::new(), common::disk()?.join("scale"));
    let mut args = env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--bench" | "--test" => {}
            "--out" => out = args.next().context("--out DIR")?.into(),
            option if option.starts_with('-') => bail!("{option}: not an option; see the head of benches/scale.rs"),
            name => {
                ensure!(CURVES.contains(&name), "no such curve: {name}; there are {}", CURVES.join(", "));
                curves.push(name.to_owned());
            }
        }
    }
    if curves.is_empty() {
        curves = CURVES.map(str::to_owned).to_vec();
    }
    Ok((curves, out))
}
