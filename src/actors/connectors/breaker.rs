//! A circuit breaker: after some faults in a row calls are refused at once, until a single probe after a while
//! succeeds. It spares a failing party and frees the places that would wait for it; the caller's effect stays pending,
//! so nothing is lost. A refusal by the other party is an answer, not a fault.

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

    fn settle(&self, probe: bool, verdict: Verdict) {
        let now = Instant::now();
        let open = Circuit::Open { until: now + self.settings.rest };
        let (before, after) = self.step(|circuit| {
            let before = *circuit;
            *circuit = match (before, verdict) {
                (Circuit::Closed { .. }, Verdict::Answered) => Circuit::Closed { faults: 0 },
                (Circuit::Closed { faults }, Verdict::Fault) if faults + 1 < self.settings.failures => {
                    Circuit::Closed { faults: faults + 1 }
                }
                (Circuit::Closed { .. }, Verdict::Fault) => open,
                // Only the probe closes the circuit: calls from before its opening are no new evidence.
                (Circuit::Probing, Verdict::Answered) if probe => Circuit::Closed { faults: 0 },
                (Circuit::Probing, Verdict::Fault) if probe => open,
                // The next call is the probe; else the circuit would stay half open for ever.
                (Circuit::Probing, Verdict::Dropped) if probe => Circuit::Open { until: now },
                (
                    unchanged @ (Circuit::Closed { .. } | Circuit::Open { .. } | Circuit::Probing),
                    Verdict::Answered | Verdict::Fault | Verdict::Dropped,
                ) => unchanged,
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

impl Admitted<'_> {
    pub(super) fn settle(mut self, fault: bool) {
        self.settled = true;
        self.breaker.settle(self.probe, if fault { Verdict::Fault } else { Verdict::Answered });
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
