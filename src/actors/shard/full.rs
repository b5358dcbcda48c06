//! A full journal: no claim can be written, so nothing can be decided. Commands are refused at once, with
//! the reason; reads go on from what is committed; the claim is tried until there is room again.

use std::sync::Arc;

use super::{Phase, ShardState};
use crate::{
    actors::{
        ports::{Ask, Envelope, Reply},
        reply::ReplyTo,
    },
    domain::model::Model,
};

impl ShardState {
    pub(super) fn full(&mut self, generation: u64, reason: Arc<str>) {
        if generation != self.generation {
            return;
        }
        let Phase::Opening { waiting, full } = &mut self.phase else { return };
        *full = Some(reason.clone());
        for (envelope, reply) in std::mem::take(waiting) {
            self.answer_while_full(&envelope, reply, reason.clone());
        }
    }

    pub(super) fn answer_while_full(&self, envelope: &Envelope, reply: ReplyTo, reason: Arc<str>) {
        match &envelope.ask {
            Ask::Command(_) | Ask::Wake => {
                reply.send(Reply::Unavailable { retry_after_ms: 5_000, reason, retry: false });
            }
            Ask::Read => self.read_committed(envelope, reply),
        }
    }

    /// The newest committed view. A failure drops the reply: the asker asks again, within its time.
    fn read_committed(&self, envelope: &Envelope, reply: ReplyTo) {
        let (args, key) = (self.args.clone(), envelope.key.clone());
        tokio::spawn(async move {
            let Ok(end) = args.journal.end(args.shard).await else { return };
            if args.tail.folded(end).await.is_err() {
                return;
            }
            match args.tail.peek(&key) {
                Ok(Some((version, view))) => reply.send(Reply::Done { version, changed: false, view }),
                Ok(None) => reply.send(Reply::Done { version: 0, changed: false, view: Model::new(key.kind).view() }),
                Err(error) => tracing::error!(shard = args.shard.0, %error, "a state cannot be read"),
            }
        });
    }
}
