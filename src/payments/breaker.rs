//! A circuit breaker around any payment gateway: after some faults in a row calls are refused at once, until a
//! single probe after a while succeeds. It spares a sick provider and frees what would wait for it; the payment
//! keeps owing its call, so nothing is lost. A decline is an answer, not a fault.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures::future::BoxFuture;
use serde::Deserialize;
use tokio::time::Instant;

use crate::{
    actors::ports::{PaymentGateway, ProviderFault},
    domain::{
        effect::{ProviderCall, ProviderOperation},
        payment::ProviderEvent,
    },
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BreakerSettings {
    /// Faults in a row that open the circuit. Default 5; 0 counts as 1.
    pub open_after: u32,
    /// Milliseconds from opening, or from a failed probe, to the next probe. Default 5,000.
    pub probe_after_ms: u32,
}

impl Default for BreakerSettings {
    fn default() -> Self {
        Self { open_after: 5, probe_after_ms: 5_000 }
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Circuit {
    Closed {
        faults: u32,
    },
    Open {
        until: Instant,
    },
    /// One call is under way and decides.
    Probing,
}

pub struct Breaker {
    inner: Arc<dyn PaymentGateway>,
    settings: BreakerSettings,
    /// Held for one transition and never across an await.
    circuit: Mutex<Circuit>,
}

impl Breaker {
    pub fn new(inner: Arc<dyn PaymentGateway>, settings: BreakerSettings) -> Self {
        Self { inner, settings, circuit: Mutex::new(Circuit::Closed { faults: 0 }) }
    }

    fn admit(&self) -> Result<Admitted<'_>, ProviderFault> {
        let now = Instant::now();
        let refused = |wait: Duration| {
            metrics::counter!("souk_payment_breaker_refused_total", "provider" => self.inner.name().to_owned())
                .increment(1);
            Err(ProviderFault::Unavailable(format!("circuit open, next probe in {} ms", wait.as_millis())))
        };
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
            Err(wait) => refused(wait),
        }
    }

    fn settle(&self, probe: bool, fault: bool) {
        let open = Circuit::Open { until: Instant::now() + Duration::from_millis(self.settings.probe_after_ms.into()) };
        let circuit = self.step(|circuit| {
            *circuit = match *circuit {
                Circuit::Closed { .. } if !fault => Circuit::Closed { faults: 0 },
                Circuit::Closed { faults } if faults + 1 < self.settings.open_after => {
                    Circuit::Closed { faults: faults + 1 }
                }
                Circuit::Closed { .. } => open,
                // Only the probe closes the circuit: calls from before it opened say nothing new.
                Circuit::Probing if probe && !fault => Circuit::Closed { faults: 0 },
                Circuit::Probing if probe => open,
                unchanged @ (Circuit::Open { .. } | Circuit::Probing) => unchanged,
            };
            *circuit
        });
        let is_open = !matches!(circuit, Circuit::Closed { .. });
        metrics::gauge!("souk_payment_breaker_open", "provider" => self.inner.name().to_owned())
            .set(f64::from(u8::from(is_open)));
    }

    fn step<T>(&self, step: impl FnOnce(&mut Circuit) -> T) -> T {
        // A transition is one assignment, so a poisoned lock holds a whole state.
        step(&mut self.circuit.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// One call let through. Dropped before its answer (the caller ran out of time), it counts as a fault: else a
/// provider that hangs would never open the circuit, and a dropped probe would leave it half open for ever.
struct Admitted<'a> {
    breaker: &'a Breaker,
    probe: bool,
    settled: bool,
}

impl Admitted<'_> {
    fn answered(mut self, fault: bool) {
        self.settled = true;
        self.breaker.settle(self.probe, fault);
    }
}

impl Drop for Admitted<'_> {
    fn drop(&mut self) {
        if !self.settled {
            self.breaker.settle(self.probe, true);
        }
    }
}

impl PaymentGateway for Breaker {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn call(&self, call: ProviderCall) -> BoxFuture<'_, Result<ProviderEvent, ProviderFault>> {
        Box::pin(async move {
            let admitted = self.admit()?;
            let operation = operation_name(&call.operation);
            let started = Instant::now();
            let answer = self.inner.call(call).await;
            admitted.answered(answer.is_err());
            let outcome = if answer.is_ok() { "answered" } else { "fault" };
            let provider = self.inner.name().to_owned();
            metrics::histogram!("souk_payment_call_seconds", "provider" => provider, "operation" => operation, "outcome" => outcome)
                .record(started.elapsed());
            answer
        })
    }
}

fn operation_name(operation: &ProviderOperation) -> &'static str {
    match operation {
        ProviderOperation::Authorize { .. } => "authorize",
        ProviderOperation::Capture { .. } => "capture",
        ProviderOperation::Void { .. } => "void",
        ProviderOperation::Refund { .. } => "refund",
    }
}

#[cfg(test)]
mod tests;
