//! When a shard is claimed, released, or left alone: pure decisions from one node's beliefs.
//!
//! Safety never depends on them (it comes from the claim in the log and the lease): wrong beliefs cost time. The
//! decisions keep nodes from fighting: a shard with a living owner is never claimed; the owner itself releases the
//! shard when the placement names another. `tests/protocol` model-checks these functions.

use std::time::Duration;

use super::ports::{
    Hint,
    journal::{Entry, NodeId, Record, Shard},
};

/// The owner whose claim the log's newest record belongs to; none after a release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogOwner {
    pub node: NodeId,
    pub epoch: u64,
    /// The previous owner, which had not released the log when this claim was written and may not know of the claim
    /// yet; `None` once this owner has written.
    pub over: Option<NodeId>,
}

/// The log's owner after `record`, given the owner `before` it. Every record names its writer, so a record from the
/// middle of a log is enough.
pub fn owner_after(before: Option<LogOwner>, record: &Record) -> Option<LogOwner> {
    let owner = |over| Some(LogOwner { node: record.node.clone(), epoch: record.epoch, over });
    match (&record.entry, before) {
        (Entry::Released, _) => None,
        // A claim over the node's own claim (its reply was lost, or its generation failed) keeps that claim's previous
        // owner.
        (Entry::Claimed, Some(own)) if own.node == record.node => owner(own.over.or(Some(own.node))),
        (Entry::Claimed, before) => owner(before.map(|owner| owner.node)),
        // A writing owner has waited for its predecessor's lease.
        (Entry::Batch(_), _) => owner(None),
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwnershipStep {
    Stay,
    Claim,
    /// Release the shard in order: drain, release, stand by.
    Yield,
    /// The log has a later claim than this node's: everything speculative is discarded at once.
    Stop,
}

/// One node's beliefs about one shard.
pub struct Situation<'a> {
    pub me: &'a NodeId,
    pub shard: Shard,
    pub hint: &'a Hint,
    /// This node's own heartbeat is confirmed within the lease.
    pub connected: bool,
    pub log: Option<&'a LogOwner>,
    /// The epoch that this node serves with.
    pub serving: Option<u64>,
}

pub fn decide(now: &Situation<'_>) -> OwnershipStep {
    let placed = now.hint.owner(now.shard);
    match now.serving {
        Some(epoch) if now.log.is_some_and(|owner| owner.epoch > epoch) => OwnershipStep::Stop,
        Some(_) => match placed {
            Some(other) if other != now.me && now.hint.is_alive(other) => OwnershipStep::Yield,
            Some(_) | None => OwnershipStep::Stay,
        },
        None if !now.connected => OwnershipStep::Stay,
        None => match now.log {
            // This node's own claim, whose generation failed or whose release was lost: no other node may claim the
            // shard while this node lives.
            Some(owner) if owner.node == *now.me => OwnershipStep::Claim,
            Some(owner) if now.hint.is_alive(&owner.node) => OwnershipStep::Stay,
            Some(_) | None if placed == Some(now.me) => OwnershipStep::Claim,
            Some(_) | None => OwnershipStep::Stay,
        },
    }
}

/// How long the winner of a claim waits before it serves. The previous owner may reply to strong reads until its lease
/// ends, unless it released the shard or was this same process. A quarter more, for clocks that run unevenly.
pub fn wait_before_serving(me: &NodeId, claim: &LogOwner, lease: Option<Duration>) -> Duration {
    match (&claim.over, lease) {
        (Some(before), Some(lease)) if before != me => lease + lease / 4,
        (Some(_) | None, Some(_) | None) => Duration::ZERO,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actors::ports::journal::{Batch, BatchId};

    fn node(name: &str) -> NodeId {
        NodeId(name.into())
    }

    fn log(name: &str, epoch: u64) -> LogOwner {
        LogOwner { node: node(name), epoch, over: None }
    }

    fn decided(placed: Option<&str>, alive: &[&str], log: Option<&LogOwner>, serving: Option<u64>) -> OwnershipStep {
        let alive = alive.iter().map(|name| node(name)).collect();
        let hint = Hint { generation: 1, owners: vec![placed.map(node)], alive };
        decide(&Situation { me: &node("a"), shard: Shard(0), hint: &hint, connected: true, log, serving })
    }

    #[test]
    fn a_free_shard_is_claimed_by_who_is_placed() {
        assert_eq!(decided(Some("a"), &["a", "b"], None, None), OwnershipStep::Claim);
        assert_eq!(decided(Some("b"), &["a", "b"], None, None), OwnershipStep::Stay);
        assert_eq!(decided(None, &["a"], None, None), OwnershipStep::Stay, "not settled");
    }

    #[test]
    fn a_live_owner_is_never_pushed_out() {
        assert_eq!(decided(Some("a"), &["a", "b"], Some(&log("b", 3)), None), OwnershipStep::Stay);
        assert_eq!(decided(Some("a"), &["a"], Some(&log("b", 3)), None), OwnershipStep::Claim, "it is dead");
    }

    #[test]
    fn an_owner_yields_to_who_is_placed_and_alive() {
        assert_eq!(decided(Some("b"), &["a", "b"], Some(&log("a", 3)), Some(3)), OwnershipStep::Yield);
        assert_eq!(decided(Some("b"), &["a"], Some(&log("a", 3)), Some(3)), OwnershipStep::Stay);
        assert_eq!(decided(None, &["a", "b"], Some(&log("a", 3)), Some(3)), OwnershipStep::Stay);
    }

    #[test]
    fn a_claim_behind_ours_ends_us() {
        assert_eq!(decided(Some("a"), &["a", "b"], Some(&log("b", 4)), Some(3)), OwnershipStep::Stop);
        assert_eq!(
            decided(Some("a"), &["a", "b"], Some(&log("b", 2)), Some(3)),
            OwnershipStep::Stay,
            "our claim is on its way"
        );
    }

    #[test]
    fn our_own_unserved_claim_is_taken_up_again() {
        assert_eq!(decided(Some("b"), &["a", "b"], Some(&log("a", 3)), None), OwnershipStep::Claim);
    }

    #[test]
    fn a_repeated_claim_still_stands_over_the_owner_before() {
        let record =
            |name: &str, epoch, entry| Record { shard: Shard(0), seq: 1, epoch, node: node(name), entry, name: None };
        let over = |records: &[Record]| records.iter().fold(None, owner_after).and_then(|owner| owner.over);
        let batch = || Entry::Batch(Batch { id: BatchId(uuid::Uuid::nil()), commits: Vec::new() });
        let (first, taken) = (record("b", 1, Entry::Claimed), record("a", 2, Entry::Claimed));
        let again = record("a", 4, Entry::Claimed);
        assert_eq!(over(&[first.clone(), taken.clone(), again.clone()]), Some(node("b")), "the first answer was lost");
        let served = record("a", 2, batch());
        assert_eq!(over(&[first.clone(), taken, served, again.clone()]), Some(node("a")), "it had waited");
        assert_eq!(over(&[first, record("b", 1, Entry::Released), again]), None);
    }

    #[test]
    fn who_is_cut_off_claims_nothing() {
        let hint = Hint { generation: 1, owners: vec![Some(node("a"))], alive: vec![node("a")] };
        let me = node("a");
        let cut = Situation { me: &me, shard: Shard(0), hint: &hint, connected: false, log: None, serving: None };
        assert_eq!(decide(&cut), OwnershipStep::Stay);
    }

    #[test]
    fn only_another_unreleased_claim_is_waited_out() {
        let lease = Some(Duration::from_secs(2));
        let over = |name: Option<&str>| LogOwner { over: name.map(node), ..log("a", 5) };
        assert_eq!(wait_before_serving(&node("a"), &over(None), lease), Duration::ZERO);
        assert_eq!(wait_before_serving(&node("a"), &over(Some("a")), lease), Duration::ZERO);
        assert_eq!(wait_before_serving(&node("a"), &over(Some("b")), lease), Duration::from_millis(2_500));
        assert_eq!(wait_before_serving(&node("a"), &over(Some("b")), None), Duration::ZERO);
    }
}
