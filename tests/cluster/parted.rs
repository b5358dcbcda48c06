//! A server that is cut off from the two others and not from its node: for some seconds it still believes to lead its
//! streams, and answers for their ends. The node behind it shows nothing old as new, finds another server by itself,
//! and is current again while the first server is still alone.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use souk::domain::{key::EntityKey, kinds::Kind};
use tokio::time::sleep;

use crate::{
    client::Call,
    proxy::Link,
    rig::{NODES, Rig, SERVERS, SHARDS, Times},
    rng::Rng,
    seeded,
    site::Site,
    skus,
};

/// The server that is left alone, and the node that is left with it.
const LONE: usize = 0;
const POLL: Duration = Duration::from_millis(20);
/// An election takes up to nine seconds, and the lone leader gives up after ten.
const WITHIN: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_behind_a_server_without_a_majority_shows_nothing_old() {
    let (rng, all) = (seeded(), skus("LONE", 24));
    let rig = Rig::start("parted", Times::SHORT, &all).await;
    let site = rig.site(&all, &[]).await;
    apart(&rig).await;
    let sku = sku_of_another(&site, &all).await;
    let shard = EntityKey::new(Kind::Stock, &sku).shard_of(SHARDS);
    leads(&rig, &format!("souk_ev_{shard:02}")).await;
    let known = written(&site, &rng, &sku, WITHIN).await.expect("all is well");
    let whole = Instant::now();
    while read(&site, &sku).await != Some(known) {
        assert!(whole.elapsed() < WITHIN, "all is well, and nothing is current");
        sleep(POLL).await;
    }

    rig.history.note(format!("server {LONE} is alone"));
    rig.around(LONE, Link::Silent);
    let newest = Arc::new(AtomicU64::new(known));
    let writer = tokio::spawn(writes(site.clone(), rng, sku.clone(), newest.clone()));
    let (alone, mut unproven) = (Instant::now(), 0);
    loop {
        let floor = newest.load(Ordering::Acquire);
        match read(&site, &sku).await {
            Some(version) => {
                assert!(version >= floor, "{sku} is at {floor}, and {version} was shown {:?} on", alone.elapsed());
                if floor > known {
                    break;
                }
            }
            None => unproven += 1,
        }
        assert!(alone.elapsed() < WITHIN, "{floor} is acknowledged, and never shown; {unproven} unproven answers");
        sleep(POLL).await;
    }
    println!("current {:?} after the cut, {unproven} unproven answers before", alone.elapsed());
    site.closing.store(true, Ordering::Relaxed);
    writer.await.expect("it ends with the site");
    assert!(unproven > 0, "a write was confirmed without the lone server, and its node knew at once");
    rig.around(LONE, Link::Whole);
    rig.servers_current().await;
    rig.nodes[LONE].lock().await.ready().await;
    rig.good();
}

/// The lone node's log comes from the lone server, its heartbeats go to another one; other nodes do not know the
/// server.
async fn apart(rig: &Rig) {
    for node in (0..NODES).filter(|node| *node != LONE) {
        rig.way(node, LONE).set(Link::Broken);
    }
    let others = || (0..SERVERS).filter(|server| *server != LONE);
    let mut node = rig.nodes[LONE].lock().await;
    node.terminate().await;
    others().for_each(|server| rig.way(LONE, server).set(Link::Broken));
    node.start(&[]).await;
    node.ready().await;
    others().for_each(|server| rig.way(LONE, server).set(Link::Whole));
    rig.way(LONE, LONE).set(Link::Kept);
    rig.way(LONE, LONE).drop_those_of(" control\"");
    drop(node);
    for node in &rig.nodes {
        node.lock().await.ready().await;
    }
}

/// A SKU whose owner goes on without the lone server.
async fn sku_of_another(site: &Site, all: &[String]) -> String {
    let begun = Instant::now();
    loop {
        let cluster = site.once(&site.staff, LONE, &Call::get("/api/cluster")).await.expect("an answer").ok();
        let owner = |sku: &String| {
            let shard = EntityKey::new(Kind::Stock, sku).shard_of(SHARDS);
            let line = &cluster["shards"][usize::from(shard)];
            line["owner"]
                .as_str()
                .filter(|owner| line["placed"].as_str() == Some(*owner))
                .unwrap_or_default()
                .to_owned()
        };
        let fits = |sku: &&String| {
            let owner = owner(sku);
            !owner.is_empty() && !owner.starts_with(&format!("node-{LONE}#"))
        };
        if let Some(sku) = all.iter().find(fits) {
            return sku.clone();
        }
        assert!(begun.elapsed() < WITHIN, "{cluster}");
        sleep(POLL).await;
    }
}

/// Makes the lone server this stream's leader.
async fn leads(rig: &Rig, stream: &str) {
    let (client, begun) = (rig.servers.lock().await.client().await, Instant::now());
    let ask = async |what: &str, body: Value| {
        let request = async_nats::Request::new().payload(body.to_string().into()).timeout(Some(Duration::from_secs(2)));
        let answer = client.send_request(format!("$JS.API.STREAM.{what}{stream}"), request).await.ok()?;
        serde_json::from_slice::<Value>(&answer.payload).ok()
    };
    let lone = format!("n{LONE}");
    loop {
        let info = ask("INFO.", json!({})).await.unwrap_or_default();
        if info["cluster"]["leader"] == lone.as_str() {
            return;
        }
        assert!(begun.elapsed() < WITHIN, "{info}");
        // Servers from 2.11 on do as asked, older ones elect anybody.
        let _ = ask("LEADER.STEPDOWN.", json!({"placement": {"preferred": lone}})).await;
        sleep(POLL * 10).await;
    }
}

/// At the nodes with a majority, for as long as the site is open.
async fn writes(site: Arc<Site>, rng: Rng, sku: String, newest: Arc<AtomicU64>) {
    while site.open() {
        if let Some(version) = written(&site, &rng, &sku, Duration::ZERO).await {
            newest.fetch_max(version, Ordering::AcqRel);
        }
        sleep(POLL).await;
    }
}

/// The version that a node with a majority confirmed: tried once, or until the time is over.
async fn written(site: &Site, rng: &Rng, sku: &str, within: Duration) -> Option<u64> {
    let (begun, key) = (Instant::now(), rng.uuid().to_string());
    loop {
        let node = 1 + rng.below(NODES as u64 - 1) as usize;
        match site.once(&site.staff, node, &Call::receive(&key, sku, 1)).await {
            Ok(answer) if answer.status == 200 => return answer.json["version"].as_u64(),
            Ok(_) | Err(_) if begun.elapsed() >= within => return None,
            Ok(_) | Err(_) => sleep(POLL).await,
        }
    }
}

/// What the lone node shows as current.
async fn read(site: &Site, sku: &str) -> Option<u64> {
    let answer = site.once(&site.staff, LONE, &Call::get(format!("/api/stock/{sku}"))).await.ok()?;
    (answer.status == 200 && !answer.headers.contains_key("souk-stale")).then(|| answer.json["version"].as_u64())?
}
