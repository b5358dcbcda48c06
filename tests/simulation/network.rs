//! The loopback with a network's faults: messages and replies are lost, late, or duplicated.

use std::{sync::Arc, time::Duration};

use futures::{FutureExt, future::BoxFuture};
use souk::actors::ports::{CommandEnvelope, Delivery, Reply, Transport, TransportError, journal::Shard};
use tokio::time::sleep;

use crate::{faults::Weather, rng::Rng};

pub struct Network {
    pub local: Arc<dyn Delivery>,
    pub rng: Rng,
    pub weather: Weather,
}

impl Transport for Network {
    fn send(
        &self,
        shard: Shard,
        envelope: Arc<CommandEnvelope>,
        _: Duration,
    ) -> BoxFuture<'static, Result<Reply, TransportError>> {
        let (local, rng, mix) = (self.local.clone(), self.rng.clone(), self.weather.now());
        async move {
            let lost = |what: &str| TransportError::Lost(what.into());
            if rng.one_in(mix.lost_messages) {
                return Err(lost("request"));
            }
            if rng.one_in(mix.duplicated_messages) {
                // The copy travels on its own, and arrives much later: perhaps after the reply, or a crash.
                let (copy, envelope, delay) = (local.clone(), envelope.clone(), rng.millis(5_000));
                tokio::spawn(async move {
                    sleep(delay).await;
                    let _ = copy.deliver(shard, envelope).await;
                });
            }
            let reply = local.deliver(shard, envelope).await;
            match rng.one_in(mix.lost_messages) {
                true => Err(lost("answer")),
                false => reply,
            }
        }
        .boxed()
    }
}
