//! The outside world as configured: each connector with its bounds, and the verifiers of its webhooks.

mod mail;
mod oidc;
pub(super) mod person;

use std::{path::Path, sync::Arc};

use super::{shop::ShopError, sockets::Sockets};
use crate::{
    actors::{
        ports::{Clock, ConnectorEntry},
        settings::{BreakerSettings, ConnectorSettings},
    },
    config::{Config, Sandbox, Secret, file},
    connectors::{
        mail::outbox::Outbox,
        oidc::Providers,
        payment::{PaymentConnector, PaymentProvider},
        sandbox::{HttpOutbox, SandboxProvider, SandboxSettings, SandboxWebhooks},
        signature::WebhookKey,
        webhook::WebhookVerifier,
    },
    identity::{MailTokens, SigningSecret},
    shop::{erasure::Eraser, mail::Links},
};

pub(super) use self::mail::to_show;

/// Made before the engine, whose effects call it from the first moment on.
pub(super) struct Outside {
    pub(super) sandbox: Option<SandboxProvider>,
    /// Where mails are kept for want of a server.
    pub(super) outbox: Option<Outbox>,
    pub(super) connectors: Vec<ConnectorEntry>,
    /// Begins once the engine runs.
    pub(super) eraser: Eraser,
    pub(super) webhooks: Vec<Arc<dyn WebhookVerifier>>,
    /// Names of the payment providers that the API takes.
    pub(super) providers: Vec<String>,
    /// With which people may log in.
    pub(super) oidc: Providers,
    /// For everybody who looks at the shop.
    pub(super) notices: Vec<&'static str>,
    /// Where customers reach the shop.
    pub(super) address: String,
}

/// On every page, in `/readyz` and in the log while the sandbox is on.
const WITHOUT_MONEY: &str = "This is a shop for trying out: payments are played and no money is taken.";

impl Outside {
    /// `sockets`: where this process listens; the sandbox sends its webhooks and its customers there.
    pub(super) fn new(
        config: &Config,
        secret: &SigningSecret,
        sockets: &Sockets,
        clock: &Arc<dyn Clock>,
    ) -> Result<Self, ShopError> {
        let own = config.http.public_url.trim();
        let shop = if own.is_empty() { sockets.pages() } else { own.to_owned() };
        let mail = mail::start(config, Links::new(MailTokens::new(secret), &shop), clock)?;
        let eraser = Eraser::default();
        let mut outside = Self {
            sandbox: None,
            outbox: mail.outbox,
            connectors: vec![mail.connector, person::eraser(&eraser)],
            eraser,
            webhooks: Vec::new(),
            providers: Vec::new(),
            oidc: oidc::providers(config, shop.trim_end_matches('/'))?,
            notices: Vec::new(),
            address: shop,
        };
        let sandbox = &config.payments.sandbox;
        // The configuration's own check says how to mend it; this holds for a start without a file, too.
        if sandbox.is_exposed(config.http.is_public()) {
            return Err(ShopError::PublicSandbox);
        }
        if sandbox.enabled {
            outside.add_sandbox(config, secret, sockets, clock)?;
        }
        Ok(outside)
    }

    fn add_sandbox(
        &mut self,
        config: &Config,
        secret: &SigningSecret,
        sockets: &Sockets,
        clock: &Arc<dyn Clock>,
    ) -> Result<(), ShopError> {
        let (url, key) = (sockets.webhooks(), WebhookKey::new(secret.derive("webhook")));
        let outbox = HttpOutbox::start(&url, key.clone(), clock.clone());
        let outbox = outbox.map_err(|_| ShopError::SandboxUrl(url.clone()))?;
        let (bounds, books_elsewhere) = (&config.payments.sandbox, config.cluster.is_on());
        let settings = SandboxSettings { books_elsewhere, ..bounds.clone().into() };
        let sandbox = SandboxProvider::new(settings, &sockets.pages(), Arc::new(outbox), clock.clone());
        self.providers.push(sandbox.name().to_owned());
        self.connectors.push(ConnectorEntry {
            connector: Arc::new(PaymentConnector::new(Arc::new(sandbox.clone()))),
            settings: connector(bounds),
        });
        self.webhooks.push(Arc::new(SandboxWebhooks::new(key)));
        self.sandbox = Some(sandbox);
        self.notices.push(WITHOUT_MONEY);
        tracing::warn!(
            address = %sockets.address,
            public = config.http.is_public(),
            "the sandbox payment provider is on: every order is sold without money"
        );
        Ok(())
    }
}

/// Bytes of a file with a secret; a longer one is another file.
const SECRET_BYTES_MAX: u64 = 1_024;

/// A secret from its file: the first line. It never reaches an error.
fn first_line(path: &Path) -> Result<Secret, String> {
    let text = file::read_text(path, SECRET_BYTES_MAX).map_err(|error| error.to_string())?;
    match text.lines().next().filter(|line| !line.is_empty()) {
        Some(line) => Ok(Secret::new(line)),
        None => Err("nothing in its first line".to_owned()),
    }
}

/// What the runtime allows itself with the sandbox.
fn connector(sandbox: &Sandbox) -> ConnectorSettings {
    ConnectorSettings {
        in_flight_max: sandbox.in_flight_max,
        timeout: sandbox.timeout(),
        breaker: BreakerSettings { failures: sandbox.breaker_failures, rest: sandbox.breaker_rest() },
    }
}
