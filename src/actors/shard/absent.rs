//! A request to an entity without an actor, of which there may be nothing: it is answered from the folded state, and no
//! actor is made for it. Else reads of random ids, and the emptying of carts that nobody filled, would fill the memory
//! and push out the entities that are in use.
//!
//! The answer is as strong as an actor's: it waits as an activation does, for everything acknowledged before the
//! request, and leaves under the same lease, so that in a cluster only the owner denies an entity.

use std::sync::Arc;

use ractor::ActorRef;

use super::{Phase, ShardMsg, ShardState};
use crate::{
    actors::{
        committer::Item,
        entity::ShardHost,
        ports::{Ask, CommandEnvelope, Reply},
        reply::ReplyTo,
    },
    domain::{
        key::EntityKey,
        kinds::{AnyCommand, AnyRejection, AnyState},
    },
};

/// Whether the request may need no actor where its entity is absent: a read, and a client's command to a kind whose
/// entities come and go. Of any other kind the first command nearly always makes something, and would be decided twice.
pub(super) fn may_need_no_actor(envelope: &CommandEnvelope) -> bool {
    match envelope.ask {
        Ask::Read => true,
        Ask::Command(_) => envelope.origin.is_client() && AnyState::new(envelope.key.kind).is_forgotten(),
        Ask::Wake | Ask::Position(_) => false,
    }
}

impl ShardState {
    /// Outside the shard's mailbox, which never waits for the tail or a disk; bounded by the permit that the reply
    /// holds. What needs an actor comes back as [`ShardMsg::NeedsActor`].
    pub(super) fn look_for(&mut self, myself: &ActorRef<ShardMsg>, envelope: Arc<CommandEnvelope>, reply: ReplyTo) {
        let uncommitted = self.retired.uncommitted(&envelope.key);
        let Phase::Serving { host, .. } = &self.phase else { return };
        let (host, myself) = (host.clone(), myself.clone());
        tokio::spawn(async move {
            // A reply that is dropped is sent again by the gateway.
            let Some(absent) = host.absent(&envelope.key, uncommitted).await else { return };
            match absent.and_then(|version| host.without_an_actor(&envelope, version)) {
                Some(answer) => host.deny(answer, reply),
                None => drop(myself.send_message(ShardMsg::NeedsActor { envelope, reply })),
            }
        });
    }
}

impl ShardHost {
    /// The version of an entity of which there is nothing; inside, `None`: there is something. Outside: it is not to be
    /// found out now.
    async fn absent(&self, key: &EntityKey, uncommitted: bool) -> Option<Option<u64>> {
        self.caught_up(uncommitted).await.ok()?;
        match self.tail.absent(key) {
            Ok(absent) => Some(absent),
            Err(error) => {
                tracing::error!(kind = key.kind.name(), %error, "a state cannot be read");
                None
            }
        }
    }

    /// `None`: the request makes something.
    fn without_an_actor(&self, envelope: &CommandEnvelope, version: u64) -> Option<Reply> {
        let nothing = AnyState::new(envelope.key.kind);
        let done = || {
            let view = (!envelope.omit_view).then(|| nothing.view());
            Some(Reply::Done { version, changed: false, view })
        };
        match (&envelope.ask, envelope.expected_version) {
            (Ask::Command(_), Some(expected)) if expected != version => {
                Some(Reply::VersionConflict { expected, actual: version })
            }
            (Ask::Command(command), _) => match self.decided(&nothing, command) {
                Ok(false) => done(),
                Ok(true) => None,
                Err(rejection) => Some(Reply::Refused { version, rejection }),
            },
            (Ask::Read | Ask::Wake | Ask::Position(_), _) => done(),
        }
    }

    /// Whether the command changes something.
    fn decided(&self, nothing: &AnyState, command: &AnyCommand) -> Result<bool, AnyRejection> {
        let decided = nothing.decide(command, self.clock.now());
        match &decided {
            Ok(events) if events.is_empty() => self.meter.accepted(nothing.kind(), false),
            Ok(_) => {}
            Err(_) => self.meter.refused(nothing.kind()),
        }
        decided.map(|events| !events.is_empty())
    }

    fn deny(&self, answer: Reply, reply: ReplyTo) {
        match self.lease.fresh() {
            true => reply.send(answer),
            false => self.committer.hand_over(Item::Answer { answer, reply, pending: Vec::new() }),
        }
    }
}
