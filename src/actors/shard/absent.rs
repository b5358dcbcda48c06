//! A read of an entity without an actor: an entity that does not exist is answered for from the folded state, and no
//! actor is made. Else reads of random ids would fill the memory and push out the entities that are in use.
//!
//! The answer is as strong as an actor's: it waits as an activation does, for everything acknowledged before the read,
//! and leaves under the same lease, so that in a cluster only the owner denies an entity.

use std::sync::Arc;

use ractor::ActorRef;

use super::{Phase, ShardMsg, ShardState};
use crate::{
    actors::{
        committer::Item,
        entity::ShardHost,
        ports::{CommandEnvelope, Reply},
        reply::ReplyTo,
    },
    domain::{key::EntityKey, kinds::AnyState},
};

impl ShardState {
    /// Outside the shard's mailbox, which never waits for the tail or a disk; bounded by the permit that the reply
    /// holds. An entity that exists comes back as [`ShardMsg::Exists`].
    pub(super) fn look_for(&mut self, myself: &ActorRef<ShardMsg>, envelope: Arc<CommandEnvelope>, reply: ReplyTo) {
        let uncommitted = self.retired.uncommitted(&envelope.key);
        let Phase::Serving { host, .. } = &self.phase else { return };
        let (host, myself) = (host.clone(), myself.clone());
        tokio::spawn(async move {
            // A reply that is dropped is sent again by the gateway.
            match host.exists(&envelope.key, uncommitted).await {
                Some(true) => drop(myself.send_message(ShardMsg::Exists { envelope, reply })),
                Some(false) => host.deny(&envelope, reply),
                None => {}
            }
        });
    }
}

impl ShardHost {
    /// `None`: not to be found out now.
    async fn exists(&self, key: &EntityKey, uncommitted: bool) -> Option<bool> {
        self.caught_up(uncommitted).await.ok()?;
        match self.tail.exists(key) {
            Ok(exists) => Some(exists),
            Err(error) => {
                tracing::error!(kind = key.kind.name(), %error, "a state cannot be read");
                None
            }
        }
    }

    fn deny(&self, envelope: &CommandEnvelope, reply: ReplyTo) {
        let view = (!envelope.omit_view).then(|| AnyState::new(envelope.key.kind).view());
        let answer = Reply::Done { version: 0, changed: false, view };
        match self.lease.fresh() {
            true => reply.send(answer),
            false => self.committer.hand_over(Item::Answer { answer, reply, pending: Vec::new() }),
        }
    }
}
