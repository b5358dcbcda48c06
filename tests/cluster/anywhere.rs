//! Any node serves any request, and a socket on any node receives changes made on another; a node that is stopped hands
//! over without a failed request.

use std::time::Duration;

use crate::{
    client::{Call, text},
    fresh_skus,
    load::{Crowd, receive},
    nemesis::goes_on,
    rig::{Rig, Times},
    rng::Rng,
    seeded,
    site::Site,
    verdict,
    viewers::Viewers,
};

const SEEN_WITHIN: Duration = Duration::from_secs(10);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_node_answers_and_one_that_ends_hands_over() {
    let rng = seeded();
    let (strict, sold) = fresh_skus();
    let rig = Rig::start("anywhere", Times::SHORT, &[&strict[..], &sold].concat()).await;
    let site = rig.site(&strict, &sold).await;
    let viewers = Viewers::on_all(&site);
    every_node_knows(&site, &viewers, &rng).await;
    assert!(site.failed.lock().unwrap().is_empty(), "{:?}", site.failed.lock().unwrap());

    let people = Crowd::small().comes(&site, &rng);
    goes_on(&site, 50).await;
    for leaving in 0..rig.nodes.len() {
        site.failed.lock().unwrap().clear();
        rig.history.note(format!("SIGTERM to node {leaving}"));
        rig.nodes[leaving].lock().await.terminate().await;
        goes_on(&site, 30).await;
        rig.nodes[leaving].lock().await.start(&[]).await;
        rig.nodes[leaving].lock().await.ready().await;
        goes_on(&site, 10).await;
        rig.history.note(format!("node {leaving} is back"));
        // While the node was away its clients could not connect, which is no failed request: they used another node.
        let failed = site.failed.lock().unwrap().clone();
        let failed: Vec<_> = failed.iter().filter(|failed| failed.status.is_some() || failed.node != leaving).collect();
        assert!(failed.is_empty(), "node {leaving} left, and clients saw: {failed:#?}");
    }
    crate::all_go(&site, people).await;
    verdict::judge(&rig, &site, &viewers).await;
    rig.good();
}

/// Each step on another node than the one before.
async fn every_node_knows(site: &Site, viewers: &Viewers, rng: &Rng) {
    let nodes = site.nodes.len();
    for (n, sku) in site.strict.iter().enumerate() {
        let call = Call::receive(&rng.uuid().to_string(), sku, 1);
        let version = site.once(&site.staff, n % nodes, &call).await.expect("an answer").ok()["version"].as_u64();
        // Again, so that the command is in the history as well.
        receive(site, "opener", sku, 1, call.key.as_deref().unwrap_or_default()).await;
        for node in 0..nodes {
            let seen = site.once(&site.staff, node, &Call::get(format!("/api/stock/{sku}"))).await;
            let seen = seen.expect("an answer").ok();
            assert_eq!(seen["version"].as_u64(), version, "node {node}: {seen}");
            viewers.reaches(node, &format!("stock.{sku}"), version.expect("a version"), SEEN_WITHIN).await;
        }
    }
    for first in 0..nodes {
        let on = |step: usize| (first + step) % nodes;
        let guest = site.staff.somebody_new();
        let put = Call::put(format!("/api/cart/lines/{}", site.sold[1]), serde_json::json!({"quantity": 1}));
        site.once(&guest, on(0), &put).await.expect("an answer").ok();
        let call = Call::checkout(&rng.uuid().to_string());
        let order = site.once(&guest, on(1), &call).await.expect("an answer").ok();
        let id = text(&order["id"]);
        let again = site.once(&guest, on(2), &call).await.expect("an answer").ok();
        assert_eq!(again["id"], order["id"], "the same key, another node");
        site.follow(id);
        let pay = Call::pay(&rng.uuid().to_string(), id, "tok_ok");
        site.once(&guest, on(2), &pay).await.expect("an answer").ok();
        for node in 0..nodes {
            let seen = site.once(&guest, node, &Call::get(format!("/api/orders/{id}"))).await.expect("an answer").ok();
            assert_eq!(seen["status"], "verified", "node {node}: {seen}");
            let version = seen["version"].as_u64().expect("a version");
            viewers.reaches(node, &format!("order.{id}"), version, SEEN_WITHIN).await;
        }
    }
}
