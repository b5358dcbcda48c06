//! What is done outside of the entities when a person is forgotten: the connector that does it, the keys that it forgets,
//! and the outbox that is cleared of their mails on every node.

use std::{sync::Arc, time::Duration};

use futures::future::BoxFuture;

use crate::{
    actors::{
        ports::ConnectorEntry,
        settings::{BreakerSettings, ConnectorSettings},
    },
    connectors::mail::outbox::Outbox,
    domain::personal::Subject,
    persistence::vault::PersonKeys,
    shop::erasure::{Eraser, Forgets},
};

/// A person with thousands of orders takes so long.
const WITHIN: Duration = Duration::from_secs(120);
/// Erasures at once: they are rare, and nobody waits.
const AT_ONCE: usize = 4;

pub(in crate::app) fn eraser(eraser: &Eraser) -> ConnectorEntry {
    let breaker = BreakerSettings { failures: 20, rest: Duration::from_secs(10) };
    let settings = ConnectorSettings { in_flight_max: AT_ONCE, timeout: WITHIN, breaker };
    ConnectorEntry { connector: Arc::new(eraser.clone()), settings }
}

impl Forgets for PersonKeys {
    fn forget(&self, subject: Subject) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async move { PersonKeys::forget(self, subject).await.map_err(|error| error.to_string()) })
    }
}

/// For as long as the shop runs: at the start, and whenever somebody was forgotten on any node.
pub(in crate::app) async fn clear(outbox: Option<Outbox>, keys: Arc<PersonKeys>) {
    let Some(outbox) = outbox else { return };
    let mut changes = keys.changes();
    loop {
        let forgotten = keys.clone();
        if let Err(error) = outbox.forget(move |subject| forgotten.is_forgotten(subject)).await {
            tracing::warn!(%error, "the outbox may still have mails of persons who are forgotten");
        }
        if changes.changed().await.is_err() {
            return;
        }
    }
}
