//! What every handler is given: cheap handles, cloned for each request.

use std::{
    ops::Deref,
    sync::{Arc, atomic::AtomicUsize},
    time::Duration,
};

use axum::extract::FromRef;
use serde::Serialize;

use super::{
    guard::RequestIds,
    idempotency::{IdempotencyKey, fingerprint},
    payments_webhook::WebhookReceiver,
    settings::{HttpLimits, ShopSettings},
    shop::LookupLimit,
};
use crate::{
    actors::gateway::{Call, Gateway},
    domain::ids::CommandId,
    identity::{Identity, Principal},
    views::catalogue::Catalogue,
};

/// How long a list waits for what is durable already.
const CATCH_UP_MAX: Duration = Duration::from_secs(1);

/// The composition root's side of [`AppState`].
pub struct Parts {
    pub gateway: Gateway,
    pub catalogue: Catalogue,
    pub identity: Identity,
    pub webhooks: WebhookReceiver,
    pub shop: ShopSettings,
    pub limits: HttpLimits,
    /// Names of the payment providers that `POST /api/payments` takes.
    pub providers: Vec<String>,
    /// The text of `/metrics`.
    pub metrics: Arc<dyn Fn() -> String + Send + Sync>,
    /// E.g. `local-synced`: what an acknowledgement means here, shown by `/readyz`.
    pub durability: &'static str,
}

/// One reference count: every layer and handler of a request clones it.
#[derive(Clone)]
pub struct AppState(Arc<Shared>);

pub struct Shared {
    pub gateway: Gateway,
    pub catalogue: Catalogue,
    pub identity: Identity,
    pub webhooks: WebhookReceiver,
    /// Requests under way, for the bound in `guard`.
    pub(super) inflight: AtomicUsize,
    pub shop: ShopSettings,
    pub limits: HttpLimits,
    pub providers: Vec<String>,
    pub metrics: Arc<dyn Fn() -> String + Send + Sync>,
    pub durability: &'static str,
    pub(super) lookups: LookupLimit,
    pub(super) request_ids: RequestIds,
}

impl AppState {
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(Shared {
            request_ids: RequestIds::new(parts.gateway.fresh_id()),
            gateway: parts.gateway,
            catalogue: parts.catalogue,
            identity: parts.identity,
            webhooks: parts.webhooks,
            inflight: AtomicUsize::default(),
            lookups: LookupLimit::new(parts.limits.lookups_a_minute),
            shop: parts.shop,
            limits: parts.limits,
            providers: parts.providers,
            metrics: parts.metrics,
            durability: parts.durability,
        }))
    }

    /// How long a handler waits for the engine.
    pub fn command_timeout(&self) -> Duration {
        Duration::from_millis(self.limits.answer_within_ms)
    }

    /// Before the read models are asked: whoever was answered a moment ago finds it in the next list. Behind a stalled
    /// disk the lists are a little old after [`CATCH_UP_MAX`], and say nothing wrong.
    pub(super) async fn read_your_writes(&self) {
        if !self.gateway.await_projection(CATCH_UP_MAX).await {
            tracing::debug!(waited = ?CATCH_UP_MAX, "the read models are behind the journal");
        }
    }

    /// A command that its sender cannot repeat: where repeating it changes nothing.
    pub(super) fn call(&self, who: &Principal) -> Call {
        Call {
            command_id: CommandId(self.gateway.fresh_id()),
            by: who.by.clone(),
            expected_version: None,
            fingerprint: None,
            within: self.command_timeout(),
        }
    }

    /// A command that a retry with the same key, route and body repeats without a second effect (G3).
    pub(super) fn keyed(&self, who: &Principal, key: &IdempotencyKey, route: &str, body: &impl Serialize) -> Call {
        // Spelled out: the rest of `call` would draw a random id for nothing.
        Call {
            command_id: CommandId(key.name(who.user, route)),
            by: who.by.clone(),
            expected_version: None,
            fingerprint: Some(fingerprint(route, body)),
            within: self.command_timeout(),
        }
    }
}

impl Deref for AppState {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl FromRef<AppState> for Identity {
    fn from_ref(state: &AppState) -> Identity {
        state.identity.clone()
    }
}

impl FromRef<AppState> for WebhookReceiver {
    fn from_ref(state: &AppState) -> WebhookReceiver {
        state.webhooks.clone()
    }
}
