//! What use cases are given: the engine's handles and the merchant's decisions. No request, no socket.

use std::time::Duration;

use super::{product::catalogue::Catalogue, settings::ShopSettings};
use crate::{
    actors::gateway::{Call, Gateway},
    domain::ids::CommandId,
    identity::Principal,
};

#[derive(Clone)]
pub struct Services {
    pub gateway: Gateway,
    pub catalogue: Catalogue,
    pub settings: ShopSettings,
    /// Names of the payment providers that a payment may name.
    pub providers: Vec<String>,
    /// How long a use case waits for the engine.
    pub command_timeout: Duration,
}

impl Services {
    /// A command that its sender cannot repeat: where repeating it changes nothing.
    pub fn call(&self, who: &Principal) -> Call {
        Call {
            command_id: CommandId(self.gateway.fresh_id()),
            by: who.by.clone(),
            expected_version: None,
            fingerprint: None,
            within: self.command_timeout,
        }
    }
}
