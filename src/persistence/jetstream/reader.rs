//! History, then live, through any loss of servers: an ephemeral pull consumer, created again from the next record on
//! whenever the consumer ends, fails, falls silent or skips.
//!
//! A record that a consumer delivers twice is dropped. A record that a consumer leaves out is requested again, and only
//! a record that the stream's leader lacks too is a gap (`Corrupt`). A consumer reads one copy of the stream, and
//! copies may differ: see `chain`.

mod consumer;
mod loss;

use std::{sync::Arc, time::Duration};

use async_nats::jetstream::consumer::pull;
use futures::{StreamExt, stream};
use tokio::time::{Instant, sleep};

use super::{
    JetStreamJournal,
    chain::{self, Chain, Fit, Message},
    write::decode,
};
use crate::{
    actors::ports::journal::{Journal, JournalError, Record, RecordName, Records, Seq, Shard},
    domain::personal::opening,
};

/// Records fetched one by one rather than by a consumer.
const SINGLY_MAX: Seq = 16;
/// Of three or five copies, chosen by chance each time: enough that a whole one is found, if there is one.
const COPIES_MAX: u32 = 6;
/// Requests' time-outs that one record of a range may take: who reads a range (a tool, a history) does not hang; by
/// default a minute. Who follows a log waits for ever, because the log may be quiet.
const RANGE_PATIENCE: u32 = 30;
const PAUSE_MIN: Duration = Duration::from_millis(50);
const PAUSE_MAX: Duration = Duration::from_secs(1);

struct Reader {
    journal: JetStreamJournal,
    shard: Shard,
    next: Seq,
    to: Option<Seq>,
    /// The range is bounded: `to` is not beyond the end.
    bounded: bool,
    messages: Option<pull::Stream>,
    pause: Duration,
    failed: bool,
    /// The newest delivered record.
    read: Seq,
    /// Since when the log seems to end before `read`.
    short_since: Option<Instant>,
    /// The loss of the log has been logged.
    told: bool,
    /// Consumers made anew for the record that neither one copy nor the leader has.
    copies: u32,
    chain: Chain,
    /// Every record before this one has a successor.
    settled: Seq,
}

/// `behind`: the name of the record before `from`, as the caller took it in.
pub(super) fn records(
    journal: JetStreamJournal,
    shard: Shard,
    from: Seq,
    to: Option<Seq>,
    behind: Option<RecordName>,
) -> Records {
    if shard.0 >= journal.0.shards {
        return stream::once(async { Err(JournalError::Io("no such shard".into())) }).boxed();
    }
    let next = from.max(1);
    let reader = Reader {
        journal,
        shard,
        next,
        to,
        bounded: false,
        messages: None,
        pause: PAUSE_MIN,
        failed: false,
        read: 0,
        short_since: None,
        told: false,
        copies: 0,
        chain: Chain::behind(behind.map(|RecordName(sum)| sum)),
        settled: 0,
    };
    stream::unfold(reader, |mut reader| async {
        let record = reader.next().await.transpose()?;
        // Damage ends the stream: no record after the damage can be trusted.
        reader.failed = record.is_err();
        Some((record, reader))
    })
    .boxed()
}

impl Reader {
    async fn next(&mut self) -> Result<Option<Arc<Record>>, JournalError> {
        if self.failed {
            return Ok(None);
        }
        let begun = Instant::now();
        loop {
            let patience = self.journal.0.api.timeout * RANGE_PATIENCE;
            if self.to.is_some() && begun.elapsed() > patience {
                let (shard, next) = (self.shard.0, self.next);
                let why =
                    format!("shard {shard}: record {next} did not come within {patience:?}; are the servers whole?");
                return Err(JournalError::Io(why.into()));
            }
            if let Some(message) = self.chain.ready() {
                return self.hand_out(&message).map(Some);
            }
            if let Some(to) = self.to {
                if !self.bounded {
                    self.settled = to.min(self.end().await?);
                    (self.to, self.bounded) = (Some(self.settled), true);
                }
                let left = (self.settled + 1).saturating_sub(self.next);
                if left == 0 && self.chain.is_empty() {
                    return Ok(None);
                }
                if self.messages.is_none() && left <= SINGLY_MAX {
                    self.singly().await?;
                    continue;
                }
            }
            if !self.receive().await? {
                self.rest().await;
            }
        }
    }

    fn hand_out(&mut self, message: &Message) -> Result<Arc<Record>, JournalError> {
        let vault = self.journal.vault();
        let record = opening(vault, || decode(self.shard, message.seq, &message.payload))?;
        self.read = message.seq;
        self.pause = PAUSE_MIN;
        if std::mem::take(&mut self.copies) > 0 {
            tracing::warn!(
                shard = self.shard.0,
                seq = message.seq,
                "the leader's copy of the log is odd, too; another one is whole"
            );
            metrics::counter!("souk_journal_odd_copies_total").increment(1);
        }
        Ok(Arc::new(record))
    }

    /// Accepts the next message if it was written after its predecessor here; `false`: the message must be requested
    /// again.
    async fn accept(&mut self, next: Message) -> Result<bool, JournalError> {
        let differs = |seq, whose: &str| {
            let stream = self.journal.0.options.stream(self.shard);
            let problem = format!(
                "the servers' copies of the log differ: the record behind it was written on another one than {whose}; \
                 a restart reads anew; where that does not help `nats stream cluster step-down {stream}` does \
                 (docs/operations-cluster.md)"
            );
            JournalError::Corrupt { shard: self.shard, seq, problem: problem.into() }
        };
        match self.chain.fit(&next) {
            Fit::Fits => {}
            Fit::ShownDiffers => return Err(differs(next.seq - 1, "was read here")),
            Fit::HeldDiffers(odd) => match self.journal.message(self.shard, odd.seq).await {
                // It names another than was read before it: that one was odd, too, and its successor hid it.
                Ok(Some(leaders)) if !self.chain.follows(&leaders) => {
                    return Err(differs(odd.seq - 1, "was read here"));
                }
                Ok(Some(leaders)) if Some(chain::sum(&leaders.payload)) == next.before => {
                    tracing::warn!(
                        shard = self.shard.0,
                        seq = odd.seq,
                        "a copy of the log differs; the leader's is taken"
                    );
                    metrics::counter!("souk_journal_odd_copies_total").increment(1);
                    self.chain.mend(leaders);
                }
                // The leader's is odd, too. The record behind it names the one that was written on, so a third copy may
                // have it: a new consumer reads from any of them.
                Ok(Some(_)) if self.copies < COPIES_MAX => {
                    self.copies += 1;
                    self.next = odd.seq;
                    return Ok(false);
                }
                Ok(Some(_)) => return Err(differs(odd.seq, "the leader has")),
                Ok(None) | Err(_) => {
                    self.chain.mend(odd);
                    return Ok(false);
                }
            },
        }
        self.next = next.seq + 1;
        let followed = next.seq < self.settled;
        self.chain.take(next, followed);
        Ok(true)
    }

    /// The log's end, for the reader of a range: such a reader may wait for the leader.
    async fn end(&mut self) -> Result<Seq, JournalError> {
        const TRIES: u32 = 5;
        let mut tried = 0;
        loop {
            tried += 1;
            match self.journal.end_now(self.shard).await {
                Err(JournalError::Io(_)) if tried < TRIES => self.rest().await,
                known => return known,
            }
        }
    }

    async fn singly(&mut self) -> Result<(), JournalError> {
        const TRIES: u32 = 5;
        let mut tried = 0;
        loop {
            tried += 1;
            let found = match self.journal.message(self.shard, self.next).await {
                Ok(Some(message)) => self.accept(message).await,
                Ok(None) => Err(JournalError::Io(
                    format!("shard {}: record {} is not to be found", self.shard.0, self.next).into(),
                )),
                Err(error) => Err(error),
            };
            match found {
                Ok(true) => return Ok(()),
                Ok(false) | Err(JournalError::Io(_)) if tried < TRIES => self.rest().await,
                Ok(false) => return Err(JournalError::Io(format!("shard {}: no answer", self.shard.0).into())),
                Err(error) => return Err(error),
            }
        }
    }

    async fn rest(&mut self) {
        sleep(self.pause).await;
        self.pause = (self.pause * 2).min(PAUSE_MAX);
    }
}
