//! What every handler of the shop is given: cheap handles, cloned for each request.

use std::{ops::Deref, sync::Arc};

use axum::extract::FromRef;

use super::{
    order::lookup::LookupLimit, payment::webhook::WebhookDesk, product::catalogue::Catalogue, settings::ShopSettings,
};
use crate::{http::Toolkit, identity::Identity};

/// The composition root's side of [`AppState`].
pub struct Parts {
    pub toolkit: Toolkit,
    pub catalogue: Catalogue,
    pub webhooks: WebhookDesk,
    pub shop: ShopSettings,
    /// Names of the payment providers that `POST /api/payments` takes.
    pub providers: Vec<String>,
}

/// One reference count: every layer and handler of a request clones it.
#[derive(Clone)]
pub struct AppState(Arc<Services>);

pub struct Services {
    /// Its own members are read through the state: `state.gateway`, `state.limits`.
    pub toolkit: Toolkit,
    pub catalogue: Catalogue,
    pub webhooks: WebhookDesk,
    pub shop: ShopSettings,
    pub providers: Vec<String>,
    pub(super) lookups: LookupLimit,
}

impl AppState {
    pub fn new(parts: Parts) -> Self {
        let Parts { toolkit, catalogue, webhooks, shop, providers } = parts;
        let lookups = LookupLimit::new(toolkit.limits.lookups_a_minute);
        Self(Arc::new(Services { toolkit, catalogue, webhooks, shop, providers, lookups }))
    }
}

impl Deref for AppState {
    type Target = Services;

    fn deref(&self) -> &Services {
        &self.0
    }
}

impl Deref for Services {
    type Target = Toolkit;

    fn deref(&self) -> &Toolkit {
        &self.toolkit
    }
}

impl FromRef<AppState> for Toolkit {
    fn from_ref(state: &AppState) -> Toolkit {
        state.toolkit.clone()
    }
}

impl FromRef<AppState> for Identity {
    fn from_ref(state: &AppState) -> Identity {
        state.toolkit.identity.clone()
    }
}

impl FromRef<AppState> for WebhookDesk {
    fn from_ref(state: &AppState) -> WebhookDesk {
        state.webhooks.clone()
    }
}
