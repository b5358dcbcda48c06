//! A backup of a cluster that sells: each export is one moment, whatever way lies between the tool and the servers, and
//! a shop restored from it adds up and finishes what was under way.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use serde_json::json;
use souk::testing::eventually;
use tokio::time::interval;

use super::{
    DEADLINE,
    client::{Call, Person},
    home,
    nats::NatsServers,
    process::{Home, Server},
    proxy::{Link, Proxy},
};

const BUYERS: u32 = 3;
const EXPORTS: u32 = 2;
/// Between two exports, so that each meets other orders under way.
const SALES: u32 = 4;

/// 25 ms each way: of four exports over it four did not add up, when each log had its own moment.
async fn late(servers: &NatsServers) -> Vec<Proxy> {
    let mut ways = Vec::new();
    for n in 0..servers.len() {
        let way = Proxy::to(SocketAddr::from(([127, 0, 0, 1], servers.port(n)))).await;
        way.set(Link::Late);
        ways.push(way);
    }
    ways
}

/// Of one buyer's purchases: a late way carries 640 KiB a second, and a quick machine writes more than that.
const PACE: Duration = Duration::from_millis(150);

/// Buys one thing after another, each as somebody new. A refusal under load is an answer; the next one tries again.
async fn buyer(url: String, n: u32, sold: Arc<AtomicU32>, done: Arc<AtomicBool>) {
    let (desk, mut turn, mut pace) = (Person::guest(), 0, interval(PACE));
    while !done.load(Ordering::Relaxed) {
        pace.tick().await;
        turn += 1;
        let (guest, key) = (desk.somebody_new(), format!("b{n}-{turn}"));
        let put = Call::put(format!("/api/cart/lines/MUG-{}", n % 3), json!({"quantity": 1}));
        let Ok(put) = guest.send(&url, &put).await else { continue };
        let Ok(order) = guest.send(&url, &Call::checkout(&key)).await else { continue };
        let Some(order) = order.json["id"].as_str().filter(|_| put.status < 300) else { continue };
        if guest.send(&url, &Call::pay(&key, order, "tok_ok")).await.is_ok_and(|paid| paid.status < 300) {
            sold.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Nothing is left that the restored shop would do by itself: what waits for money waits for its time.
async fn settled(server: &Server) {
    let staff = Person::staff(&server.url).await;
    eventually("the restored shop comes to rest", DEADLINE, async || {
        let get = async |path: &str| staff.send(&server.url, &Call::get(path)).await.expect("an answer").ok();
        let placing = get("/api/orders/status/placing").await;
        placing["items"] == json!([]) && get("/api/cluster").await["steps_under_way"] == 0
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn exports_of_a_selling_cluster_restore_to_shops_that_add_up() {
    let servers = NatsServers::start(3).await;
    let direct: Vec<String> = (0..3).map(|n| servers.url(n)).collect();
    let shop = home(&direct);
    let head = "Handle,Title,Type,Published,Variant SKU,Variant Inventory Qty,Variant Price\n";
    let rows: String = (0..3).map(|n| format!("mug-{n},Mug {n},Things,true,MUG-{n},5000,9.99\n")).collect();
    let file = shop.write("products.csv", &(head.to_owned() + &rows));
    shop.run(&["import", file.to_str().expect("a path")]).await.ok();
    let server = shop.serve(&[]).await;
    let (sold, done) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicBool::new(false)));
    let buyers: Vec<_> =
        (0..BUYERS).map(|n| tokio::spawn(buyer(server.url.clone(), n, sold.clone(), done.clone()))).collect();
    let ways = late(&servers).await;
    let tool = home(&ways.iter().map(|way| format!("nats://{}", way.address)).collect::<Vec<_>>());
    let mut exports = Vec::new();
    for n in 0..EXPORTS {
        let before = sold.load(Ordering::Relaxed);
        eventually("the shop sells", DEADLINE, async || sold.load(Ordering::Relaxed) >= before + SALES).await;
        let export = tool.file(&format!("{n}.jsonl"));
        tool.run(&["journal", "export", "--out", export.to_str().expect("a path")]).await.ok();
        exports.push((export, before + SALES));
    }
    done.store(true, Ordering::Relaxed);
    for buyer in buyers {
        buyer.await.expect("a buyer");
    }
    server.terminate().await;
    for (n, (export, sold)) in exports.iter().enumerate() {
        let restored = Home::new(&[]);
        restored.run(&["journal", "import", export.to_str().expect("a path")]).await.ok();
        let keys = restored.data.join("keys");
        tool.run(&["journal", "keys", "--out", keys.to_str().expect("a path")]).await.ok();
        let verified = restored.run(&["journal", "verify"]).await.ok();
        let server = restored.serve(&[]).await;
        settled(&server).await;
        let staff = Person::staff(&server.url).await;
        let newest = staff.send(&server.url, &Call::get("/api/orders?limit=1&status=verified")).await;
        let number = newest.expect("an answer").ok()["items"][0]["number"].as_u64().unwrap_or_default();
        // What was acknowledged before an export began is in it.
        assert!(number >= 1000 + u64::from(*sold), "export {n}: order {number} after {sold} sales: {verified}");
        server.terminate().await;
        restored.run(&["journal", "verify"]).await.ok();
    }
}
