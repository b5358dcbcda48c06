//! The rules of the cluster, each of which can be left out, and the bounds of the search.

use souk::actors::{
    ownership::{LogOwner, owner_after},
    ports::journal::{Batch, BatchId, Entry, Record, Shard},
};

use crate::state::{Kind, Rec};

#[derive(Clone, Debug)]
pub struct Rules {
    /// An append must name the log's end.
    pub compare: bool,
    /// A new owner waits until its predecessor can no longer reply.
    pub wait: bool,
    /// An ambiguous append whose place is empty is resolved by filling the place.
    pub barrier: bool,
    /// Strong replies without an append only within the lease.
    pub lease: bool,
    /// A claim over the node's own claim still waits for that claim's predecessor.
    pub carry: bool,
    pub nodes: u8,
    pub clock: u8,
    pub appends: u8,
    pub writes: u8,
    pub crashes: u8,
}

impl Rules {
    pub fn all() -> Self {
        Self {
            compare: true,
            wait: true,
            barrier: true,
            lease: true,
            carry: true,
            nodes: 2,
            clock: 4,
            appends: 5,
            writes: 1,
            crashes: 1,
        }
    }

    /// Whose the log is, folded from its beginning by the code that every tail runs.
    pub fn owner(&self, log: &[Rec]) -> Option<LogOwner> {
        log.iter().fold(None, |before, rec| {
            let last = before.as_ref().map(|owner: &LogOwner| owner.node.clone());
            let mut owner = owner_after(before, &record(rec));
            if let Some(owner) = owner.as_mut().filter(|_| !self.carry && rec.kind == Kind::Claim) {
                owner.over = last;
            }
            owner
        })
    }
}

fn record(rec: &Rec) -> Record {
    let entry = match rec.kind {
        Kind::Claim => Entry::Claimed,
        Kind::Release => Entry::Released,
        Kind::Write(_) | Kind::Empty => Entry::Batch(Batch { id: BatchId(uuid::Uuid::nil()), commits: Vec::new() }),
    };
    Record { shard: Shard(0), seq: 1, epoch: u64::from(rec.epoch), node: rec.by.id(), entry, name: None }
}
