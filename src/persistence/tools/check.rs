//! The rules that every record of a sound journal keeps.
//!
//! * sequence numbers of a shard run 1, 2, 3 without a gap;
//! * a claim's epoch is its predecessor's plus one, every other record has the newest claim's;
//! * an entity's commits stand in the shard that its key hashes to, with versions 1, 2, 3.

use std::collections::HashMap;

use serde::Serialize;

use crate::{
    actors::ports::journal::{Entry, Record, Seq},
    domain::key::EntityKey,
};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    pub records: u64,
    pub claims: u64,
    pub batches: u64,
    pub commits: u64,
    pub events: u64,
    pub entities: u64,
}

#[derive(Clone, Copy, Default)]
struct Tip {
    end: Seq,
    epoch: u64,
}

/// Memory: one entry for each entity of the journal.
pub struct Checker {
    tips: Vec<Tip>,
    versions: HashMap<EntityKey, u64>,
    counts: Counts,
}

impl Checker {
    pub fn new(shards: u16) -> Self {
        let tips = vec![Tip::default(); usize::from(shards)];
        Self { tips, versions: HashMap::new(), counts: Counts::default() }
    }

    pub fn counts(&self) -> Counts {
        Counts { entities: self.versions.len() as u64, ..self.counts }
    }

    /// Every rule that the record breaks. A faulty record counts as read, so that one fault is reported once.
    pub fn check(&mut self, record: &Record) -> Vec<String> {
        let shards = self.tips.len() as u16;
        let mut broken = Vec::new();
        let Some(tip) = self.tips.get_mut(usize::from(record.shard.0)) else {
            return vec![format!("shard {} of a journal with {shards} shards", record.shard.0)];
        };
        if record.seq != tip.end + 1 {
            broken.push(format!("record {} follows record {}", record.seq, tip.end));
        }
        let expected = tip.epoch + u64::from(record.entry == Entry::Claimed);
        if record.epoch != expected || record.epoch == 0 {
            broken.push(format!("epoch {} where {expected} is due", record.epoch));
        }
        *tip = Tip { end: record.seq, epoch: record.epoch };
        self.counts.records += 1;
        match &record.entry {
            Entry::Claimed => self.counts.claims += 1,
            Entry::Released => {}
            Entry::Batch(batch) => {
                self.counts.batches += 1;
                for commit in &batch.commits {
                    self.counts.commits += 1;
                    self.counts.events += commit.events.len() as u64;
                    let home = commit.key.shard_of(shards);
                    if home != record.shard.0 {
                        broken.push(format!("{} belongs to shard {home}", commit.key));
                    }
                    let before = self.versions.insert(commit.key.clone(), commit.version).unwrap_or(0);
                    if commit.version != before + 1 {
                        broken.push(format!("{} version {} follows version {before}", commit.key, commit.version));
                    }
                }
            }
        }
        broken
    }
}
