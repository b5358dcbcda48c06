//! The use cases' inputs: the engine's handles and the merchant's decisions. No request, no socket.

use std::{ops::Deref, sync::Arc, time::Duration};

use super::{product::catalogue::Catalogue, rows::AddressIndex, unpaid::UnpaidOrders};
use crate::{
    actors::gateway::{Asked, Call, Gateway},
    config::Shop,
    domain::{ids::CommandId, key::EntityKey, kinds::EntityType},
    identity::Principal,
};

/// The sources of wire shapes, for HTTP and for frames alike: read models in memory and the merchant's decisions.
#[derive(Clone, Default)]
pub struct Front {
    pub catalogue: Catalogue,
    pub settings: Shop,
    /// `live.public_stock_counts`: HTTP and frames show the same.
    pub public_stock_counts: bool,
    /// What waits for a payment, and its bounds.
    pub unpaid: UnpaidOrders,
    /// How index rows name e-mail addresses.
    pub addresses: AddressIndex,
}

impl Front {
    /// A shop with nothing in it.
    pub fn empty(public_stock_counts: bool) -> Self {
        Self { public_stock_counts, ..Self::default() }
    }
}

#[derive(Clone)]
pub struct Services {
    pub gateway: Gateway,
    /// Its members are read through the services: `services.catalogue`.
    pub front: Front,
    /// Names of the payment providers that a payment may name.
    pub providers: Vec<String>,
    /// Whether shoppers are written to.
    pub order_mails: bool,
    /// How long a use case waits for the engine.
    pub command_timeout: Duration,
}

impl Deref for Services {
    type Target = Front;

    fn deref(&self) -> &Front {
        &self.front
    }
}

impl Services {
    /// A call without an idempotency key, for commands whose repetition changes nothing.
    pub fn call(&self, who: &Principal) -> Call {
        self.call_by(who.by.clone())
    }

    /// The same where only the author's name is at hand.
    pub fn call_by(&self, by: Arc<str>) -> Call {
        Call {
            command_id: CommandId(self.gateway.fresh_id()),
            by,
            expected_version: None,
            fingerprint: None,
            within: self.command_timeout,
        }
    }

    /// Returns once this node has folded the change: what it takes away is gone here when its author hears of it.
    pub async fn ask_folded<E: EntityType>(&self, id: &str, command: E::Command, call: Call) -> Asked<E> {
        let within = call.within;
        let answer = self.gateway.ask::<E>(id, command, call).await?;
        self.gateway.await_folded(&EntityKey::new(E::KIND, id), within).await;
        Ok(answer)
    }
}
