//! The shards' logs themselves: no node writes without the newest claim, even with stale beliefs after a freeze; no
//! version is missing or made twice; no remembered command is committed twice.

use std::collections::{BTreeMap, BTreeSet};

use super::Wrong;

#[derive(Clone, Debug, PartialEq)]
pub struct Written {
    pub shard: u16,
    pub seq: u64,
    pub epoch: u64,
    pub node: String,
    pub what: What,
}

#[derive(Clone, Debug, PartialEq)]
pub enum What {
    Claimed,
    Released,
    Batch(Vec<Change>),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    pub key: String,
    pub version: u64,
    /// Where the command's id is remembered.
    pub command: Option<String>,
}

/// Records of all shards, each shard's in order.
pub fn sound(records: &[Written]) -> Wrong {
    let mut wrong = Wrong::new();
    // Epoch, node, and whether it was given back.
    let mut claims: BTreeMap<u16, (u64, &str, bool)> = BTreeMap::new();
    let (mut versions, mut commands) = (BTreeMap::<&str, u64>::new(), BTreeSet::new());
    for record in records {
        let before = claims.get(&record.shard).copied().unwrap_or((0, "", true));
        let own = (record.epoch, record.node.as_str(), false);
        match &record.what {
            What::Claimed if record.epoch == before.0 + 1 => drop(claims.insert(record.shard, own)),
            What::Claimed => wrong.push(format!("epoch {} was the newest before {record:?}", before.0)),
            What::Released | What::Batch(_) if own != before => {
                wrong.push(format!("{record:?} was written without the newest claim, {before:?}"));
            }
            What::Released => drop(claims.insert(record.shard, (record.epoch, record.node.as_str(), true))),
            What::Batch(_) => {}
        }
        let What::Batch(changes) = &record.what else { continue };
        for change in changes {
            let newest = versions.entry(&change.key).or_default();
            if change.version != *newest + 1 {
                wrong.push(format!("{change:?} follows version {newest}"));
            }
            *newest = change.version;
            let command = change.command.as_ref();
            if command.is_some_and(|command| !commands.insert((&change.key, command))) {
                wrong.push(format!("a command was committed twice: {change:?}"));
            }
        }
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(key: &str, version: u64, command: &str) -> What {
        What::Batch(vec![Change { key: key.into(), version, command: Some(command.into()) }])
    }

    fn log() -> Vec<Written> {
        let record = |seq, epoch, node: &str, what| Written { shard: 1, seq, epoch, node: node.into(), what };
        vec![
            record(1, 1, "a", What::Claimed),
            record(2, 1, "a", change("stock/A", 1, "x")),
            record(3, 1, "a", What::Released),
            record(4, 2, "b", What::Claimed),
            record(5, 2, "b", change("stock/A", 2, "y")),
            record(6, 3, "a", What::Claimed),
            record(7, 3, "a", change("stock/B", 1, "x")),
        ]
    }

    fn judge(change: impl FnOnce(&mut Vec<Written>)) -> usize {
        let mut log = log();
        change(&mut log);
        sound(&log).len()
    }

    #[test]
    fn only_the_newest_claim_writes() {
        assert_eq!(sound(&log()), Wrong::new());
        assert!(judge(|log| (log[4].epoch, log[4].node) = (1, "a".into())) > 0, "a woken owner");
        assert!(judge(|log| log[4].node = "c".into()) > 0, "another node with its epoch");
        assert!(judge(|log| drop(log.remove(0))) > 0, "no claim at all");
        assert!(judge(|log| drop(log.remove(3))) > 0, "after a release");
        assert!(judge(|log| log[5].epoch = 2) > 0, "an epoch that was given before");
        assert_eq!(judge(|log| log.iter_mut().for_each(|record| record.shard = 2)), 0);
    }

    #[test]
    fn versions_have_no_gap_and_commands_one_effect() {
        assert!(judge(|log| log[4].what = change("stock/A", 3, "y")) > 0, "a gap");
        assert!(judge(|log| log[4].what = change("stock/A", 1, "y")) > 0, "made twice");
        assert!(judge(|log| log[4].what = change("stock/A", 2, "x")) > 0, "the same command again");
    }
}
