//! The whole shop: the engine with identity, payments and the HTTP server around it.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::Router;
use futures::future::LocalBoxFuture;
use tokio::{sync::watch, task::JoinHandle, time::timeout};

use super::{
    audience,
    backend::Backend,
    certificate::CertificateError,
    engine::{Engine, EngineError},
    handles, metrics,
    outside::{Outside, person, to_show},
    routes,
    shop_record::{RecordError, check_key},
    sockets::Sockets,
};
use crate::{
    catalogue::{LoadError, sample},
    config::{Config, Secret},
    connectors::{
        mail,
        sandbox::{self, SandboxProvider},
    },
    http::{self, Door, Toolkit, ToolkitParts, live::LiveState},
    identity::{AccountsFault, Addresses, Identity, RelyingParty, SuperadminError},
    persistence::ballast,
    shop::{
        AppState, Services, erasure::Erasing, payment::webhook::WebhookReceiver, unpaid::UnpaidOrders,
        user::superadmins,
    },
};

#[derive(Debug, thiserror::Error)]
pub enum ShopError {
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error("cannot listen on {address}: {error}")]
    Listen { address: SocketAddr, error: std::io::Error },
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    #[error(transparent)]
    Record(#[from] RecordError),
    #[error(transparent)]
    Superadmin(#[from] SuperadminError),
    #[error("the sample shop was not loaded: {0}")]
    Sample(#[from] LoadError),
    #[error("metrics: {0}")]
    Metrics(#[from] metrics_exporter_prometheus::BuildError),
    #[error("the sandbox sells without money and is refused beside a listener that others can reach")]
    PublicSandbox,
    #[error("mail: {0}")]
    Mail(String),
    #[error("identity.oidc: {0}")]
    Oidc(String),
    #[error("the sandbox cannot reach this server at {0}")]
    SandboxUrl(String),
}

/// A running shop. Dropping it without [`Shop::stop`] is a crash: the next start recovers.
pub struct Shop {
    pub address: SocketAddr,
    /// Of its addresses: `http`, or `https` with a certificate.
    pub scheme: &'static str,
    /// Generated at this start: shown once, stored nowhere.
    pub superadmin_password: Option<String>,
    pub engine: Engine,
    pub sandbox: Option<SandboxProvider>,
    /// `/dev/mail` exists.
    pub mail_page: bool,
    stop: watch::Sender<bool>,
    _erasing: Erasing,
    server: JoinHandle<()>,
    upkeep: JoinHandle<()>,
    drain_within: Duration,
}

/// How long a node of a cluster waits for the owner of the first account: longer than a dead owner's replacement takes.
const ACCOUNT_WITHIN: Duration = Duration::from_secs(60);

/// The seed of the shop that `--sample` makes.
const SAMPLE_SEED: u64 = 1;

impl Shop {
    /// Boxed, so that the whole start is compiled with this crate and not with each that awaits it.
    pub fn start(config: &Config, with_sample: bool) -> LocalBoxFuture<'_, Result<Self, ShopError>> {
        Box::pin(Self::start_all(config, with_sample))
    }

    async fn start_all(config: &Config, with_sample: bool) -> Result<Self, ShopError> {
        let mut config = config.clone();
        handles::fit(&mut config);
        let config = &config;
        let recorder = metrics::install()?;
        let sockets = Sockets::bind(config).await?;
        let (address, scheme) = (sockets.address, sockets.scheme());
        let backend = Backend::open(config).await?;
        // With the data directory, which the backend has opened; and before whatever signs or calls.
        let secret = check_key(&backend, config).await?;
        let outside = Outside::new(config, &secret, &sockets, &backend.clock())?;
        let engine = Engine::start(config, backend, outside.connectors).await?;
        let relying_party =
            RelyingParty::new(&outside.address, &config.http.trusted_origins, &config.identity.passkey_domain);
        let accounts = Arc::new(engine.gateway.clone());
        let standings = accounts.clone();
        let addresses = Addresses::new(engine.keys.addresses());
        let (settings, clock) = (config.identity.clone(), engine.clock.clone());
        let identity = Identity::new(settings, &secret, addresses, clock, accounts, standings, relying_party);
        let generated = first_account(&identity, &config.identity.superadmin_password, config.cluster.is_on()).await?;
        superadmins::count_the_first(&engine.gateway, &identity).await;
        carry_over(identity.clone());
        let erasing = outside.eraser.begin(engine.gateway.clone(), engine.front.addresses.clone(), engine.keys.clone());
        let webhooks = WebhookReceiver::new(outside.webhooks, Arc::new(engine.gateway.clone()), engine.clock.clone());
        let rendered = recorder.clone();
        let door = Door::new(&config.http, &config.budgets, engine.gateway.fresh_id());
        let toolkit = Toolkit::new(ToolkitParts {
            gateway: engine.gateway.clone(),
            identity: identity.clone(),
            door: door.clone(),
            limits: config.http.clone(),
            command_timeout: config.actors.command_timeout(),
            metrics: Arc::new(move || rendered.render()),
            durability: engine.durability,
            notices: outside.notices.clone(),
        });
        let services = Services {
            gateway: engine.gateway.clone(),
            front: engine.front.clone(),
            providers: outside.providers,
            order_mails: config.mail.orders,
            command_timeout: toolkit.command_timeout(),
        };
        let state = AppState::new(services, toolkit, webhooks, outside.oidc);
        if with_sample {
            sample::load(&engine.gateway, SAMPLE_SEED, |_, _| {}).await?;
        }
        let more: Router<AppState> = http::page::router(&outside.notices);
        let more = match &outside.sandbox {
            Some(sandbox) => more.merge(sandbox::page::routes(sandbox.clone())),
            None => more,
        };
        let cleared = person::clear(outside.outbox.clone(), engine.keys.clone());
        let outbox = to_show(outside.outbox, &config.http, with_sample);
        let mail_page = outbox.is_some();
        let more = match outbox {
            Some(outbox) => more.merge(mail::page::routes(outbox)),
            None => more,
        };
        let live = http::live::router(LiveState {
            listeners: engine.listeners.clone(),
            door: door.clone(),
            authorise: audience::authorise(identity),
        });
        // The live feed is outside the request guard: its connections last longer than any request.
        let app = routes::router(state, more).merge(live);
        let (stop, stopped) = watch::channel(false);
        let server = sockets.serve(app, &door, &config.http, stopped);
        let unpaid = engine.front.unpaid.clone();
        let (kept, upkeep) =
            (ballast::keep(config.data.dir.clone()), upkeep(recorder, engine.gateway.clone(), unpaid, door));
        let upkeep = tokio::spawn(async move {
            let ((), (), ()) = tokio::join!(kept, upkeep, cleared);
        });
        let drain_within = config.http.drain_timeout();
        Ok(Self {
            address,
            scheme,
            superadmin_password: generated,
            engine,
            sandbox: outside.sandbox,
            mail_page,
            stop,
            _erasing: erasing,
            server,
            upkeep,
            drain_within,
        })
    }

    /// Drains: in a cluster others take over the shards first, while this node still responds; then sockets are closed
    /// for a reconnect elsewhere, requests in flight get their responses, accepted work finishes, states are written.
    pub async fn stop(self) {
        self.engine.hand_over(self.drain_within).await;
        let (engine, within) = self.close_doors().await;
        engine.drain(within).await;
    }

    /// After a failure of the engine: the doors are closed, and everything behind them ends as it is.
    pub async fn give_up(self) {
        self.close_doors().await.0.give_up().await;
    }

    async fn close_doors(self) -> (Engine, Duration) {
        self.engine.listeners.close_all(self.drain_within).await;
        let _ = self.stop.send(true);
        let mut server = self.server;
        if timeout(self.drain_within, &mut server).await.is_err() {
            tracing::warn!("some connections did not end in time and are cut");
            server.abort();
        }
        self.upkeep.abort();
        (self.engine, self.drain_within)
    }
}

/// Several nodes may start at once: one creates the account, and only this one knows a generated password.
async fn first_account(
    identity: &Identity,
    configured: &Secret,
    in_cluster: bool,
) -> Result<Option<String>, SuperadminError> {
    let configured = (!configured.is_empty()).then_some(configured);
    let patience = if in_cluster { ACCOUNT_WITHIN } else { Duration::ZERO };
    match identity.ensure_superadmin_within(configured, patience).await {
        Err(SuperadminError::Accounts(fault @ AccountsFault::Unavailable { .. })) if in_cluster => {
            // The next node that starts tries again; this node serves the shop meanwhile.
            tracing::error!(%fault, "the superadmin's account could not be looked at: another node is slow");
            Ok(None)
        }
        outcome => outcome.map(|password| password.map(|password| password.to_string())),
    }
}

/// Accounts as they were first kept get their new form beside the start: until then a log-in does it.
fn carry_over(identity: Identity) {
    tokio::spawn(async move {
        match identity.carry_over_all().await {
            Ok(0) => {}
            Ok(accounts) => tracing::info!(accounts, "accounts of before user ids are carried over"),
            Err(fault) => {
                tracing::warn!(%fault, "old accounts are carried over at the next start, or when they log in")
            }
        }
    });
}

/// Keeps the histograms' memory bounded, the gauges fresh, and the security log's counts told.
async fn upkeep(
    recorder: metrics_exporter_prometheus::PrometheusHandle,
    gateway: crate::actors::gateway::Gateway,
    unpaid: UnpaidOrders,
    door: Door,
) {
    let lag = ::metrics::gauge!("souk_tail_lag_records");
    let connected = ::metrics::gauge!("souk_connected");
    let serving = ::metrics::gauge!("souk_shards_serving");
    let ownerless = ::metrics::gauge!("souk_shards_ownerless");
    let (orders, units) = (::metrics::gauge!("souk_unpaid_orders"), ::metrics::gauge!("souk_unpaid_units"));
    let held = ::metrics::gauge!("souk_unpaid_held_units");
    let mut every = tokio::time::interval(Duration::from_secs(5));
    loop {
        every.tick().await;
        lag.set(gateway.tail_lag().await as f64);
        let status = gateway.status();
        connected.set(f64::from(u8::from(status.connected)));
        serving.set(status.shards.iter().filter(|line| line.serving).count() as f64);
        ownerless.set(status.ownerless() as f64);
        let waiting = unpaid.summary();
        orders.set(waiting.orders as f64);
        units.set(waiting.units as f64);
        held.set(waiting.held as f64);
        door.security.settle();
        recorder.run_upkeep();
    }
}
