//! A real process is killed with -9 while it appends, again and again on one directory: every acknowledged record is
//! there afterwards, and every record between them was sent.

use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
};

use souk::{
    actors::ports::journal::{BatchId, Claim, Journal, Resolution, Shard},
    persistence::SledJournal,
};
use tempfile::TempDir;

use super::{
    backends::{SHARDS, options},
    make::*,
};

/// The process that is killed: appends to every shard and prints each acknowledgement.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writer_process() {
    let Ok(dir) = std::env::var("SOUK_TCK_WRITER") else { return };
    let journal = Arc::new(SledJournal::open(Path::new(&dir), options()).expect("the journal opens after a kill"));
    let writers = (0..SHARDS).map(|shard| {
        let journal = journal.clone();
        tokio::spawn(async move {
            let claim = journal.claim(Shard(shard), node("w")).await.expect("a claim");
            let mut end = claim.seq;
            for n in 0.. {
                let batch = batch((0..1 + n % 30).map(|c| commit(&format!("SKU{c}"), n + 1, 1)));
                end = journal.append(claim.clone(), end, batch.clone()).await.expect("an append");
                // One write for one line, so that a kill tears no line but the last.
                let line = format!("ack {shard} {end} {}\n", batch.id.0);
                std::io::stdout().write_all(line.as_bytes()).expect("the parent listens");
            }
        })
    });
    futures::future::join_all(writers).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acknowledged_records_survive_kill_9() {
    let dir = TempDir::new().expect("a directory");
    let mut acknowledged = Vec::new();
    for round in 0..12 {
        let mut child = Command::new(std::env::current_exe().expect("this test"))
            .args(["--exact", "kill::writer_process", "--nocapture"])
            .env("SOUK_TCK_WRITER", dir.path())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the writer runs");
        let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        // Killed after a number of acknowledgements that differs each time; the moment within a batch is chance.
        let mut parse = |line: String| -> Option<()> {
            let mut words = line.strip_prefix("ack ")?.split(' ');
            let (shard, seq, id) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?, words.next()?);
            acknowledged.push((Shard(shard), seq, uuid::Uuid::parse_str(id).ok()?));
            Some(())
        };
        let wanted = 5 + round * 37;
        let mut seen = 0;
        while seen < wanted {
            let line = lines.next().expect("the writer lives until it is killed").expect("a line");
            seen += usize::from(parse(line).is_some());
        }
        child.kill().expect("killed");
        child.wait().expect("gone");
        // Acknowledgements printed before the kill count too; a torn last line does not parse.
        for line in lines.map_while(Result::ok) {
            let _parsed: Option<()> = parse(line);
        }
    }
    let journal = SledJournal::open(dir.path(), options()).expect("the journal opens after a kill");
    assert!(acknowledged.len() > 2000, "{} acknowledged", acknowledged.len());
    for shard in (0..SHARDS).map(Shard) {
        let records = all(&journal, shard).await;
        assert_contiguous(&records, 1);
        for (_, seq, id) in acknowledged.iter().filter(|ack| ack.0 == shard) {
            let stored = batch_of(&records[*seq as usize - 1]).map(|batch| batch.id.0);
            assert_eq!(stored, Some(*id), "shard {} record {seq}", shard.0);
        }
    }
    let (shard, seq, id) = acknowledged[acknowledged.len() - 1];
    let claim = Claim { shard, node: node("w"), epoch: 0, seq: 0 };
    let found = journal.resolve(claim, seq - 1, BatchId(id)).await.expect("a resolution");
    assert_eq!(found, Resolution::Stored(seq));
}
