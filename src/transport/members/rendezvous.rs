//! Rendezvous hashing (highest random weight): Thaler and Ravishankar, "Using name-based mappings to increase hit
//! rates", 1998. Each shard goes to the node with the highest score for it, so a node that leaves moves only its own.
//!
//! A score is FNV-1a over name and shard, then the finaliser of SplitMix64 (Steele, Lea, Flood 2014): FNV alone mixes its
//! last bytes too little for numbers that differ by one. Frozen: nodes of two versions must agree.

use crate::actors::ports::journal::{NodeId, Shard};

const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const FNV_PRIME: u64 = 0x0000_0100_0000_01b3;

/// The weight of `node` for `shard`.
pub fn score(node: &NodeId, shard: Shard) -> u64 {
    let bytes = node.0.bytes().chain(shard.0.to_be_bytes());
    mix(bytes.fold(FNV_OFFSET, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(FNV_PRIME)))
}

/// SplitMix64's output function.
const fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The owner of each shard among `nodes`, whose order does not matter. No nodes: no owners.
pub fn owners(nodes: &[NodeId], shards: u16) -> Vec<Option<NodeId>> {
    // Equal scores are practically impossible; the name decides a tie, in the same way on every node.
    let best = |shard| nodes.iter().max_by_key(|node| (score(node, Shard(shard)), *node)).cloned();
    (0..shards).map(best).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn node(name: &str) -> NodeId {
        NodeId(name.into())
    }

    #[test]
    fn the_mix_matches_splitmix64s_published_outputs() {
        // The first outputs for seed 1234567, as the reference implementation (Vigna, splitmix64.c) gives them.
        let gamma = 0x9e37_79b9_7f4a_7c15_u64;
        let outputs: Vec<u64> = (1..=3_u64).map(|n| mix(1_234_567_u64.wrapping_add(gamma.wrapping_mul(n)))).collect();
        assert_eq!(outputs, [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]);
    }

    #[test]
    fn scores_are_frozen() {
        let scores: Vec<u64> = [("a#00000001", 0), ("a#00000001", 1), ("b#00000002", 0), ("", 1023)]
            .map(|(name, shard)| score(&node(name), Shard(shard)))
            .to_vec();
        assert_eq!(scores, FROZEN);
    }

    const FROZEN: [u64; 4] =
        [459_832_437_705_348_087, 4_364_022_074_543_540_801, 3_822_949_358_306_482_165, 7_584_596_479_279_394_918];

    fn nodes() -> impl Strategy<Value = Vec<NodeId>> {
        proptest::collection::btree_set("[a-z]{1,8}#[0-9a-f]{8}", 1..9)
            .prop_map(|names| names.iter().map(|name| node(name)).collect())
    }

    proptest! {
        #[test]
        fn a_node_that_leaves_moves_only_its_own_shards(all in nodes(), leaves in any::<prop::sample::Index>()) {
            let left = all[leaves.index(all.len())].clone();
            let rest: Vec<NodeId> = all.iter().filter(|node| **node != left).cloned().collect();
            for (before, after) in owners(&all, 64).into_iter().zip(owners(&rest, 64)) {
                prop_assert!(before.as_ref() == Some(&left) || before == after);
            }
        }

        #[test]
        fn the_order_of_nodes_does_not_matter(all in nodes()) {
            let reversed: Vec<NodeId> = all.iter().rev().cloned().collect();
            prop_assert_eq!(owners(&all, 32), owners(&reversed, 32));
        }
    }

    /// Over many shards, each node has its part within a third; on the average it is off by less than chance would have
    /// it for a fair draw, which is the square root of its part. Names are fixed: among all that could be drawn some set
    /// is far off.
    #[test]
    fn shards_are_spread_evenly() {
        let mut names = (0_u64..).map(mix).map(|n| node(&format!("node-{}#{:08x}", n % 9, n >> 32)));
        for count in 1..=9 {
            let (fair, mut off) = (1_024 / count, 0);
            for _ in 0..50 {
                let all: Vec<NodeId> = names.by_ref().take(count).collect();
                let owners = owners(&all, 1_024);
                for node in &all {
                    let own = owners.iter().filter(|owner| owner.as_ref() == Some(node)).count();
                    assert!(own.abs_diff(fair) <= fair / 3 + 8, "{own} of {fair}: {all:?}");
                    off += own.abs_diff(fair);
                }
            }
            assert!(off / (50 * count) <= fair.isqrt(), "{count} nodes are off by {off} in all");
        }
    }
}
