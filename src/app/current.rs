//! A new subscriber's first view: this node's folded state, read without waking an entity.

use std::time::Duration;

use futures::future::BoxFuture;

use crate::{
    actors::gateway::Gateway,
    domain::key::EntityKey,
    live::{Committed, Current, Target, Topic},
};

pub(super) struct Folded {
    pub(super) gateway: Gateway,
    /// Entities of one snapshot, at most.
    pub(super) max: usize,
}

/// The tail is milliseconds behind; a subscriber does not wait longer for a tail that is stuck.
const CATCH_UP_MAX: Duration = Duration::from_secs(1);

/// A build of some hundred thousand orders; whoever subscribes in the first moments of a new version waits for it.
const BUILD_MAX: Duration = Duration::from_secs(10);

impl Current for Folded {
    fn current(&self, topic: &Topic) -> Vec<Committed> {
        match topic.target() {
            Target::One { key, .. } => Committed::read_local(&self.gateway, key.clone()).into_iter().collect(),
            Target::Many(family) => family.snapshot(&self.gateway, self.max),
        }
    }

    fn await_folded(&self, key: &EntityKey) -> BoxFuture<'_, ()> {
        let key = key.clone();
        Box::pin(async move {
            let _ = self.gateway.await_folded(&key, CATCH_UP_MAX).await;
        })
    }

    fn await_projection(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            // In time or not, the view is read afterwards.
            let _ = self.gateway.await_projection(CATCH_UP_MAX).await;
        })
    }

    fn await_lists(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            // A list that is not built by then is logged by its reader and missing in the snapshot.
            let _ = self.gateway.await_built(BUILD_MAX).await;
        })
    }
}
