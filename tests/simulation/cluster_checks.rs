//! After the troubles: the cluster heals and settles, and every node then shows exactly the log's state. Each shard's
//! log has one writer at a time.

use std::{collections::BTreeSet, time::Duration};

use souk::actors::{
    gateway::Gateway,
    ports::journal::{Entry, Shard},
};
use tokio::task::JoinHandle;

use crate::{
    checks::{self, Models},
    cluster::Cluster,
    node::Ended,
    troubles::revive,
};

/// No faults from here on: each shard soon has one owner.
pub fn heal(cluster: &mut Cluster, broken: &mut Vec<String>) {
    cluster.site.weather.clear();
    cluster.nodes.iter().for_each(|node| node.link.heal());
    // One that was cut off while it started may only now have waited in vain for half a minute; frozen, too, a little later.
    cluster.run(Duration::from_secs(16));
    revive(cluster);
    let one_owner = |cluster: &mut Cluster| cluster.site.net.serving.lock().unwrap().iter().all(|all| all.len() == 1);
    if !cluster.until(Duration::from_secs(60), one_owner) {
        broken.push(format!("not each shard has one owner: {:?}", cluster.site.net.serving.lock().unwrap()));
    }
    cluster.run(Duration::from_secs(10));
}

/// G4: after all faults end, every client gets its reply and every process settles.
pub fn settle(cluster: &mut Cluster, clients: Vec<JoinHandle<()>>, broken: &mut Vec<String>) {
    // Some shoppers come back only after twelve minutes.
    if !cluster.until(Duration::from_secs(1_800), |_| clients.iter().all(JoinHandle::is_finished)) {
        broken.push("a client was not answered within half an hour of the cluster's healing".into());
    }
    for client in clients.into_iter().filter(JoinHandle::is_finished) {
        if let Err(panic) = cluster.world.block_on(client) {
            broken.push(format!("a client stopped: {panic}"));
        }
    }
    let mut open = Vec::new();
    for _ in 0..240 {
        cluster.run(Duration::from_secs(30));
        let Some(gateway) = cluster.nodes.iter().find_map(|node| node.gateway()) else { break };
        open = checks::unsettled(&cluster.shop, &gateway);
        if open.is_empty() {
            break;
        }
    }
    broken.append(&mut open);
}

/// The log as text; appends the nodes' differences to `broken`.
pub fn check(cluster: &mut Cluster, broken: &mut Vec<String>) -> String {
    let models = checks::fold(&cluster.shop.storage);
    for n in 0..cluster.nodes.len() {
        let node = &cluster.nodes[n];
        let name = node.name.0.clone();
        if let Some(ended) = node.ended().filter(|ended| *ended != Ended::Left) {
            broken.push(format!("{name} ended: {ended:?}"));
        }
        let Some(gateway) = node.gateway() else {
            broken.push(format!("{name} has not started"));
            continue;
        };
        let asked = gateway.clone();
        let caught_up = node.machine.tokio.spawn(async move { asked.await_projection(Duration::from_secs(30)).await });
        cluster.until(Duration::from_secs(40), |_| caught_up.is_finished());
        read_models(&name, &gateway, &models, broken);
    }
    one_writer(cluster, broken)
}

fn read_models(name: &str, gateway: &Gateway, models: &Models, broken: &mut Vec<String>) {
    let (projections, mut expected) = (souk::shop::projections(&Default::default()), BTreeSet::new());
    for (key, (version, model)) in models {
        let shown = gateway.read_local_any(key);
        if !matches!(&shown, Ok(Some((at, view))) if at == version && *view == model.view()) {
            broken.push(format!("{name} shows {key} as {shown:?}, the log says version {version}"));
        }
        let of_kind = projections.iter().filter(|projection| projection.kinds().contains(&key.kind));
        let rows = of_kind.flat_map(|projection| projection.rows(key, model));
        expected.extend(rows.map(|row| (row.table, row.key)));
    }
    let mut shown = BTreeSet::new();
    for table in projections.iter().flat_map(|projection| projection.tables().to_vec()) {
        match gateway.row_keys(table, &[], None, usize::MAX) {
            Ok(rows) => shown.extend(rows.into_iter().map(|row| (table, row))),
            Err(error) => broken.push(format!("{name}: {table}: {error}")),
        }
    }
    if shown != expected {
        let differ: Vec<_> = shown.symmetric_difference(&expected).map(|(table, _)| *table).collect();
        broken.push(format!("{name} has other rows than the log gives, in {differ:?}"));
    }
}

/// Between a claim and the next only the claimant writes, and after its release no node does.
fn one_writer(cluster: &Cluster, broken: &mut Vec<String>) -> String {
    let mut lines = Vec::new();
    for shard in 0..cluster.shop.storage.shards() {
        let mut writer = (0, None);
        for record in cluster.shop.storage.records(Shard(shard)) {
            let here = (record.epoch, Some(record.node.clone()));
            match &record.entry {
                Entry::Claimed if record.epoch > writer.0 => writer = here,
                Entry::Released if here == writer => writer.1 = None,
                Entry::Batch(_) if here == writer => {}
                Entry::Claimed | Entry::Released | Entry::Batch(_) => {
                    broken.push(format!("{record:?} under {writer:?}"));
                }
            }
            lines.push(format!("{record:?}"));
        }
    }
    lines.join("\n")
}
