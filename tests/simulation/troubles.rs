//! Faults that part nodes, stop or mislead them, one at a time, with the count of each.

use std::{sync::Arc, time::Duration};

use souk::persistence::state_store::MemoryStateStore;

use crate::{
    checks::Totals,
    cluster::Cluster,
    many::Sum,
    node::{Ended, Node},
    rng::Rng,
};

/// The faults applied to the nodes, and their counts.
#[derive(Clone, Debug, Default)]
pub struct Troubles {
    pub frozen: u64,
    pub cut: u64,
    pub misled: u64,
    pub crashed: u64,
    pub handed_over: u64,
    pub old_directories: u64,
    pub claims: u64,
    /// Two nodes said at once that they serve a shard.
    pub doubled: u64,
    pub fenced: u64,
    pub reads: u64,
}

impl Sum for (Totals, Troubles) {
    fn add(&mut self, (totals, other): &Self) {
        self.0.add(totals);
        let troubles = &mut self.1;
        troubles.frozen += other.frozen;
        troubles.cut += other.cut;
        troubles.misled += other.misled;
        troubles.crashed += other.crashed;
        troubles.handed_over += other.handed_over;
        troubles.old_directories += other.old_directories;
        troubles.claims += other.claims;
        troubles.doubled += other.doubled;
        troubles.fenced += other.fenced;
        troubles.reads += other.reads;
    }
}

impl Troubles {
    pub fn assert_something_happened(&self) {
        let all = [self.frozen, self.cut, self.misled, self.crashed, self.handed_over, self.old_directories];
        let came = [self.claims, self.doubled, self.fenced, self.reads];
        assert!(all.iter().chain(&came).all(|count| *count > 0), "{self:?}");
    }
}

/// One more trouble for one of the nodes, or the end of one.
pub fn trouble(cluster: &mut Cluster, rng: &Rng, troubles: &mut Troubles) {
    let n = rng.below(cluster.nodes.len() as u64) as usize;
    let others: Vec<_> = cluster.nodes.iter().map(|node| node.name.clone()).collect();
    let now = cluster.now;
    let node = &mut cluster.nodes[n];
    match rng.below(8) {
        0 | 1 => {
            let longest = *rng.pick(&[300, 3_000, 12_000]);
            node.machine.freeze(now + rng.below(longest));
            troubles.frozen += 1;
        }
        2 => troubles.cut += u64::from(node.link.toggle()),
        3 => {
            // The node soon believes to be alone. The owners of the shards that it then claims may read these claims
            // late.
            let me = node.name.clone();
            node.link.deafen(others.into_iter().filter(|other| *other != me));
            for node in &cluster.nodes {
                node.link.slow_log(rng.millis(*rng.pick(&[1, 1_000, 8_000])));
            }
            troubles.misled += 1;
        }
        4 => node.link.heal(),
        5 => {
            node.leave();
            let place = node.place;
            let gone = |cluster: &mut Cluster| {
                cluster.nodes.iter().any(|node| node.place == place && node.ended() == Some(Ended::Left))
            };
            troubles.handed_over += u64::from(cluster.until(Duration::from_secs(20), gone));
            restart(cluster, rng, place, troubles);
        }
        _ => {
            let place = node.place;
            troubles.crashed += 1;
            restart(cluster, rng, place, troubles);
        }
    }
}

/// The place's process ends, in whatever state it is, and another one begins: on the data it left, or on none.
fn restart(cluster: &mut Cluster, rng: &Rng, place: usize, troubles: &mut Troubles) {
    let Some(n) = cluster.nodes.iter().position(|node| node.place == place) else { return };
    cluster.take_away(n).machine.crash(rng);
    match rng.one_in(3) {
        true => cluster.stores[place] = Arc::new(MemoryStateStore::default()),
        false => troubles.old_directories += 1,
    }
    let down = *rng.pick(&[50, 2_000, 9_000]);
    cluster.run(rng.millis(down));
    cluster.boot(place);
}

/// A process that could not start, or could not go on, is begun again, as a service manager does it.
pub fn revive(cluster: &mut Cluster) {
    let ended = |node: &Node| matches!(node.ended(), Some(Ended::DidNotStart(_)));
    while let Some(n) = cluster.nodes.iter().position(ended) {
        let node = cluster.take_away(n);
        cluster.boot(node.place);
    }
}
