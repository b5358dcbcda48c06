//! The inputs of every handler of every capability: the gateway, the identity, and the bounds of a request.
//!
//! The routes' own state holds more (`shop::AppState`) and provides this by `FromRef`, so that the extractors of this
//! room fit any state. Deliberately absent: values that one capability alone needs.

use std::{
    ops::Deref,
    sync::{Arc, atomic::AtomicUsize},
    time::Duration,
};

use axum::extract::FromRef;
use serde::Serialize;

use super::{
    Door, Problem,
    idempotency::{IdempotencyKey, fingerprint},
    listing, staleness,
};
use crate::{
    actors::gateway::{Call, Gateway},
    config::Http,
    domain::ids::CommandId,
    identity::{Identity, Principal},
    network::Places,
};

/// How long a list waits for events that are durable already.
const CATCH_UP_MAX: Duration = Duration::from_secs(1);

/// The composition root's side of [`Toolkit`].
pub struct ToolkitParts {
    pub gateway: Gateway,
    pub identity: Identity,
    pub door: Door,
    pub limits: Http,
    /// How long the engine may take, by its own configuration.
    pub command_timeout: Duration,
    /// The text of `/metrics`.
    pub metrics: Arc<dyn Fn() -> String + Send + Sync>,
    /// E.g. `local-synced`: what an acknowledgement means here, shown by `/readyz`.
    pub durability: &'static str,
    /// What nobody who looks at this shop may overlook, such as payments without money: our own words, on every page and
    /// in `/readyz`.
    pub notices: Vec<&'static str>,
}

/// One reference count: every layer and handler of a request clones it.
#[derive(Clone)]
pub struct Toolkit(Arc<Tools>);

pub struct Tools {
    pub gateway: Gateway,
    pub identity: Identity,
    pub door: Door,
    pub limits: Http,
    command_timeout: Duration,
    pub metrics: Arc<dyn Fn() -> String + Send + Sync>,
    pub durability: &'static str,
    pub notices: Vec<&'static str>,
    /// Requests under way, for the bound in `guard`.
    pub(super) inflight: AtomicUsize,
    pub(super) inflight_of_address: Arc<Places>,
}

impl Toolkit {
    pub fn new(parts: ToolkitParts) -> Self {
        let ToolkitParts { gateway, identity, door, limits, command_timeout, metrics, durability, notices } = parts;
        // The engine's answer comes before the request's own end, and says more.
        let command_timeout = command_timeout.min(limits.request_timeout().saturating_sub(Duration::from_millis(1)));
        let (inflight, inflight_of_address) = (AtomicUsize::default(), Places::new(limits.inflight_per_address_max));
        Self(Arc::new(Tools {
            gateway,
            identity,
            door,
            limits,
            command_timeout,
            metrics,
            durability,
            notices,
            inflight,
            inflight_of_address,
        }))
    }
}

impl Tools {
    /// How long a handler waits for the engine.
    pub fn command_timeout(&self) -> Duration {
        self.command_timeout
    }

    /// Call before reading the read models: a caller finds its acknowledged writes in the next list. Where
    /// this is not proven within [`CATCH_UP_MAX`] (a stalled disk, a shard without an owner) the response says so:
    /// `souk-stale`.
    pub async fn read_your_writes(&self) {
        if !self.gateway.await_projection(CATCH_UP_MAX).await {
            tracing::debug!(waited = ?CATCH_UP_MAX, "the read models are not proven current");
            staleness::unproven();
        }
    }

    /// What every list begins with: the cursor and the limit within their bounds, and the caller's own writes waited
    /// for.
    pub async fn open_page(
        &self,
        cursor: Option<&str>,
        limit: Option<usize>,
    ) -> Result<(Option<Vec<u8>>, usize), Problem> {
        let bounds = (listing::after(cursor)?, listing::limit(limit, &self.limits)?);
        self.read_your_writes().await;
        Ok(bounds)
    }

    /// A command that a retry with the same key, route and body repeats without a second effect (G3).
    pub fn keyed(&self, who: &Principal, key: &IdempotencyKey, route: &str, body: &impl Serialize) -> Call {
        Call {
            command_id: CommandId(key.name(who.user, route)),
            by: who.by.clone(),
            expected_version: None,
            fingerprint: Some(fingerprint(route, body)),
            within: self.command_timeout(),
        }
    }
}

impl Deref for Toolkit {
    type Target = Tools;

    fn deref(&self) -> &Tools {
        &self.0
    }
}

impl FromRef<Toolkit> for Identity {
    fn from_ref(toolkit: &Toolkit) -> Identity {
        toolkit.identity.clone()
    }
}

impl FromRef<Toolkit> for Door {
    fn from_ref(toolkit: &Toolkit) -> Door {
        toolkit.door.clone()
    }
}
