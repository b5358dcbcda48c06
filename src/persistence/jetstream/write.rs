//! Claim, append, release: one message each, stored only if the log ends where its writer expects.

use std::sync::Arc;

use super::{
    JetStreamJournal, Writer,
    api::{ApiError, NotStored, STREAM_NOT_FOUND},
    chain::{self, Message},
};
use crate::{
    actors::ports::journal::{
        AppendError, Batch, Claim, Entry, Journal, JournalError, NodeId, Record, RecordName, Seq, Shard,
    },
    domain::personal::opening,
    persistence::envelope,
};

impl JetStreamJournal {
    pub(super) async fn claim_now(&self, shard: Shard, node: NodeId) -> Result<Claim, JournalError> {
        let end = self.end_now(shard).await?;
        let (epoch, before) = match end {
            0 => (0, None),
            _ => self.record(shard, end).await.map(|(record, sum)| (record.epoch, Some(sum)))?,
        };
        let claim = Claim { shard, node, epoch: epoch + 1, seq: end + 1 };
        match self.publish(&claim, end, before, Entry::Claimed).await {
            Ok((seq, sum)) => {
                self.writes(shard, Writer { epoch: claim.epoch, end: seq, sum });
                Ok(claim)
            }
            Err(NotStored::WrongEnd) => Err(JournalError::LostRace),
            Err(NotStored::Full(why)) => Err(JournalError::Full(why)),
            Err(NotStored::Refused(why)) => Err(JournalError::Refused(why)),
            // Stored or not: this node claims an unserved shard again, or another node does when this one is gone.
            Err(NotStored::Nobody(why) | NotStored::Unknown(why)) => Err(JournalError::Io(why)),
        }
    }

    pub(super) async fn append_now(&self, claim: Claim, after: Seq, batch: Arc<Batch>) -> Result<Seq, AppendError> {
        envelope::check_size(&batch)?;
        self.write(&claim, after, Entry::Batch(Arc::unwrap_or_clone(batch))).await
    }

    pub(super) async fn release_now(&self, claim: Claim, after: Seq) -> Result<Seq, AppendError> {
        let released = self.write(&claim, after, Entry::Released).await;
        if released.is_ok() {
            // Every later write must claim first.
            self.writers().retain(|shard, writer| *shard != claim.shard || writer.epoch > claim.epoch);
        }
        released
    }

    /// The stream knows its end and not its owner: the end proves that this claim is the newest. A later claim moves
    /// the end beyond the record that any append of this claim follows.
    async fn write(&self, claim: &Claim, after: Seq, entry: Entry) -> Result<Seq, AppendError> {
        if claim.shard.0 >= self.0.shards {
            return Err(AppendError::Io("no such shard".into()));
        }
        let known = self.writers().get(&claim.shard).copied();
        let ours = match known {
            Some(writer) => Some(writer),
            None => self.learn(claim).await.map_err(|error| match error {
                JournalError::Refused(why) => AppendError::Refused(why),
                JournalError::LostRace | JournalError::Io(_) | JournalError::Corrupt { .. } | JournalError::Full(_) => {
                    AppendError::Io(error.to_string().into())
                }
            })?,
        };
        let Some(ours) = ours.filter(|ours| (ours.epoch, ours.end) == (claim.epoch, after)) else {
            return Err(AppendError::Fenced);
        };
        match self.publish(claim, after, Some(ours.sum), entry).await {
            Ok((seq, sum)) => {
                self.moved(claim.shard, claim.epoch, seq, sum);
                Ok(seq)
            }
            Err(NotStored::WrongEnd) => Err(AppendError::Fenced),
            Err(NotStored::Full(why)) => Err(AppendError::Full(why)),
            Err(NotStored::Refused(why)) => Err(AppendError::Refused(why)),
            Err(NotStored::Nobody(why) | NotStored::Unknown(why)) => Err(AppendError::Ambiguous(why)),
        }
    }

    /// A claim from before this process's start: still valid if the newest record has its epoch.
    async fn learn(&self, claim: &Claim) -> Result<Option<Writer>, JournalError> {
        let end = self.end_now(claim.shard).await?;
        if end == 0 {
            return Ok(None);
        }
        let (last, sum) = self.record(claim.shard, end).await?;
        let ours = (last.epoch, &last.node) == (claim.epoch, &claim.node) && last.entry != Entry::Released;
        let writer = ours.then_some(Writer { epoch: claim.epoch, end, sum });
        if let Some(writer) = writer {
            self.writes(claim.shard, writer);
        }
        Ok(writer)
    }

    /// Replies to two claims may arrive in another order than the claims in the log: the newer claim counts.
    fn writes(&self, shard: Shard, newer: Writer) {
        let mut writers = self.writers();
        let known = writers.entry(shard).or_insert(newer);
        if (known.epoch, known.end) < (newer.epoch, newer.end) {
            *known = newer;
        }
    }

    pub(super) fn moved(&self, shard: Shard, epoch: u64, end: Seq, sum: u32) {
        if let Some(writer) =
            self.writers().get_mut(&shard).filter(|writer| (writer.epoch, true) == (epoch, writer.end < end))
        {
            (writer.end, writer.sum) = (end, sum);
        }
    }

    /// `before`: the sum of the message at `after`. Returns the place and the sum of the new message.
    pub(super) async fn publish(
        &self,
        claim: &Claim,
        after: Seq,
        before: Option<u32>,
        entry: Entry,
    ) -> Result<(Seq, u32), NotStored> {
        let (epoch, node) = (claim.epoch, claim.node.clone());
        let record = Record { shard: claim.shard, seq: after + 1, epoch, node, entry, name: None };
        let bytes = envelope::encode(&record).map_err(|error| NotStored::Refused(error.to_string().into()))?;
        let (sum, started) = (chain::sum(&bytes), std::time::Instant::now());
        let stored = self.0.api.publish(self.0.options.subject(claim.shard), after, before, bytes.into()).await;
        metrics::histogram!("souk_journal_append_seconds").record(started.elapsed().as_secs_f64());
        match stored.map(|seq| (seq, sum)) {
            // No leader yet, or no stream any more: only the second case is final.
            Err(NotStored::Nobody(why)) => match self.end_now(claim.shard).await {
                Err(JournalError::Refused(why)) => Err(NotStored::Refused(why)),
                Ok(_) | Err(_) => Err(NotStored::Nobody(why)),
            },
            known => known,
        }
    }

    pub(super) async fn end_now(&self, shard: Shard) -> Result<Seq, JournalError> {
        if shard.0 >= self.0.shards {
            return Err(JournalError::Io("no such shard".into()));
        }
        let info = self.0.api.info(&self.0.options.stream(shard)).await;
        info.map(|info| info.state.last_seq).map_err(|error| self.failed(shard, error))
    }

    /// The stream leader's copy of one record, and its sum.
    pub(super) async fn record(&self, shard: Shard, seq: Seq) -> Result<(Record, u32), JournalError> {
        match self.find(shard, seq).await? {
            Some(found) => Ok(found),
            None => Err(JournalError::Io(format!("shard {}: record {seq} is not to be found", shard.0).into())),
        }
    }

    pub(super) async fn find(&self, shard: Shard, seq: Seq) -> Result<Option<(Record, u32)>, JournalError> {
        let found = self.message(shard, seq).await?;
        let decoded = |message: &Message| opening(self.vault(), || decode(shard, seq, &message.payload));
        found.map(|message| Ok((decoded(&message)?, chain::sum(&message.payload)))).transpose()
    }

    pub(super) async fn message(&self, shard: Shard, seq: Seq) -> Result<Option<Message>, JournalError> {
        let found = self.0.api.get(&self.0.options.stream(shard), seq).await;
        found.map_err(|error| self.failed(shard, error))
    }

    pub(super) async fn name_now(&self, shard: Shard, seq: Seq) -> Result<Option<RecordName>, JournalError> {
        Ok(self.message(shard, seq).await?.map(|message| RecordName(chain::sum(&message.payload))))
    }

    /// The error of a request without a reply, or with an error as reply.
    pub(super) fn failed(&self, shard: Shard, error: ApiError) -> JournalError {
        match error {
            ApiError::Server(error) if error.err_code == STREAM_NOT_FOUND => JournalError::Refused(
                format!(
                    "stream {} is not there ({error}): it was deleted, or these are not the servers of this shop; \
                     restore it from NATS' backup, or the shop from its newest export",
                    self.0.options.stream(shard)
                )
                .into(),
            ),
            ApiError::Server(_) | ApiError::Refused(_) | ApiError::Unknown(_) => {
                JournalError::Io(error.to_string().into())
            }
        }
    }
}

/// A message that is no record of this place is damage, regardless of its writer.
pub(super) fn decode(shard: Shard, seq: Seq, bytes: &[u8]) -> Result<Record, JournalError> {
    let corrupt = |problem: String| JournalError::Corrupt { shard, seq, problem: problem.into() };
    let record = envelope::decode(bytes).map_err(|error| corrupt(error.to_string()))?;
    match (record.shard, record.seq) == (shard, seq) {
        true => Ok(Record { name: Some(RecordName(chain::sum(bytes))), ..record }),
        false => Err(corrupt(format!("it says shard {} record {}", record.shard.0, record.seq))),
    }
}
