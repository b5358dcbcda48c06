//! Bytes of one resident idle entity: 50,000 carts of two lines awake in an engine, against 50,000 bare ractor
//! actors with the same cart as their state, each in a process of its own.
//!
//! The carts are made first and read by a fresh process, so that only being awake is measured. Caches whose size
//! is a setting (sled's pages, the tail's folded states) are set to their least: they do not grow with entities.
//! The bare actor's key and name cost nothing here: it has none. Aim: at most 1.5 times.

mod common;

use std::{env, num::NonZeroU32, path::Path, sync::Arc};

use anyhow::{Context, Result, bail, ensure};
use common::{load, process, report, shop};
use futures::{StreamExt, TryStreamExt, stream};
use ractor::{Actor, ActorProcessingErr, ActorRef, RpcReplyPort};
use souk::{
    app::Engine,
    config::Config,
    domain::{
        cart::{Cart, CartCommand, Item},
        entity::Entity,
        ids::{Sku, UserId},
        money::{Currency, Money},
        time::Timestamp,
    },
};
use uuid::Uuid;

const AIM: f64 = 1.5;

fn entities() -> u64 {
    match (env::args().any(|arg| arg == "--test"), load::seconds() < 2.0) {
        (true, _) => 1_000,
        (false, true) => 10_000,
        (false, false) => 50_000,
    }
}

fn main() -> Result<()> {
    let runtime = tokio::runtime::Runtime::new()?;
    let input = env::args().nth(1).unwrap_or_default();
    let of = || input.split_once(' ').and_then(|(n, dir)| Some((n.parse().ok()?, Path::new(dir)))).context("no input");
    match process::role().as_deref() {
        None => compare(entities()),
        Some("fill") => runtime.block_on(async { fill(of()?.0, of()?.1).await }),
        Some("souk") => runtime.block_on(async { souk(of()?.0, of()?.1).await }),
        Some("bare") => runtime.block_on(async { bare(of()?.0).await }),
        Some(other) => bail!("no such role: {other}"),
    }
}

fn compare(count: u64) -> Result<()> {
    let dir = tempfile::Builder::new().prefix("resident-").tempdir_in(common::disk()?)?;
    let input = format!("{count} {}", dir.path().display());
    process::again("fill", &input)?;
    let each = |role| -> Result<f64> {
        let [bytes] = process::again(role, &input)?[..] else { bail!("{role} did not say one number") };
        Ok(bytes / count as f64)
    };
    let (souk, bare) = (each("souk")?, each("bare")?);
    let ratio = souk / bare;
    println!("\nresident: bytes of one idle cart of two lines in memory, of {count}");
    println!("  souk {souk:.0}, a bare ractor actor with the same state {bare:.0}");
    println!("  ratio {ratio:.2} (at most {AIM}: {})", report::verdict(ratio <= AIM));
    Ok(())
}

fn cart(n: u64) -> String {
    Uuid::from_u64_pair(7, n).to_string()
}

fn command(n: u64) -> Result<CartCommand> {
    let line = |part: &str| {
        let sku = Sku::parse(&format!("SKU-{:05}-{part}", n % 10_000))?;
        let unit_price = Money { amount: 1999, currency: Currency::EUR };
        anyhow::Ok((Item { sku, name: "A shirt of fair cotton".into(), unit_price }, NonZeroU32::MIN.get()))
    };
    Ok(CartCommand::SetLines {
        owner: UserId(Uuid::from_u64_pair(8, n)),
        lines: vec![line("A")?, line("B")?],
        add: false,
    })
}

async fn engine(dir: &Path) -> Result<Engine> {
    let mut config = Config::default();
    config.data.dir = dir.join("data");
    config.actors.resident_max = 1_000_000;
    config.actors.idle_timeout_ms = 3_600_000;
    config.journal.cache_bytes = 1 << 20;
    config.state.cache_bytes = 1 << 20;
    config.state.cached_entities_max = 16;
    Ok(Engine::without_connectors(&config).await?)
}

async fn fill(count: u64, dir: &Path) -> Result<()> {
    let engine = engine(dir).await?;
    let gateway = &engine.gateway;
    let fill = |n| async move {
        gateway.ask::<Cart>(&cart(n), command(n)?, shop::call(gateway, "user:bench".into())).await?;
        anyhow::Ok(())
    };
    stream::iter((0..count).map(fill)).buffer_unordered(512).try_collect::<()>().await?;
    engine.drain(shop::WITHIN).await;
    println!("{count}");
    Ok(())
}

async fn souk(count: u64, dir: &Path) -> Result<()> {
    let engine = engine(dir).await?;
    let gateway = &engine.gateway;
    let wake = |n| async move {
        let answer = gateway.read::<Cart>(&cart(n), shop::WITHIN).await?;
        ensure!(answer.view.lines.len() == 2, "cart {n} is not what was stored");
        Ok(())
    };
    let before = process::resident_bytes()?;
    stream::iter((0..count).map(wake)).buffer_unordered(64).try_collect::<()>().await?;
    let bytes = process::resident_bytes()? - before;
    let residents = gateway.status().residents;
    ensure!(residents as u64 == count, "{residents} of {count} carts are awake");
    println!("{bytes}");
    Ok(())
}

/// An actor that is asked for the number of its lines, and has nothing but its state.
struct Bare;

struct Lines(RpcReplyPort<usize>);

impl Actor for Bare {
    type Msg = Lines;
    type State = Cart;
    type Arguments = Cart;

    async fn pre_start(&self, _: ActorRef<Lines>, cart: Cart) -> Result<Cart, ActorProcessingErr> {
        Ok(cart)
    }

    async fn handle(&self, _: ActorRef<Lines>, Lines(reply): Lines, cart: &mut Cart) -> Result<(), ActorProcessingErr> {
        Ok(reply.send(cart.view().lines.len())?)
    }
}

async fn bare(count: u64) -> Result<()> {
    let before = process::resident_bytes()?;
    let wake = |n| async move {
        let mut cart = Cart::default();
        for event in cart.decide(&command(n)?, Timestamp(1_795_000_000_000))? {
            cart.apply(&event);
        }
        // As ours does: the state has been on a disk, so its strings are as long as they must be.
        let cart = serde_json::from_slice(&serde_json::to_vec(&cart)?)?;
        let (actor, task) = Bare::spawn(None, Bare, cart).await?;
        let lines = ractor::call!(actor, Lines)?;
        ensure!(lines == 2, "a bare cart has {lines} lines");
        Ok((actor, task))
    };
    let all: Arc<[_]> = stream::iter((0..count).map(wake)).buffer_unordered(64).try_collect::<Vec<_>>().await?.into();
    println!("{}", process::resident_bytes()? - before);
    drop(all);
    Ok(())
}
