//! A frozen owner that wakes up serves nothing old and writes nothing; a node that is cut off from NATS responds 503
//! within its lease, and serves again by itself when the network is back.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use futures::future::join_all;
use tokio::time::sleep;

use crate::{
    client::{Answer, Call, Person},
    fresh_skus,
    history::Outcome,
    load::{self, Crowd},
    nemesis::goes_on,
    proxy::Link,
    rig::{NODES, Rig, Times},
    rng::Rng,
    seeded,
    site::Site,
    verdict,
    viewers::Viewers,
};

/// Time that a busy machine may add to the lease before a cut is detected.
const SLACK: Duration = Duration::from_secs(2);
const POLL: Duration = Duration::from_millis(10);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frozen_owner_and_a_cut_off_node_say_nothing_old() {
    let rng = seeded();
    let (strict, sold) = fresh_skus();
    // Orders outlive a freeze.
    let times = Times { hold: 120_000, ..Times::SHORT };
    let rig = Rig::start("apart", times, &[&strict[..], &sold].concat()).await;
    let site = rig.site(&strict, &sold).await;
    let viewers = Viewers::on_all(&site);
    for frozen in 0..NODES {
        freeze(&rig, &site, &rng, frozen).await;
    }
    let people = Crowd { shoppers: 0, ..Crowd::small() }.comes(&site, &rng);
    for (cut, link) in [(1, Link::Silent), (2, Link::Broken)] {
        cut_off(&rig, &site, cut, link).await;
        goes_on(&site, 20).await;
    }
    crate::all_go(&site, people).await;
    verdict::judge(&rig, &site, &viewers).await;
    rig.good();
}

/// The least version of each path.
type Floors = BTreeMap<String, u64>;

/// Orders and SKUs change while their owner is frozen; its replies to queued requests after waking reflect these
/// changes.
async fn freeze(rig: &Rig, site: &Site, rng: &Rng, frozen: usize) {
    let mut orders = Vec::new();
    while orders.len() < 6 {
        let Some((guest, order)) = load::buy(site, "buyer", rng).await else {
            // Nothing left of it: more of everything.
            for sku in &site.sold {
                load::receive(site, "buyer", sku, 10, &rng.uuid().to_string()).await;
            }
            continue;
        };
        // Read once, so that the owner has the order in memory.
        let path = format!("/api/orders/{order}");
        site.once(&site.staff, frozen, &Call::get(&path)).await.expect("an answer").ok();
        orders.push((guest, order));
    }
    rig.history.note(format!("SIGSTOP to node {frozen}"));
    let node = rig.nodes[frozen].lock().await;
    node.freeze();
    // The others can only reply after a takeover; and no later read may be older than these replies.
    let cancelled = orders.iter().map(async |(guest, order)| {
        let path = format!("/api/orders/{order}");
        let told = cancels(site, guest, order, &Call::delete(path.clone())).await;
        (path, told)
    });
    let received = site.strict.iter().map(async |sku| {
        let told = load::receive(site, "other", sku, 1, &rng.uuid().to_string()).await;
        let Outcome::Stock { version, .. } = told else { panic!("{sku}: {told:?}") };
        (format!("/api/stock/{sku}"), version)
    });
    let (cancelled, received) = tokio::join!(join_all(cancelled), join_all(received));
    let floors: Floors = cancelled.into_iter().chain(received).collect();
    // These wait in the frozen node's sockets and are the first thing that it does.
    let url = node.url();
    let asked = floors.keys().map(|path| {
        let (url, path) = (url.clone(), path.clone());
        let own = site.staff.again();
        tokio::spawn(async move { (path.clone(), own.send(&url, &Call::get(path)).await) })
    });
    let asked: Vec<_> = asked.collect();
    sleep(Duration::from_millis(300)).await;
    rig.history.note(format!("SIGCONT to node {frozen}"));
    node.thaw();
    for (path, answer) in join_all(asked).await.into_iter().map(|joined| joined.expect("asked")) {
        fresh(&floors, &path, answer.as_ref().ok());
    }
    let woken = Instant::now();
    // And whatever it says until it is one of them again.
    while woken.elapsed() < Duration::from_secs(2) {
        for path in floors.keys() {
            fresh(&floors, path, site.once(&site.staff, frozen, &Call::get(path)).await.as_ref().ok());
        }
    }
    node.ready().await;
}

/// A cancel through nodes that are awake; gives the version that was told.
async fn cancels(site: &Site, guest: &Person, order: &str, call: &Call) -> u64 {
    let action = crate::history::Action::Cancel { order: order.to_owned() };
    let version = std::sync::atomic::AtomicU64::new(0);
    let told = |answer: &Answer| {
        version.store(answer.json["version"].as_u64().unwrap_or(0), std::sync::atomic::Ordering::Relaxed);
        if answer.status == 200 { Outcome::Cancelled } else { crate::site::refused(answer) }
    };
    let told = site.does("other", guest, action, call, told).await;
    assert_eq!(told, Outcome::Cancelled, "order {order}");
    version.into_inner()
}

fn fresh(floors: &Floors, path: &str, answer: Option<&Answer>) {
    let Some(answer) = answer.filter(|answer| answer.status == 200 && !answer.headers.contains_key("souk-stale"))
    else {
        return;
    };
    let version = answer.json["version"].as_u64().expect("a version");
    assert!(version >= floors[path], "{path} was at {}, and a woken node says {}", floors[path], answer.json);
}

async fn cut_off(rig: &Rig, site: &Site, cut: usize, link: Link) {
    let paths =
        [format!("/api/stock/{}", site.strict[0]), "/api/products".to_owned(), "/api/orders?limit=1".to_owned()];
    rig.history.note(format!("node {cut} is cut off: {link:?}"));
    let moment = Instant::now();
    rig.link(cut, link);
    let bound = Duration::from_millis(rig.times.lease) + SLACK;
    let ask = async |path: &String| site.once(&site.staff, cut, &Call::get(path)).await;
    // `/readyz` and each request of the shop say so.
    for path in paths.iter().chain([&"/readyz".to_owned()]) {
        loop {
            match ask(path).await {
                Ok(answer) if answer.status == 503 => break,
                other => assert!(moment.elapsed() < bound, "{path} {:?} after the cut: {other:?}", moment.elapsed()),
            }
            sleep(POLL).await;
        }
    }
    println!("503 {:?} after the cut ({link:?})", moment.elapsed());
    // Until the others have taken over, and beyond: never another status.
    let answered = site.answers();
    while moment.elapsed() < Duration::from_millis(rig.times.dead + 1_500) || site.answers() < answered + 20 {
        assert!(moment.elapsed() < Duration::from_secs(40), "the others do not go on");
        for path in &paths {
            let said = ask(path).await;
            assert!(matches!(&said, Ok(answer) if answer.status == 503), "{path}: {said:?}");
        }
        sleep(POLL).await;
    }
    rig.history.note(format!("node {cut} is mended"));
    rig.link(cut, Link::Whole);
    let mended = Instant::now();
    rig.nodes[cut].lock().await.ready().await;
    for path in &paths {
        let said = site.once(&site.staff, cut, &Call::get(path)).await;
        assert!(matches!(&said, Ok(answer) if answer.status == 200), "{path}: {said:?}");
    }
    println!("back {:?} after the mending", mended.elapsed());
}
