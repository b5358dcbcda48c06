//! The inputs of every handler of the shop: cheap handles, cloned for each request.

use std::{ops::Deref, sync::Arc};

use axum::extract::FromRef;

use super::{payment::webhook::WebhookReceiver, services::Services, stock::movements::BookMarks};
use crate::{
    connectors::oidc::Providers,
    http::{BodyMax, Door, Toolkit},
    identity::{Identity, Throttle},
};

/// One reference count: every layer and handler of a request clones it.
#[derive(Clone)]
pub struct AppState(Arc<Shared>);

pub struct Shared {
    /// The use cases' inputs; the members are read through the state: `state.gateway`, `state.catalogue`.
    pub services: Services,
    pub toolkit: Toolkit,
    pub webhooks: WebhookReceiver,
    /// With which people may log in.
    pub oidc: Providers,
    /// Wrong look-ups of orders, by address and by e-mail.
    pub(super) lookups: Throttle,
    pub(super) bookmarks: BookMarks,
}

impl AppState {
    pub fn new(services: Services, toolkit: Toolkit, webhooks: WebhookReceiver, oidc: Providers) -> Self {
        let (lookups, bookmarks) = (Throttle::default(), BookMarks::default());
        Self(Arc::new(Shared { services, toolkit, webhooks, oidc, lookups, bookmarks }))
    }
}

impl Deref for AppState {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl Deref for Shared {
    type Target = Services;

    fn deref(&self) -> &Services {
        &self.services
    }
}

impl FromRef<AppState> for Toolkit {
    fn from_ref(state: &AppState) -> Toolkit {
        state.toolkit.clone()
    }
}

impl FromRef<AppState> for BodyMax {
    fn from_ref(state: &AppState) -> BodyMax {
        BodyMax(state.toolkit.limits.body_bytes_max)
    }
}

impl FromRef<AppState> for Identity {
    fn from_ref(state: &AppState) -> Identity {
        state.toolkit.identity.clone()
    }
}

impl FromRef<AppState> for Door {
    fn from_ref(state: &AppState) -> Door {
        state.toolkit.door.clone()
    }
}

impl FromRef<AppState> for WebhookReceiver {
    fn from_ref(state: &AppState) -> WebhookReceiver {
        state.webhooks.clone()
    }
}
