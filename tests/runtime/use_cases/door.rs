//! A transport that stops chosen commands until the test opens it: what "meanwhile" means in these tests.

use std::{sync::Arc, time::Duration};

use futures::future::BoxFuture;
use souk::{
    actors::ports::{Ask, CommandEnvelope, Reply, Transport, TransportError, journal::Shard},
    domain::{kinds::AnyCommand, order::OrderCommand},
    transport::loopback::Loopback,
};
use tokio::sync::{Mutex, watch};

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Stops {
    Nothing,
    /// Every command to a stock.
    Stock,
    /// Every command to a payment.
    Payments,
    /// What a payment tells its order.
    PaymentNews,
    /// Placing an order.
    Placing,
    /// Commands to an order that hold for one version of it.
    ConditionalOrders,
}

impl Stops {
    fn stops(self, envelope: &CommandEnvelope) -> bool {
        let Ask::Command(command) = &envelope.ask else { return false };
        match self {
            Self::Nothing => false,
            Self::Stock => matches!(command, AnyCommand::Stock(_)),
            Self::Payments => matches!(command, AnyCommand::Payment(_)),
            Self::PaymentNews => matches!(command, AnyCommand::Order(OrderCommand::PaymentUpdate { .. })),
            Self::Placing => matches!(command, AnyCommand::Order(OrderCommand::Place(_))),
            Self::ConditionalOrders => matches!(command, AnyCommand::Order(_)) && envelope.expected_version.is_some(),
        }
    }
}

#[derive(Clone)]
pub struct Door {
    stops: watch::Sender<Stops>,
    /// Commands that were stopped so far.
    stopped: watch::Sender<usize>,
    /// Who came first leaves first.
    queue: Arc<Mutex<()>>,
}

impl Door {
    pub fn open() -> Self {
        Self { stops: watch::Sender::new(Stops::Nothing), stopped: watch::Sender::new(0), queue: Arc::default() }
    }

    pub fn set(&self, stops: Stops) {
        self.stops.send_replace(stops);
    }

    /// Until so many commands were stopped.
    pub async fn stopped(&self, count: usize) {
        self.stopped.subscribe().wait_for(|stopped| *stopped >= count).await.expect("the door is here");
    }

    async fn pass(&self, envelope: &CommandEnvelope) {
        if self.stops.borrow().stops(envelope) {
            self.stopped.send_modify(|stopped| *stopped += 1);
            let _turn = self.queue.lock().await;
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
