//! The registry of connectors: around each a budget of calls in flight, a time-out for each call and a circuit breaker,
//! so that one slow or broken party delays only its own callers.
//!
//! At the budget a call waits its turn, in order. The number of waiting calls is bounded by the pending effects, and
//! admission refuses outside work that would add to them ([`Entry::backed_up`]). A call that fails is repeated by
//! `actors/effects.rs`, which waits between two tries without holding a place. Deliberately absent: the meaning of a
//! call.

mod breaker;

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::Semaphore,
    time::{Instant, timeout},
};

use self::breaker::Breaker;
use super::ports::{Connector, ConnectorEntry, ConnectorFault};
use crate::domain::external::{AnyAnswer, AnyCall};

/// In the order of registration; the first connector of a name serves that name.
pub(super) struct Connectors(Vec<Entry>);

pub(super) struct Entry {
    connector: Arc<dyn Connector>,
    /// Effects pending at this connector: in flight, waiting for a place or for the next try.
    pending: Arc<AtomicUsize>,
    budget: Semaphore,
    in_flight_max: usize,
    timeout: Duration,
    breaker: Breaker,
}

/// Why a call returned no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NoAnswer {
    #[error("the circuit is open, the next probe is in {} ms", probe_in.as_millis())]
    CircuitOpen { probe_in: Duration },
    #[error(transparent)]
    Fault(#[from] ConnectorFault),
}

impl Connectors {
    pub(super) fn new(entries: Vec<ConnectorEntry>) -> Self {
        Self(entries.into_iter().map(Entry::new).collect())
    }

    pub(super) fn get(&self, name: &str) -> Option<&Entry> {
        self.0.iter().find(|entry| entry.connector.name() == name)
    }

    /// Effects pending at all connectors together.
    pub(super) fn pending(&self) -> usize {
        self.0.iter().map(|entry| entry.pending.load(Ordering::Acquire)).sum()
    }
}

impl Entry {
    fn new(entry: ConnectorEntry) -> Self {
        let ConnectorEntry { connector, settings } = entry;
        let in_flight_max = settings.in_flight_max.clamp(1, Semaphore::MAX_PERMITS);
        Self {
            breaker: Breaker::new(connector.name(), settings.breaker),
            connector,
            pending: Arc::default(),
            budget: Semaphore::new(in_flight_max),
            in_flight_max,
            timeout: settings.timeout,
        }
    }

    /// Counts the effects pending here; the holder of an effect increments it.
    pub(super) fn counter(&self) -> &Arc<AtomicUsize> {
        &self.pending
    }

    /// The budget is used up: no new work that needs this connector should begin.
    pub(super) fn backed_up(&self) -> bool {
        self.pending.load(Ordering::Acquire) >= self.in_flight_max
    }

    /// One try. A call dropped before its answer frees its place and does not count for the connector's health.
    pub(super) async fn call(&self, call: AnyCall) -> Result<AnyAnswer, NoAnswer> {
        let name = || self.connector.name().to_owned();
        let arrived = Instant::now();
        // The semaphore is never closed.
        let place = self.budget.acquire().await.ok();
        metrics::histogram!("souk_connector_wait_seconds", "connector" => name()).record(arrived.elapsed());
        let admitted = self.breaker.admit().map_err(|probe_in| NoAnswer::CircuitOpen { probe_in })?;
        let begun = Instant::now();
        let answer = timeout(self.timeout, self.connector.call(call)).await;
        let answer = answer.unwrap_or(Err(ConnectorFault::TimedOut));
        let doubt = admitted.settle(answer.as_ref().err().is_some_and(ConnectorFault::is_outage));
        metrics::histogram!("souk_connector_call_seconds", "connector" => name(), "outcome" => outcome(&answer))
            .record(begun.elapsed());
        if let Some(doubt) = doubt {
            drop(place);
            // Outside the budget, which the failing calls may have used up. One for each row of faults.
            let well = matches!(timeout(self.timeout, self.connector.ping()).await, Ok(Ok(())));
            doubt.confirm(well);
        }
        Ok(answer?)
    }
}

fn outcome(answer: &Result<AnyAnswer, ConnectorFault>) -> &'static str {
    match answer {
        Ok(_) => "answered",
        Err(ConnectorFault::TimedOut) => "timed_out",
        Err(ConnectorFault::Unavailable(_)) => "unavailable",
        Err(ConnectorFault::Invalid(_)) => "invalid",
    }
}

#[cfg(test)]
mod tests;
