//! The outside world as the runtime calls it: one connector for each party (a payment provider, later mail or a search
//! index), whatever port it serves. Absent: time-outs, budgets and breakers, which the registry puts around each.

use std::sync::Arc;

use futures::future::BoxFuture;

use crate::{
    actors::settings::ConnectorSettings,
    domain::external::{AnyAnswer, AnyCall},
};

pub trait Connector: Send + Sync + 'static {
    /// As effects name it: `sandbox`.
    fn name(&self) -> &str;
    /// Idempotent by the call's contents: a repeated call returns the first answer and does nothing. The future may be
    /// dropped at any moment; the call may have happened then.
    fn call(&self, call: AnyCall) -> BoxFuture<'_, Result<AnyAnswer, ConnectorFault>>;
}

/// Nothing is known of the call's effect: the runtime repeats it until there is an answer. A refusal by the other party
/// (a decline) is an answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConnectorFault {
    #[error("no answer in time")]
    TimedOut,
    #[error("unavailable: {0}")]
    Unavailable(String),
    /// The other party is well and cannot serve this call: the mistake is ours. The breaker does not count it.
    #[error("the call is invalid: {0}")]
    Invalid(String),
}

impl ConnectorFault {
    /// Whether the fault speaks against the connector's health, and not against the call.
    pub fn is_outage(&self) -> bool {
        match self {
            Self::TimedOut | Self::Unavailable(_) => true,
            Self::Invalid(_) => false,
        }
    }
}

/// A connector with its own bounds, as `app` registers it.
#[derive(Clone)]
pub struct ConnectorEntry {
    pub connector: Arc<dyn Connector>,
    pub settings: ConnectorSettings,
}
