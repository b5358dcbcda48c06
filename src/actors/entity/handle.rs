//! One command, from its arrival to the committer's queue.

use std::sync::{Arc, atomic::Ordering};

use ractor::ActorProcessingErr;

use super::{EntityMsg, EntityState};
use crate::{
    actors::{
        committer::Item,
        effects::PendingEffect,
        entity::ShardHost,
        ports::{
            Ask, CommandEnvelope, Reply, StoreError,
            journal::{BATCH_BYTES_MAX, Commit},
        },
        recent::{Recent, Remembered, UNKEYED},
        reply::ReplyTo,
    },
    domain::{
        entity::Work,
        kinds::{AnyCommand, AnyEvent, AnyState, AnyView},
        personal::sealing,
    },
};

/// Room is made by people, not in a moment.
const NO_ROOM_RETRY_MS: u64 = 5_000;

impl ShardHost {
    /// Waits until everything acknowledged is folded; `uncommitted`: something may still be on its way to the log.
    pub(in crate::actors) async fn caught_up(&self, uncommitted: bool) -> Result<(), ActorProcessingErr> {
        if uncommitted && !self.committer.barrier().await {
            return Err("the shard's generation ended".into());
        }
        Ok(self.tail.folded(self.committed.load(Ordering::Acquire)).await?)
    }
}

impl EntityState {
    /// Loads the newest durable state, including the commits that the previous activation handed over.
    pub(super) async fn load(&mut self) -> Result<(), ActorProcessingErr> {
        self.host.caught_up(self.after_crash).await?;
        let loaded = self.host.tail.load(&self.key)?;
        (self.version, self.recent, self.model) = (loaded.version, loaded.recent, loaded.model);
        self.slot.acked.store(self.version, Ordering::Release);
        // The stored state is durable, so its pending effects begin at once.
        self.newly_pending().into_iter().for_each(|step| self.host.effects.run(step));
        Ok(())
    }

    pub(super) async fn handle(&mut self, message: EntityMsg) -> Result<(), ActorProcessingErr> {
        let EntityMsg { envelope, reply } = message;
        self.step_came_back(envelope.origin.outcome_of());
        let command = match &envelope.ask {
            // The shard answers for its position; an entity has none.
            Ask::Read | Ask::Position(_) => return self.answer_unchanged(&envelope, reply),
            Ask::Wake => match AnyState::wake(self.key.kind) {
                Some(command) => return self.decide(&envelope, &command, reply),
                None => return self.answer_unchanged(&envelope, reply),
            },
            Ask::Command(command) => command,
        };
        if let Some(first) = self.recent.find(envelope.command_id) {
            return self.repeat(&envelope, first, reply).await;
        }
        match envelope.expected_version {
            Some(expected) if expected != self.version => {
                self.answer(Reply::VersionConflict { expected, actual: self.version }, reply)
            }
            _ => self.decide(&envelope, command, reply),
        }
    }

    fn decide(
        &mut self,
        envelope: &CommandEnvelope,
        command: &AnyCommand,
        reply: ReplyTo,
    ) -> Result<(), ActorProcessingErr> {
        self.host.probe.before_decide(&self.key, envelope.command_id);
        let now = self.host.clock.now();
        let events = match self.model.decide(command, now) {
            Ok(events) if events.is_empty() => {
                self.host.meter.accepted(self.key.kind, false);
                return self.answer_unchanged(envelope, reply);
            }
            Ok(events) => events,
            Err(rejection) => {
                self.host.meter.refused(self.key.kind);
                return self.answer(Reply::Refused { version: self.version, rejection }, reply);
            }
        };
        // Behind everything that writes nothing: a retry and a refusal are answered as ever.
        if let Some(reason) = self.no_room_for(envelope, command) {
            return self.answer(Reply::NoRoom { retry_after_ms: NO_ROOM_RETRY_MS, reason }, reply);
        }
        let subject = self.model.subject().or_else(|| events.iter().find_map(AnyEvent::subject));
        let events_json = sealing(self.host.journal.vault(), subject, || Commit::encode(&events))?;
        if events_json.len() > BATCH_BYTES_MAX / 2 {
            let (bytes, max) = (events_json.len(), BATCH_BYTES_MAX / 2);
            return self.answer(Reply::TooLarge { bytes, max }, reply);
        }
        self.host.meter.accepted(self.key.kind, true);
        events.iter().for_each(|event| self.model.apply(event));
        self.version += 1;
        if self.model.is_forgotten() {
            self.recent = Recent::default();
        }
        let keyed = envelope.fingerprint.is_some();
        let remembered = command.remembered(keyed) && matches!(envelope.ask, Ask::Command(_));
        let fingerprint = remembered.then(|| envelope.fingerprint.unwrap_or(UNKEYED));
        if let Some(fingerprint) = fingerprint {
            self.recent.push(Remembered { id: envelope.command_id, fingerprint, version: self.version });
        }
        let commit = Commit {
            key: self.key.clone(),
            version: self.version,
            command_id: envelope.command_id,
            fingerprint,
            by: envelope.by.clone(),
            at: now,
            events,
            events_json,
        };
        let answer = Reply::Done { version: self.version, changed: true, view: self.view_for(envelope) };
        let (pending, slot) = (self.newly_pending(), self.slot.clone());
        let item = Item::Commit { commit: Some(commit), version: self.version, answer, reply, pending, slot };
        self.host.committer.hand_over(item);
        Ok(())
    }

    /// Why this is not written: it begins something, and the journal's reserve is for what was accepted.
    fn no_room_for(&self, envelope: &CommandEnvelope, command: &AnyCommand) -> Option<Arc<str>> {
        match command.work() {
            Work::New if envelope.origin.is_client() => self.host.journal.tight(),
            Work::New | Work::Owed => None,
        }
    }

    /// A repeated command (G3): no second effect, and the first run's reply.
    async fn repeat(
        &mut self,
        envelope: &CommandEnvelope,
        first: Remembered,
        reply: ReplyTo,
    ) -> Result<(), ActorProcessingErr> {
        if envelope.fingerprint.is_some_and(|fingerprint| fingerprint != first.fingerprint) {
            return self.answer(Reply::IdConflict, reply);
        }
        if first.version == self.version {
            let view = self.view_for(envelope);
            return self.answer(Reply::Done { version: first.version, changed: false, view }, reply);
        }
        // The committer may still hold the first run; history has only folded commits.
        if self.slot.acked.load(Ordering::Acquire) < first.version && !self.host.committer.barrier().await {
            return Err("the shard's generation ended".into());
        }
        if envelope.omit_view {
            return self.answer(Reply::Done { version: first.version, changed: false, view: None }, reply);
        }
        // Everything up to that version is durable. A long history is folded outside the mailbox, where other commands
        // wait.
        let (host, key, end) = (self.host.clone(), self.key.clone(), self.host.committed.load(Ordering::Acquire));
        tokio::spawn(async move {
            let view = match host.tail.folded(end).await {
                Ok(()) => host.tail.view_at(&key, first.version).await,
                Err(error) => Err(StoreError(error.to_string().into())),
            };
            match view {
                Ok(view) => reply.send(Reply::Done { version: first.version, changed: false, view: Some(view) }),
                // No reply: the caller retries.
                Err(error) => tracing::error!(kind = key.kind.name(), %error, "a first answer cannot be read"),
            }
        });
        Ok(())
    }

    /// Making a view costs as much as a decision: skipped when no caller reads it.
    fn view_for(&self, envelope: &CommandEnvelope) -> Option<AnyView> {
        (!envelope.omit_view).then(|| self.model.view())
    }

    fn answer_unchanged(&mut self, envelope: &CommandEnvelope, reply: ReplyTo) -> Result<(), ActorProcessingErr> {
        let view = self.view_for(envelope);
        self.answer(Reply::Done { version: self.version, changed: false, view }, reply)
    }

    /// Replies at once if everything that the reply depends on is durable and the lease confirms the ownership; else
    /// through the committer.
    fn answer(&mut self, answer: Reply, reply: ReplyTo) -> Result<(), ActorProcessingErr> {
        let pending: Vec<PendingEffect> = self.newly_pending();
        if self.slot.acked.load(Ordering::Acquire) >= self.version && self.host.lease.fresh() {
            reply.send(answer);
            pending.into_iter().for_each(|step| self.host.effects.run(step));
        } else {
            self.host.committer.hand_over(Item::Answer { answer, reply, pending });
        }
        Ok(())
    }
}
