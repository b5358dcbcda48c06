//! A transport that stops chosen commands until the test opens it: what "meanwhile" means in these tests.

use std::{sync::Arc, time::Duration};

use futures::future::BoxFuture;
use souk::{
    actors::ports::{Ask, CommandEnvelope, Reply, Transport, TransportError, journal::Shard},
    domain::kinds::Kind,
    transport::loopback::Loopback,
};
use tokio::sync::watch;

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Stops {
    Nothing,
    /// Every command to a stock.
    Stock,
    /// Commands to an order that hold for one version of it.
    ConditionalOrders,
}

impl Stops {
    fn stops(self, envelope: &CommandEnvelope) -> bool {
        let is_command = matches!(envelope.ask, Ask::Command(_));
        match self {
            Self::Nothing => false,
            Self::Stock => is_command && envelope.key.kind == Kind::Stock,
            Self::ConditionalOrders => envelope.expected_version.is_some() && envelope.key.kind == Kind::Order,
        }
    }
}

#[derive(Clone)]
pub struct Door {
    stops: watch::Sender<Stops>,
    /// Commands that were stopped so far.
    stopped: watch::Sender<usize>,
}

impl Door {
    pub fn open() -> Self {
        Self { stops: watch::Sender::new(Stops::Nothing), stopped: watch::Sender::new(0) }
    }

    pub fn set(&self, stops: Stops) {
        self.stops.send_replace(stops);
    }

    /// Until a command was stopped.
    pub async fn reached(&self) {
        self.stopped.subscribe().wait_for(|stopped| *stopped > 0).await.expect("the door is here");
    }

    async fn pass(&self, envelope: &CommandEnvelope) {
        if self.stops.borrow().stops(envelope) {
            self.stopped.send_modify(|stopped| *stopped += 1);
            self.stops.subscribe().wait_for(|stops| !stops.stops(envelope)).await.expect("the door is here");
        }
    }
}

pub struct Guarded {
    pub door: Door,
    pub inner: Arc<Loopback>,
}

impl Transport for Guarded {
    fn send(
        &self,
        shard: Shard,
        envelope: Arc<CommandEnvelope>,
        within: Duration,
    ) -> BoxFuture<'static, Result<Reply, TransportError>> {
        let (door, inner) = (self.door.clone(), self.inner.clone());
        Box::pin(async move {
            door.pass(&envelope).await;
            inner.send(shard, envelope, within).await
        })
    }
}
