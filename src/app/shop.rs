//! The whole shop: the engine with identity, payments and the HTTP server around it.

use std::{
    net::SocketAddr,
    sync::{Arc, OnceLock},
    time::Duration,
};

use axum::Router;
use futures::future::BoxFuture;
use tokio::{net::TcpListener, sync::watch, task::JoinHandle, time::timeout};

use super::{
    engine::{Engine, EngineError},
    metrics, routes, server, settings,
};
use crate::{
    actors::ports::{PaymentGateway, ProviderFault},
    catalogue::{LoadError, sample},
    config::Config,
    domain::{effect::ProviderCall, payment::ProviderEvent},
    http::{
        self, Toolkit, ToolkitParts,
        live::{BadCredentials, LiveState},
    },
    identity::{AccountsFault, Identity, Principal, Secret, SecretError, SigningSecret, SuperadminError},
    live::Audience,
    payments::{
        Breaker, BreakerSettings,
        sandbox::{HttpOutbox, SandboxGateway, SandboxWebhooks},
        signature::WebhookKey,
    },
    shop::{AppState, Services, payment::webhook::WebhookDesk},
};

#[derive(Debug, thiserror::Error)]
pub enum ShopError {
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error("cannot listen on {address}: {error}")]
    Listen { address: SocketAddr, error: std::io::Error },
    #[error(transparent)]
    Secret(#[from] SecretError),
    #[error(transparent)]
    Superadmin(#[from] SuperadminError),
    #[error("the sample shop was not loaded: {0}")]
    Sample(#[from] LoadError),
    #[error("metrics: {0}")]
    Metrics(#[from] metrics_exporter_prometheus::BuildError),
    #[error("the sandbox cannot reach this server at {0}")]
    SandboxUrl(String),
}

/// A running shop. Dropping it without [`Shop::stop`] is a crash: the next start recovers.
pub struct Shop {
    pub address: SocketAddr,
    /// Generated at this start: shown once, stored nowhere.
    pub superadmin_password: Option<String>,
    pub engine: Engine,
    pub sandbox: Option<SandboxGateway>,
    stop: watch::Sender<bool>,
    server: JoinHandle<()>,
    upkeep: JoinHandle<()>,
    drain_within: Duration,
}

/// For how long a node of a cluster waits for the owner of the first account: past a dead owner's replacement.
const ACCOUNT_WITHIN: Duration = Duration::from_secs(60);

/// The seed of the shop that `--sample` makes.
const SAMPLE_SEED: u64 = 1;

impl Shop {
    pub async fn start(config: &Config, with_sample: bool) -> Result<Self, ShopError> {
        let recorder = metrics::install()?;
        let listen = config.http.listen;
        let listener = TcpListener::bind(listen).await;
        let listener = listener.map_err(|error| ShopError::Listen { address: listen, error })?;
        let address = listener.local_addr().map_err(|error| ShopError::Listen { address: listen, error })?;
        let provider = Arc::new(Late::default());
        let engine = Engine::start(config, vec![provider.clone()]).await?;
        let identity_settings = settings::identity(config);
        let secret = SigningSecret::obtain(identity_settings.secret.as_ref(), &config.data.dir)?;
        let superadmin = identity_settings.superadmin_password.clone();
        let accounts = Arc::new(engine.gateway.clone());
        let identity = Identity::new(identity_settings, &secret, engine.clock.clone(), accounts);
        let generated = first_account(&identity, superadmin.as_ref(), config.cluster.is_on()).await?;
        let webhook_key = || WebhookKey::new(secret.derive("webhook"));
        let sandbox = config.payments.sandbox.enabled.then(|| {
            let url = format!("http://{}", reachable(address));
            let outbox = HttpOutbox::start(&url, webhook_key(), engine.clock.clone());
            let outbox = outbox.map_err(|_| ShopError::SandboxUrl(url.clone()))?;
            Ok::<_, ShopError>(SandboxGateway::new(
                settings::sandbox(config),
                &url,
                Arc::new(outbox),
                engine.clock.clone(),
            ))
        });
        let sandbox = sandbox.transpose()?;
        let mut webhooks: Vec<Arc<dyn crate::actors::ports::ProviderWebhooks>> = Vec::new();
        if let Some(sandbox) = &sandbox {
            provider.connect(Arc::new(Breaker::new(Arc::new(sandbox.clone()), BreakerSettings::default())));
            webhooks.push(Arc::new(SandboxWebhooks::new(webhook_key())));
        }
        let desk = WebhookDesk::new(webhooks, Arc::new(engine.gateway.clone()), engine.clock.clone());
        let rendered = recorder.clone();
        let toolkit = Toolkit::new(ToolkitParts {
            gateway: engine.gateway.clone(),
            identity: identity.clone(),
            limits: settings::http(config),
            metrics: Arc::new(move || rendered.render()),
            durability: engine.durability,
        });
        let services = Services {
            gateway: engine.gateway.clone(),
            catalogue: engine.catalogue.clone(),
            settings: settings::shop(config),
            providers: sandbox.iter().map(|_| "sandbox".to_owned()).collect(),
            command_timeout: toolkit.command_timeout(),
        };
        let state = AppState::new(services, toolkit, desk);
        if with_sample {
            sample::load(&engine.gateway, SAMPLE_SEED, |_, _| {}).await?;
        }
        let more: Router<AppState> = http::page::router();
        let more = match &sandbox {
            Some(sandbox) => more.merge(crate::payments::sandbox::page::routes(sandbox.clone())),
            None => more,
        };
        let live = http::live::router(LiveState { hub: engine.hub.clone(), authorise: authorise(identity) });
        // The live feed stands outside the request guard: its connections last longer than any request.
        let app = routes::router(state, more).merge(live);
        let (stop, stopped) = watch::channel(false);
        let server = tokio::spawn(server::serve(listener, app, settings::server(config), stopped));
        let upkeep = tokio::spawn(upkeep(recorder, engine.gateway.clone()));
        let drain_within = Duration::from_millis(config.http.drain_timeout_ms);
        Ok(Self { address, superadmin_password: generated, engine, sandbox, stop, server, upkeep, drain_within })
    }

    /// Drains: in a cluster others take over the shards first, while this node still answers; then sockets are told
    /// to come back elsewhere, requests under way are answered, accepted work finishes, states are written.
    pub async fn stop(self) {
        self.engine.hand_over(self.drain_within).await;
        self.engine.hub.close_all(self.drain_within).await;
        let _ = self.stop.send(true);
        let mut server = self.server;
        if timeout(self.drain_within, &mut server).await.is_err() {
            tracing::warn!("some connections did not end in time and are cut");
            server.abort();
        }
        self.upkeep.abort();
        self.engine.drain(self.drain_within).await;
    }
}

/// Several nodes may start at once: one makes the account, and only that one knows a generated password.
async fn first_account(
    identity: &Identity,
    configured: Option<&Secret>,
    in_cluster: bool,
) -> Result<Option<String>, SuperadminError> {
    let patience = if in_cluster { ACCOUNT_WITHIN } else { Duration::ZERO };
    match identity.ensure_superadmin_within(configured, patience).await {
        Err(SuperadminError::Accounts(fault @ AccountsFault::Unavailable { .. })) if in_cluster => {
            // Whichever node starts next tries again; this one serves the shop meanwhile.
            tracing::error!(%fault, "the superadmin's account could not be looked at: another node is slow");
            Ok(None)
        }
        outcome => outcome.map(|password| password.map(|password| password.to_string())),
    }
}

/// Keeps the histograms' memory bounded and the gauges fresh.
async fn upkeep(recorder: metrics_exporter_prometheus::PrometheusHandle, gateway: crate::actors::gateway::Gateway) {
    let lag = ::metrics::gauge!("souk_tail_lag_records");
    let connected = ::metrics::gauge!("souk_connected");
    let serving = ::metrics::gauge!("souk_shards_serving");
    let ownerless = ::metrics::gauge!("souk_shards_ownerless");
    let mut every = tokio::time::interval(Duration::from_secs(5));
    loop {
        every.tick().await;
        lag.set(gateway.tail_lag().await as f64);
        let status = gateway.status();
        connected.set(f64::from(u8::from(status.connected)));
        serving.set(status.shards.iter().filter(|line| line.serving).count() as f64);
        ownerless.set(status.ownerless() as f64);
        recorder.run_upkeep();
    }
}

fn authorise(identity: Identity) -> Arc<http::live::Authorise> {
    let audience = |principal: Principal| Audience {
        staff: principal.is_staff(),
        user: Some(principal.user),
        cart: Some(principal.cart),
        valid_for: None,
    };
    Arc::new(move |headers, token| match token {
        Some(token) => {
            let claims = identity.claims_of_token(token).map_err(|_| BadCredentials)?;
            let principal = identity.principal_of_token(token).map_err(|_| BadCredentials)?;
            let left = claims.exp.saturating_mul(1000).saturating_sub(identity.now_ms());
            let valid_for = Some(Duration::from_millis(u64::try_from(left).unwrap_or(0)));
            Ok(Audience { valid_for, ..audience(principal) })
        }
        None => {
            identity.audience(headers).map(|found| found.map(audience).unwrap_or_default()).map_err(|_| BadCredentials)
        }
    })
}

/// Where this process reaches itself.
fn reachable(address: SocketAddr) -> SocketAddr {
    match address.ip().is_unspecified() {
        true if address.is_ipv4() => SocketAddr::from(([127, 0, 0, 1], address.port())),
        true => SocketAddr::from(([0, 0, 0, 0, 0, 0, 0, 1], address.port())),
        false => address,
    }
}

/// The sandbox needs the signing secret, which is made with the data directory that the engine opens:
/// so the engine starts with this, and a call that comes before the provider is connected is repeated.
#[derive(Default)]
struct Late(OnceLock<Arc<dyn PaymentGateway>>);

impl Late {
    fn connect(&self, provider: Arc<dyn PaymentGateway>) {
        let _ = self.0.set(provider);
    }
}

impl PaymentGateway for Late {
    fn name(&self) -> &str {
        "sandbox"
    }

    fn call(&self, call: ProviderCall) -> BoxFuture<'_, Result<ProviderEvent, ProviderFault>> {
        match self.0.get() {
            Some(provider) => provider.call(call),
            None => Box::pin(async { Err(ProviderFault::Unavailable("not connected yet, or switched off".into())) }),
        }
    }
}
