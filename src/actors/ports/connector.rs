//! The outside world as the runtime calls it: one connector for each party (a payment provider, later mail or a search
//! index). Deliberately absent: time-outs, budgets and breakers, which the registry adds to each.

use std::sync::Arc;

use futures::future::BoxFuture;

use crate::{
    actors::settings::ConnectorSettings,
    domain::external::{AnyAnswer, AnyCall},
};

pub trait Connector: Send + Sync + 'static {
    /// The name in effects: `sandbox`.
    fn name(&self) -> &str;
    /// Idempotent by the call's contents: a repeated call returns the first answer and does nothing. The future may be
    /// dropped at any moment; the call may have been executed by then.
    fn call(&self, call: AnyCall) -> BoxFuture<'_, Result<AnyAnswer, ConnectorFault>>;
    /// Asks the other party whether it is well, without an effect and without anything of a shopper's. Calls that fail
    /// may fail for what is in them (one bank behind a provider); only this tells that the party itself does.
    fn ping(&self) -> BoxFuture<'_, Result<(), ConnectorFault>>;
}

/// The call's effect is unknown: the runtime repeats the call until there is an answer. A refusal by the other party (a
/// decline) is an answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConnectorFault {
    #[error("no answer in time")]
    TimedOut,
    #[error("unavailable: {0}")]
    Unavailable(String),
    /// The other party is healthy and cannot serve this call: the mistake is in the call. The breaker does not count
    /// it.
    #[error("the call is invalid: {0}")]
    Invalid(String),
}

impl ConnectorFault {
    /// Whether the fault concerns the connector's health, and not the call.
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
