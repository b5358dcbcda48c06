//! A projection is added to a running shop's directory, gets another version and is removed again, and the process is
//! killed with -9 between and in the midst of it all. What is left is what the stored states say, nothing of the old is,
//! and the projection beside it was never built again.

#[path = "projections/process.rs"]
mod process;
#[path = "common/projected.rs"]
mod projected;

use std::time::Duration;

use process::{Acks, Seen, Shop, ShopProcess};
use projected::Demand;
use souk::{
    actors::ports::{Space, StateStore},
    testing::eventually,
};
use tempfile::TempDir;

/// Entities of a build after which a process is killed.
const INTO: u64 = 256;
const ACKS: usize = 200;

struct Directory {
    dir: TempDir,
    acks: Acks,
    kills: u32,
    kills_within: u32,
    /// The steady projection's space.
    steady: Option<u32>,
}

impl Directory {
    /// One life of the shop's process, until `enough`.
    fn life(&mut self, demand: Option<u32>, enough: impl Fn(&Seen) -> bool) -> Seen {
        let process = ShopProcess::start(self.dir.path(), demand);
        let seen = process.run_until(&mut self.acks, enough);
        self.kills += 1;
        assert_eq!(seen.steady.1, 0, "the steady one reads no state");
        assert_eq!(*self.steady.get_or_insert(seen.steady.0), seen.steady.0, "it was never built again");
        seen
    }

    /// Kills in the midst of a build, and one when it is done.
    fn build(&mut self, version: u32) -> u32 {
        for n in 0..4 {
            let seen = self.life(Some(version), |seen| seen.built || (seen.entities >= INTO && seen.acks > n * 10));
            self.kills_within += u32::from(!seen.built);
        }
        let seen = self.life(Some(version), |seen| seen.built && seen.acks >= ACKS);
        seen.space
    }

    /// After the last kill: rows and sums are those of the states, and everything acknowledged is there.
    async fn check(&self, demand: Option<u32>) -> Shop {
        let shop = Shop::start(self.dir.path(), demand).await;
        assert!(shop.gateway.await_projection(Duration::from_secs(60)).await);
        let demand = demand.map(Demand::of);
        for projection in [Demand::steady()].iter().chain(&demand) {
            let wrong = projection.wrong(&*shop.store, &shop.gateway);
            assert!(wrong.is_empty(), "{:#?}", &wrong[..wrong.len().min(20)]);
        }
        for (key, version) in &self.acks {
            let found = shop.gateway.read_local_any(key).unwrap().map(|(version, _)| version);
            assert!(found >= Some(*version), "{key}: version {version} was acknowledged, {found:?} is there");
        }
        shop
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn projections_come_change_and_go_under_kill_9() {
    let dir = TempDir::new().unwrap();
    let mut shop = Directory { dir, acks: Acks::new(), kills: 0, kills_within: 0, steady: None };
    shop.life(None, |seen| seen.acks >= process::SKUS * 2);
    shop.check(None).await.stop().await;

    // Added.
    let first = shop.build(1);
    shop.check(Some(1)).await.stop().await;
    // Of another version: its rows are made beside the old ones, which go afterwards.
    let second = shop.build(2);
    assert!(second > first, "in a space of its own");
    shop.check(Some(2)).await.stop().await;
    // Back, and killed before it is done; then removed.
    shop.life(Some(1), |seen| seen.built || seen.entities >= INTO);
    shop.life(None, |seen| seen.acks >= ACKS);
    let last = shop.check(None).await;
    let gone = |store: &dyn StateStore, spaces: std::ops::RangeInclusive<u32>| {
        let live = |space: &u32| last.gateway.projections().iter().any(|line| line.space == Some(*space));
        let rows = |space: u32| {
            Demand::TABLES.map(|table| store.rows(Space(space), table, b"", None, usize::MAX).unwrap().len())
        };
        spaces.filter(|space| !live(space)).flat_map(rows).sum::<usize>() == 0
    };
    eventually("its rows are deleted", Duration::from_secs(60), async || gone(&*last.store, 0..=second + 10)).await;
    last.stop().await;
    println!("{} kills, {} of them within a build", shop.kills, shop.kills_within);
    // One is enough to see a build go on; a machine under load may miss some.
    assert!(shop.kills_within >= 2, "{} kills within a build", shop.kills_within);
}
