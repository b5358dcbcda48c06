//! Whole nodes in one process over a real nats-server: they start at once, serve each other's entities, and leave one
//! by one during purchases. Killed and frozen processes are the harness's.

#[path = "cluster_shop/accounts.rs"]
mod accounts;
#[path = "cluster_shop/anew.rs"]
mod anew;
#[path = "common/authenticator.rs"]
mod authenticator;
#[path = "cluster_shop/backup.rs"]
mod backup;
#[path = "crash/client.rs"]
mod client;
#[path = "cluster_shop/credentials.rs"]
mod credentials;
#[path = "common/nats.rs"]
mod nats;
#[path = "common/odd_copies.rs"]
mod odd_copies;
#[path = "cluster_shop/old.rs"]
mod old;
#[path = "cluster_shop/personal.rs"]
mod personal;
#[path = "crash/process.rs"]
mod process;
#[path = "cluster/proxy.rs"]
mod proxy;
#[path = "cluster_shop/revoked.rs"]
mod revoked;
#[path = "cluster_shop/two_steps.rs"]
mod two_steps;

use std::{
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use nats::NatsServers;
use process::Home;
use souk::{
    actors::{
        gateway::{Call, Gateway},
        ports::MemberLine,
    },
    app::Shop,
    config::{Config, Secret},
    domain::{
        ids::CommandId,
        stock::{Stock, StockCommand},
    },
};
use tempfile::TempDir;
use tokio::time::{Instant, sleep, timeout};

const DEADLINE: Duration = Duration::from_secs(60);
/// Four times, one key for all nodes.
const SIGNING_KEY: &str = "0123456789abcdef";

fn config(servers: &NatsServers, dir: &TempDir, name: &str) -> Config {
    let urls = (0..servers.len()).map(|n| servers.url(n)).collect();
    config_of(urls, dir, name)
}

fn config_of(urls: Vec<String>, dir: &TempDir, name: &str) -> Config {
    let mut config = Config::default();
    config.data.dir = dir.path().join(name);
    config.http.listen.set_port(0);
    config.actors.shards = 8;
    config.identity.signing_key = Secret::new(SIGNING_KEY.repeat(4));
    config.payments.sandbox.enabled = true;
    config.cluster.replicas = u8::try_from(urls.len()).expect("a few");
    config.cluster.urls = urls;
    config.cluster.node = name.into();
    // No shorter: several nodes and servers share a small machine with whatever else runs on it.
    config.cluster.heartbeat_ms = 200;
    config.cluster.member_dead_ms = 4_000;
    config.cluster.settle_ms = 1_000;
    config.cluster.lease_ms = 2_500;
    config
}

/// The built binary as the one node on these servers.
fn home(urls: &[String]) -> Home {
    let listed = urls.iter().map(|url| format!("\"{url}\"")).collect::<Vec<_>>().join(",");
    Home::new(&[
        ("SOUK_CLUSTER__URLS", &format!("[{listed}]")),
        ("SOUK_CLUSTER__NODE", "a"),
        ("SOUK_CLUSTER__REPLICAS", &urls.len().to_string()),
        // An export reads one after another: each takes its round trips.
        ("SOUK_ACTORS__SHARDS", "4"),
        ("SOUK_IDENTITY__SIGNING_KEY", &SIGNING_KEY.repeat(4)),
    ])
}

async fn start(servers: &NatsServers, dir: &TempDir, name: &str) -> Shop {
    let shop = timeout(DEADLINE, Shop::start(&config(servers, dir, name), false)).await.expect("in time");
    shop.expect("the node starts")
}

/// Waits until the node says that it takes commands, and serves its part of the shards.
async fn serves(shop: &Shop, nodes: usize) {
    let end = Instant::now() + DEADLINE;
    loop {
        let status = shop.engine.gateway.status();
        let settled = status.members.iter().filter(|member| member.alive && !member.draining).count() == nodes;
        let placed = status.shards.iter().all(|line| line.placed.is_some() && line.owner == line.placed);
        if settled && placed && shop.engine.gateway.ready().is_ok() {
            return;
        }
        assert!(Instant::now() < end, "{status:#?}");
        sleep(Duration::from_millis(20)).await;
    }
}

fn call(within: Duration) -> Call {
    let command_id = CommandId(uuid::Uuid::new_v4());
    Call { command_id, by: "test".into(), expected_version: None, fingerprint: None, within }
}

async fn receive(gateway: &Gateway, sku: &str) -> Result<u64, String> {
    let command = StockCommand::Receive { units: NonZeroU32::MIN, reference: None };
    let answer = gateway.ask::<Stock>(sku, command, call(Duration::from_secs(20))).await;
    answer.map(|answer| answer.version).map_err(|error| error.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_that_start_at_once_are_one_shop() {
    let (servers, dir) = (NatsServers::start(1).await, TempDir::new().expect("a directory"));
    let names = ["a", "b", "c"];
    let shops = futures::future::join_all(names.map(|name| start(&servers, &dir, name))).await;
    let passwords = shops.iter().filter(|shop| shop.superadmin_password.is_some()).count();
    assert_eq!(passwords, 1, "one node makes the first account and prints its password");
    for shop in &shops {
        serves(shop, 3).await;
        assert_eq!(shop.engine.durability, "replicated-unsynced");
        assert!(shop.engine.cluster.as_ref().is_some_and(|facts| facts.contains("8 shards, 1 copies")));
    }
    let own: Vec<usize> = shops
        .iter()
        .map(|shop| shop.engine.gateway.status().shards.iter().filter(|line| line.serving).count())
        .collect();
    assert_eq!(own.iter().sum::<usize>(), 8, "{own:?}");
    // Any node serves any entity, and reads the newest writes confirmed by another.
    for n in 0..24_u64 {
        let sku = format!("SKU-{n}");
        for (turn, shop) in (1..).zip(&shops) {
            assert_eq!(receive(&shop.engine.gateway, &sku).await, Ok(turn));
        }
        let read = shops[0].engine.gateway.read::<Stock>(&sku, Duration::from_secs(10)).await.expect("read");
        assert_eq!((read.version, read.view.received), (3, 3));
    }
    for shop in shops {
        shop.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_leaves_under_load_and_comes_back_without_one_failed_request() {
    let (servers, dir) = (NatsServers::start(1).await, TempDir::new().expect("a directory"));
    let stays = start(&servers, &dir, "stays").await;
    let leaves = start(&servers, &dir, "leaves").await;
    serves(&stays, 2).await;
    let (done, counted) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU32::new(0)));
    let buyers: Vec<_> = (0..8)
        .map(|buyer| {
            let (gateway, done, counted) = (stays.engine.gateway.clone(), done.clone(), counted.clone());
            tokio::spawn(async move {
                let mut version = 0;
                while !done.load(Ordering::Relaxed) {
                    version = receive(&gateway, &format!("HOT-{buyer}")).await.expect("no request fails");
                    counted.fetch_add(1, Ordering::Relaxed);
                }
                version
            })
        })
        .collect();
    timeout(DEADLINE, leaves.stop()).await.expect("it ends in time");
    let still = |member: &MemberLine| member.alive && member.node.0.starts_with("leaves#");
    // That its key is gone reaches the others' watches a moment later.
    let gone = async {
        while stays.engine.gateway.status().members.iter().any(still) {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(DEADLINE, gone).await.expect("it is gone from the members");
    let again = start(&servers, &dir, "leaves").await;
    serves(&again, 2).await;
    serves(&stays, 2).await;
    done.store(true, Ordering::Relaxed);
    let mut versions = 0;
    for buyer in buyers {
        versions += timeout(DEADLINE, buyer).await.expect("in time").expect("no request failed");
    }
    // Every confirmed command is one version, and nothing else is.
    assert_eq!(versions, u64::from(counted.load(Ordering::Relaxed)));
    for (buyer, shop) in (0..8).zip([&stays, &again].into_iter().cycle()) {
        let read =
            shop.engine.gateway.read::<Stock>(&format!("HOT-{buyer}"), Duration::from_secs(10)).await.expect("read");
        assert_eq!(read.version, read.view.received);
    }
    again.stop().await;
    stays.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_starts_while_one_of_three_servers_is_down() {
    let (mut servers, dir) = (NatsServers::start(3).await, TempDir::new().expect("a directory"));
    let first = start(&servers, &dir, "first").await;
    assert!(first.engine.cluster.as_ref().is_some_and(|facts| facts.contains("3 copies")));
    assert_eq!(receive(&first.engine.gateway, "A").await, Ok(1));
    servers.kill(2);
    let second = start(&servers, &dir, "second").await;
    serves(&second, 2).await;
    assert_eq!(receive(&second.engine.gateway, "A").await, Ok(2));
    servers.restart(2).await;
    assert_eq!(receive(&first.engine.gateway, "A").await, Ok(3));
    first.stop().await;
    second.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_finds_no_servers_says_so() {
    let dir = TempDir::new().expect("a directory");
    let mut config = config(&NatsServers::start(1).await, &dir, "lonely");
    // The servers above are gone by now; a refused connection is known at once, so the bound is what takes time.
    config.cluster.urls.truncate(1);
    let began = std::time::Instant::now();
    let error = Shop::start(&config, false).await.map(|_| ()).expect_err("no servers").to_string();
    assert!(error.contains("was not reached within 30s") && error.contains("check cluster.urls"), "{error}");
    assert!(began.elapsed() < DEADLINE);
}
