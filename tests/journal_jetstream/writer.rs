//! One owner of a shard that appends until it is stopped, like a committer: ambiguous appends are resolved, and a
//! failure is followed by a new claim. The writer records its results.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use souk::{
    actors::ports::journal::{AppendError, BatchId, Claim, Journal, JournalError, Resolution, Seq},
    persistence::jetstream::JetStreamJournal,
};
use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{Instant, sleep},
};

use super::{make::*, nats::PATIENCE, zombie::settled};

/// One writer's results of its appends.
#[derive(Default)]
pub struct Told {
    pub stored: Vec<(Seq, BatchId)>,
    pub never: Vec<BatchId>,
    /// Appends whose reply was lost.
    pub ambiguous: usize,
}

pub struct Writer {
    task: JoinHandle<Told>,
    stop: Arc<AtomicBool>,
    count: watch::Receiver<usize>,
}

impl Writer {
    pub fn start(journal: JetStreamJournal) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let (counted, count) = watch::channel(0);
        let task = tokio::spawn(write(journal, stop.clone(), counted));
        Self { task, stop, count }
    }

    /// Waits until so many more are acknowledged.
    pub async fn more(&mut self, appends: usize) {
        let wanted = *self.count.borrow() + appends;
        let reached = self.count.wait_for(|count| *count >= wanted);
        let reached = tokio::time::timeout(2 * PATIENCE, reached).await.map(|reached| reached.is_ok());
        assert!(matches!(reached, Ok(true)), "the writer does not get on");
    }

    pub async fn stop(self) -> Told {
        self.stop.store(true, Ordering::Relaxed);
        self.task.await.expect("the writer ends in order")
    }
}

async fn write(journal: JetStreamJournal, stop: Arc<AtomicBool>, count: watch::Sender<usize>) -> Told {
    let mut told = Told::default();
    let mut owner: Option<(Claim, Seq)> = None;
    let mut n = 0;
    while !stop.load(Ordering::Relaxed) {
        let (claim, end) = match owner.take() {
            Some(owner) => owner,
            None => claimed(&journal, "w").await,
        };
        n += 1;
        let batch = one(n);
        let id = batch.id;
        match journal.append(claim.clone(), end, batch.clone()).await {
            Ok(seq) => {
                told.stored.push((seq, id));
                owner = Some((claim, seq));
            }
            Err(AppendError::Ambiguous(_)) => {
                told.ambiguous += 1;
                match settled(&journal, &claim, end, &batch).await {
                    Resolution::Stored(seq) => {
                        told.stored.push((seq, id));
                        owner = Some((claim, seq));
                    }
                    Resolution::NotStored => told.never.push(id),
                }
            }
            Err(AppendError::Fenced | AppendError::Io(_)) => told.never.push(id),
            Err(error @ (AppendError::Full(_) | AppendError::Refused(_))) => panic!("{error}"),
        }
        count.send_replace(told.stored.len());
    }
    told
}

/// A claim and an append behind it, once the servers have a leader.
pub async fn goes_on(journal: &JetStreamJournal, name: &str) -> Seq {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let (claim, end) = claimed(journal, name).await;
        match journal.append(claim, end, one(0)).await {
            Ok(seq) => return seq,
            Err(error) => assert!(Instant::now() < deadline, "the log does not go on: {error}"),
        }
    }
}

/// Retried until the servers reply.
pub async fn claimed(journal: &JetStreamJournal, name: &str) -> (Claim, Seq) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match journal.claim(S, node(name)).await {
            Ok(claim) => {
                let seq = claim.seq;
                return (claim, seq);
            }
            // Servers that have just started may not know all their streams yet.
            Err(JournalError::LostRace | JournalError::Io(_) | JournalError::Refused(_)) => {}
            Err(error @ (JournalError::Corrupt { .. } | JournalError::Full(_))) => panic!("{error}"),
        }
        assert!(Instant::now() < deadline, "no claim is to be had");
        sleep(Duration::from_millis(50)).await;
    }
}
