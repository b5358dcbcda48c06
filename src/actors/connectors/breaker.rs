//! A circuit breaker: after some faults in a row calls are refused at once, until a single probe after a while
//! succeeds. It spares a failing party and frees the places that would wait for it; the caller's effect stays pending,
//! so nothing is lost. A refusal by the other party is an answer, not a fault.
//!
//! Faults alone never open the circuit: what fails may be in the calls, and whoever can make a call fail (a card whose
//! bank is silent) would close the shop for every buyer. They raise a [`Doubt`], which the registry settles by asking the
//! party itself.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use crate::actors::settings::BreakerSettings;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Circuit {
    Closed {
        faults: u32,
    },
    Open {
        until: Instant,
    },
    /// One call is in flight and decides.
    Probing,
}

pub(super) struct Breaker {
    /// The connector's name, for logs and metrics.
    connector: String,
    settings: BreakerSettings,
    /// Held for one transition and never across an await.
    circuit: Mutex<Circuit>,
}

/// The outcome of one admitted call.
#[derive(Clone, Copy, PartialEq)]
enum Verdict {
    Answered,
    Fault,
    /// The caller dropped the call: no evidence about the connector.
    Dropped,
}

impl Breaker {
    pub(super) fn new(connector: &str, settings: BreakerSettings) -> Self {
        let breaker =
            Self { connector: connector.to_owned(), settings, circuit: Mutex::new(Circuit::Closed { faults: 0 }) };
        // Published from the start: an alert needs a 0 to compare with.
        breaker.show(false);
        breaker
    }

    /// Admits one call, or returns the time until the next probe.
    pub(super) fn admit(&self) -> Result<Admitted<'_>, Duration> {
        let now = Instant::now();
        let probe = self.step(|circuit| match *circuit {
            Circuit::Closed { .. } => Ok(false),
            Circuit::Open { until } if now < until => Err(until - now),
            Circuit::Open { .. } => {
                *circuit = Circuit::Probing;
                Ok(true)
            }
            Circuit::Probing => Err(Duration::ZERO),
        });
        match probe {
            Ok(probe) => Ok(Admitted { breaker: self, probe, settled: false }),
            Err(wait) => {
                let connector = self.connector.clone();
                metrics::counter!("souk_connector_breaker_refused_total", "connector" => connector).increment(1);
                Err(wait)
            }
        }
    }

    /// Whether the party must be asked.
    fn settle(&self, probe: bool, verdict: Verdict) -> bool {
        let (doubtful, before, after) = self.step(|circuit| {
            let before = *circuit;
            let (after, doubtful) = match (before, verdict) {
                (Circuit::Closed { .. }, Verdict::Answered) => (Circuit::Closed { faults: 0 }, false),
                (Circuit::Closed { faults }, Verdict::Fault) if faults + 1 < self.settings.failures => {
                    (Circuit::Closed { faults: faults + 1 }, false)
                }
                // Counted anew, so that a burst of faults asks once for each `failures` of them.
                (Circuit::Closed { .. }, Verdict::Fault) => (Circuit::Closed { faults: 0 }, true),
                // Only the probe closes the circuit: calls from before its opening are no new evidence.
                (Circuit::Probing, Verdict::Answered) if probe => (Circuit::Closed { faults: 0 }, false),
                (Circuit::Probing, Verdict::Fault) if probe => (Circuit::Probing, true),
                // The next call is the probe; else the circuit would stay half open for ever.
                (Circuit::Probing, Verdict::Dropped) if probe => (Circuit::Open { until: Instant::now() }, false),
                (
                    unchanged @ (Circuit::Closed { .. } | Circuit::Open { .. } | Circuit::Probing),
                    Verdict::Answered | Verdict::Fault | Verdict::Dropped,
                ) => (unchanged, false),
            };
            *circuit = after;
            (doubtful, before, after)
        });
        self.tell(before, after);
        doubtful
    }

    fn confirm(&self, probe: bool, well: bool) {
        let open = Circuit::Open { until: Instant::now() + self.settings.rest };
        let (before, after) = self.step(|circuit| {
            let before = *circuit;
            *circuit = match before {
                Circuit::Closed { .. } if !well => open,
                Circuit::Probing if probe && well => Circuit::Closed { faults: 0 },
                Circuit::Probing if probe => open,
                unchanged @ (Circuit::Closed { .. } | Circuit::Open { .. } | Circuit::Probing) => unchanged,
            };
            (before, *circuit)
        });
        self.tell(before, after);
    }

    fn tell(&self, before: Circuit, after: Circuit) {
        let connector = self.connector.as_str();
        let (was_closed, is_closed) =
            (matches!(before, Circuit::Closed { .. }), matches!(after, Circuit::Closed { .. }));
        if was_closed && !is_closed {
            let (failures, rest_ms) = (self.settings.failures, self.settings.rest.as_millis());
            tracing::warn!(connector, failures, rest_ms, "the connector fails: only a probe at a time goes through");
            self.show(true);
        } else if is_closed && !was_closed {
            tracing::info!(connector, "the connector is well again");
            self.show(false);
        }
    }

    fn show(&self, open: bool) {
        metrics::gauge!("souk_connector_breaker_open", "connector" => self.connector.clone())
            .set(f64::from(u8::from(open)));
    }

    fn step<T>(&self, step: impl FnOnce(&mut Circuit) -> T) -> T {
        // A transition is one assignment, so a poisoned lock holds a whole state.
        step(&mut self.circuit.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// One admitted call. Its time-out is a fault that the registry reports; a drop is not, because the node abandoned the
/// call (a shard moved away) and the connector did not hang.
pub(super) struct Admitted<'a> {
    breaker: &'a Breaker,
    probe: bool,
    settled: bool,
}

impl<'a> Admitted<'a> {
    /// The doubt that this call raised about the party, if any.
    pub(super) fn settle(mut self, fault: bool) -> Option<Doubt<'a>> {
        self.settled = true;
        let verdict = if fault { Verdict::Fault } else { Verdict::Answered };
        let doubtful = self.breaker.settle(self.probe, verdict);
        doubtful.then_some(Doubt { breaker: self.breaker, probe: self.probe, settled: false })
    }
}

/// The party is asked whether it is well. Dropped before its answer, a probe's doubt is followed by another probe.
pub(super) struct Doubt<'a> {
    breaker: &'a Breaker,
    probe: bool,
    settled: bool,
}

impl Doubt<'_> {
    pub(super) fn confirm(mut self, well: bool) {
        self.settled = true;
        self.breaker.confirm(self.probe, well);
    }
}

impl Drop for Doubt<'_> {
    fn drop(&mut self) {
        if !self.settled {
            self.breaker.settle(self.probe, Verdict::Dropped);
        }
    }
}

impl Drop for Admitted<'_> {
    fn drop(&mut self) {
        if !self.settled {
            self.breaker.settle(self.probe, Verdict::Dropped);
        }
    }
}

#[cfg(test)]
mod tests;
