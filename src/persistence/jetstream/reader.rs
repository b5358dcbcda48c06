//! History, then live, through any loss of servers: an ephemeral pull consumer that is made anew, from the
//! next record on, whenever it ends, errs, falls silent or skips.
//!
//! What a consumer delivers twice is dropped; what it leaves out is asked for again, and only if the
//! stream's leader itself does not have it either is it a gap (`Corrupt`). A consumer reads one copy of the stream, and
//! copies may differ: see `chain`.

use std::{sync::Arc, time::Duration};

use async_nats::jetstream::{
    self,
    consumer::{AckPolicy, DeliverPolicy, PullConsumer, ReplayPolicy, pull},
};
use futures::{StreamExt, stream};
use tokio::time::{Instant, sleep};

use super::{
    JetStreamJournal,
    chain::{self, BEFORE, Chain, Fit, Message, parsed},
    write::decode,
};
use crate::actors::ports::journal::{JournalError, Record, Records, Seq, Shard};

/// Records fetched one by one rather than by a consumer.
const SINGLY_MAX: Seq = 16;
/// Messages asked for at a time.
const BATCH: usize = 500;
/// A server that has nothing to send says so this often; twice without is a loss.
const HEARTBEAT: Duration = Duration::from_millis(500);
const EXPIRES: Duration = Duration::from_secs(20);
/// A consumer that nobody asks any more is dropped by its server.
const INACTIVE: Duration = Duration::from_secs(30);
/// A leader that was just elected may not know the whole of its log for a moment.
const SHORT_MAX: Duration = Duration::from_secs(10);
const PAUSE_MIN: Duration = Duration::from_millis(50);
const PAUSE_MAX: Duration = Duration::from_secs(1);

struct Reader {
    journal: JetStreamJournal,
    shard: Shard,
    next: Seq,
    to: Option<Seq>,
    /// `to` is not beyond the end.
    bounded: bool,
    messages: Option<pull::Stream>,
    pause: Duration,
    failed: bool,
    /// The newest record that was handed out.
    read: Seq,
    /// Since when the log seems to end before that.
    short_since: Option<Instant>,
    /// That the log is gone was said.
    told: bool,
    chain: Chain,
    /// Every record before this one has a successor.
    settled: Seq,
}

pub(super) fn records(journal: JetStreamJournal, shard: Shard, from: Seq, to: Option<Seq>) -> Records {
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
        chain: Chain::default(),
        settled: 0,
    };
    stream::unfold(reader, |mut reader| async {
        let record = reader.next().await.transpose()?;
        // Damage ends the stream: nothing behind it is to be trusted.
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
        loop {
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
        let record = decode(self.shard, message.seq, &message.payload)?;
        self.read = message.seq;
        self.pause = PAUSE_MIN;
        Ok(Arc::new(record))
    }

    /// Takes the next message if it was written on what came before it; `false`: it must be asked for again.
    async fn accept(&mut self, next: Message) -> Result<bool, JournalError> {
        let differs = |seq, whose: &str| {
            let problem = format!(
                "the servers' copies of the log differ: the record behind it was written on another one than {whose}; \
                 docs/operations-cluster.md says what to do"
            );
            JournalError::Corrupt { shard: self.shard, seq, problem: problem.into() }
        };
        match self.chain.fit(&next) {
            Fit::Fits => {}
            Fit::ShownDiffers => return Err(differs(next.seq - 1, "was read here")),
            Fit::HeldDiffers(odd) => match self.journal.message(self.shard, odd.seq).await {
                Ok(Some(leaders)) if Some(chain::sum(&leaders.payload)) == next.before => {
                    tracing::warn!(
                        shard = self.shard.0,
                        seq = odd.seq,
                        "a copy of the log differs; the leader's is taken"
                    );
                    metrics::counter!("souk_journal_odd_copies_total").increment(1);
                    self.chain.mend(leaders);
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

    /// The end for a range, which has an end itself: its reader may wait.
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

    /// Takes the next message; `false` when the consumer is lost and another must be made, after a rest.
    async fn receive(&mut self) -> Result<bool, JournalError> {
        if self.messages.is_none() && self.shorter().await? {
            return Ok(false);
        }
        let messages = match &mut self.messages {
            Some(messages) => messages,
            None => match self.consume().await {
                Ok(messages) => self.messages.insert(messages),
                Err(error) => {
                    tracing::debug!(shard = self.shard.0, %error, "a reader has no consumer");
                    self.refused().await?;
                    return Ok(false);
                }
            },
        };
        while let Some(message) = messages.next().await {
            let message = match message {
                Ok(message) => message,
                Err(error) => {
                    tracing::debug!(shard = self.shard.0, %error, "a reader lost its consumer");
                    break;
                }
            };
            let Ok(seq) = message.info().map(|info| info.stream_sequence) else { break };
            if seq < self.next {
                continue;
            }
            if seq > self.next {
                tracing::debug!(shard = self.shard.0, seq, next = self.next, "a reader's consumer skipped");
                // Only the leader's word makes it a gap: a lost delivery is asked for again.
                let leader = &self.journal.0.api;
                let found = leader.get(&self.journal.0.options.stream(self.shard), self.next).await;
                if matches!(found, Ok(None)) {
                    let problem = format!("record {seq} follows, and {} is not there", self.next).into();
                    return Err(JournalError::Corrupt { shard: self.shard, seq: self.next, problem });
                }
                break;
            }
            let before = message.headers.as_ref().and_then(|headers| parsed(headers.get(BEFORE)?.as_str()));
            let next = Message { seq, payload: message.payload.clone(), before };
            if self.accept(next).await? {
                return Ok(true);
            }
            break;
        }
        self.messages = None;
        Ok(false)
    }

    async fn consume(&self) -> Result<pull::Stream, Box<dyn std::error::Error + Send + Sync>> {
        let inner = &self.journal.0;
        let context = jetstream::ContextBuilder::new().timeout(inner.api.timeout).build(inner.api.client.clone());
        let config = pull::Config {
            deliver_policy: DeliverPolicy::ByStartSequence { start_sequence: self.next },
            ack_policy: AckPolicy::None,
            replay_policy: ReplayPolicy::Instant,
            inactive_threshold: INACTIVE,
            num_replicas: 1,
            memory_storage: true,
            ..pull::Config::default()
        };
        let consumer: PullConsumer =
            context.create_consumer_on_stream(config, inner.options.stream(self.shard)).await?;
        let messages = consumer.stream().max_messages_per_batch(BATCH).heartbeat(HEARTBEAT).expires(EXPIRES).messages();
        Ok(messages.await?)
    }

    /// A log that ends before what was read of it has lost records, and what comes next is not what was to come.
    async fn shorter(&mut self) -> Result<bool, JournalError> {
        match self.journal.end_now(self.shard).await {
            Ok(end) if end < self.read => {
                if self.short_since.get_or_insert_with(Instant::now).elapsed() < SHORT_MAX {
                    return Ok(true);
                }
                let problem = format!("it was read up to {}, and the log ends at {end}: records were lost", self.read);
                Err(JournalError::Corrupt { shard: self.shard, seq: end + 1, problem: problem.into() })
            }
            Ok(end) => {
                self.short_since = None;
                if self.to.is_none() {
                    self.settled = end;
                }
                Ok(false)
            }
            // The consumer says more.
            Err(_) => Ok(false),
        }
    }

    /// A log that is gone: a range's reader ends with that, who follows the log says it once and goes on trying, since
    /// servers that start together may not know all their streams at first.
    async fn refused(&mut self) -> Result<(), JournalError> {
        let Err(JournalError::Refused(why)) = self.journal.end_now(self.shard).await else { return Ok(()) };
        if self.to.is_some() {
            return Err(JournalError::Refused(why));
        }
        if !std::mem::replace(&mut self.told, true) {
            tracing::error!(shard = self.shard.0, %why, "a log cannot be read; tried again until it is back");
        }
        Ok(())
    }

    async fn rest(&mut self) {
        sleep(self.pause).await;
        self.pause = (self.pause * 2).min(PAUSE_MAX);
    }
}
