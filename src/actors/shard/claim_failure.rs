//! While no claim succeeds (a full disk, an unreachable journal) nothing can be decided: commands are refused at once
//! with the reason (G7), and the claim is retried. If the journal only lacks room, no other process can have written
//! either, so reads continue from the committed state.

use std::sync::Arc;

use super::{Phase, ShardState};
use crate::{
    actors::{
        ports::{
            Ask, CommandEnvelope, Reply,
            journal::{AppendError, JournalError},
        },
        reply::ReplyTo,
    },
    domain::kinds::AnyState,
};

#[derive(Clone, Debug)]
pub(in crate::actors) struct ClaimFailure {
    reason: Arc<str>,
    /// Only room is missing: the committed state can still be read.
    full: bool,
}

impl ClaimFailure {
    pub(super) fn of_claim(error: &JournalError) -> Self {
        Self { reason: error.to_string().into(), full: matches!(error, JournalError::Full(_)) }
    }

    /// A failed append already shows that the journal is full, or refuses, before the next claim is tried.
    pub(super) fn of_append(error: &AppendError) -> Option<Self> {
        match error {
            AppendError::Full(_) => Some(Self { reason: error.to_string().into(), full: true }),
            AppendError::Refused(_) => Some(Self { reason: error.to_string().into(), full: false }),
            AppendError::Fenced | AppendError::Ambiguous(_) | AppendError::Io(_) => None,
        }
    }
}

impl ShardState {
    pub(super) fn trouble(&mut self, generation: u64, now: ClaimFailure) {
        if generation != self.generation {
            return;
        }
        let Phase::Opening { waiting, trouble } = &mut self.phase else { return };
        *trouble = Some(now.clone());
        for (envelope, reply) in std::mem::take(waiting) {
            self.answer_in_trouble(&envelope, reply, &now);
        }
    }

    pub(super) fn answer_in_trouble(&self, envelope: &CommandEnvelope, reply: ReplyTo, trouble: &ClaimFailure) {
        // In a cluster another node may have written meanwhile.
        if trouble.full && self.args.settings.lease.is_none() && matches!(envelope.ask, Ask::Read) {
            return self.read_committed(envelope, reply);
        }
        let reason = trouble.reason.clone();
        // In a cluster another node may have the shard soon.
        let retry = self.args.settings.lease.is_some();
        reply.send(Reply::Unavailable { retry_after_ms: 5_000, reason, retry });
    }

    /// The newest committed view. A failure drops the reply: the caller retries within its time.
    fn read_committed(&self, envelope: &CommandEnvelope, reply: ReplyTo) {
        let (args, key) = (self.args.clone(), envelope.key.clone());
        tokio::spawn(async move {
            let Ok(end) = args.journal.end(args.shard).await else { return };
            if args.tail.folded(end).await.is_err() {
                return;
            }
            match args.tail.read_local(&key) {
                Ok(Some((version, view))) => reply.send(Reply::Done { version, changed: false, view: Some(view) }),
                Ok(None) => {
                    reply.send(Reply::Done { version: 0, changed: false, view: Some(AnyState::new(key.kind).view()) })
                }
                Err(error) => tracing::error!(shard = args.shard.0, %error, "a state cannot be read"),
            }
        });
    }
}
