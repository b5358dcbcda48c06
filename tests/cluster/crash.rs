//! `kill -9` of a node: within ten seconds its entities are served again by the others, with the shipped settings.

use std::time::{Duration, Instant};

use crate::{
    client::Call,
    history::Action,
    load::{self, Crowd},
    nemesis::goes_on,
    rig::{NODES, Rig, Times},
    rng::Rng,
    seeded,
    site::Site,
    skus, verdict,
    viewers::Viewers,
};

/// The promise of issue 3.
const ANSWERS_WITHIN: Duration = Duration::from_secs(10);
/// Between two tries.
const PAUSE: Duration = Duration::from_millis(30);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_entities_of_a_killed_node_answer_again_within_ten_seconds() {
    let rng = seeded();
    // So many that every shard has some.
    let (strict, sold) = (skus("CUP", 24), skus("MUG", 4));
    let rig = Rig::start("crash", Times::DEFAULT, &[&strict[..], &sold].concat()).await;
    let site = rig.site(&strict, &sold).await;
    let viewers = Viewers::on_all(&site);
    let people = Crowd { shoppers: 2, keepers: 1, ..Crowd::small() }.comes(&site, &rng);
    goes_on(&site, 40).await;
    let killed = rng.below(NODES as u64) as usize;
    rig.history.note(format!("kill -9 of node {killed}"));
    let moment = Instant::now();
    rig.nodes[killed].lock().await.kill().await;
    let mut slowest = Duration::ZERO;
    let each = strict.iter().map(|sku| answers(&site, (killed + 1) % NODES, sku, &rng, moment));
    for took in futures::future::join_all(each).await {
        slowest = slowest.max(took);
    }
    println!("every SKU took a command again {slowest:?} after the kill");
    rig.nodes[killed].lock().await.start(&[]).await;
    rig.nodes[killed].lock().await.ready().await;
    goes_on(&site, 20).await;
    crate::all_go(&site, people).await;
    verdict::judge(&rig, &site, &viewers).await;
    rig.good();
}

/// One receipt on a living node, repeated until it is acknowledged; returns the time since the kill.
async fn answers(site: &Site, node: usize, sku: &str, rng: &Rng, moment: Instant) -> Duration {
    let (key, mut tries) = (rng.uuid().to_string(), 0);
    let call = Call::receive(&key, sku, 1);
    let action = Action::Receive { sku: sku.to_owned(), units: 1, key };
    let begun = site.history.begin("prober", action);
    loop {
        tries += 1;
        let last = match site.once(&site.staff, node, &call).await {
            Ok(answer) if answer.status == 200 => {
                let took = moment.elapsed();
                site.history.end(begun, node, tries, load::stock(&answer));
                assert!(took < ANSWERS_WITHIN, "{sku} answered {took:?} after the kill");
                return took;
            }
            Ok(answer) => format!("{}: {}", answer.status, answer.json),
            Err(why) => why,
        };
        tokio::time::sleep(PAUSE).await;
        assert!(
            moment.elapsed() < ANSWERS_WITHIN,
            "{sku} does not answer {:?} after the kill: {last}",
            moment.elapsed()
        );
    }
}
