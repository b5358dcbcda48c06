//! Reads every shard's log from the servers, as the shop's own journal reads it: checksums, gaps and formats are its.

use futures::StreamExt;
use souk::{
    actors::ports::journal::{Commit, Entry, Journal, Record, Shard},
    persistence::jetstream::{JetStreamJournal, JetStreamOptions},
};

use crate::{
    checker::log::{Change, What, Written},
    rig::{Rig, SHARDS},
};

pub async fn read(rig: &Rig) -> Vec<Written> {
    let client = rig.servers.lock().await.client().await;
    let options = JetStreamOptions { create: false, shards: SHARDS, ..JetStreamOptions::default() };
    let journal = JetStreamJournal::open(client, options).await.expect("the journal");
    let mut written = Vec::new();
    for shard in (0..journal.shards()).map(Shard) {
        let end = journal.end(shard).await.expect("an end");
        let mut records = journal.read_range(shard, 1, end);
        while let Some(record) = records.next().await {
            written.push(one(&record.expect("a sound record")));
        }
    }
    written
}

fn one(record: &Record) -> Written {
    let change = |commit: &Commit| Change {
        key: commit.key.to_string(),
        version: commit.version,
        command: commit.fingerprint.is_some().then(|| format!("{:?}", commit.command_id)),
    };
    let what = match &record.entry {
        Entry::Claimed => What::Claimed,
        Entry::Released => What::Released,
        Entry::Batch(batch) => What::Batch(batch.commits.iter().map(change).collect()),
    };
    Written { shard: record.shard.0, seq: record.seq, epoch: record.epoch, node: record.node.0.to_string(), what }
}
