//! From the configuration's sections to the rooms' own settings: every key has a use.

use std::time::Duration;

use super::server::ServerLimits;
use crate::{
    actors::{
        ports::journal::NodeId,
        settings::{ActorSettings, BreakerSettings, ConnectorSettings},
    },
    config::{Capture, Config, Secret as Configured},
    connectors::sandbox::SandboxSettings,
    domain::{money::Money, order::CapturePolicy},
    http::{HttpLimits, live::SocketLimits},
    identity::{IdentitySettings, Secret},
    live::LiveLimits,
    persistence::{jetstream::JetStreamOptions, sled_journal::SledOptions, state_store::SledStateOptions},
    shop::{ShippingMethod, ShopSettings},
};

fn size(value: u64) -> usize {
    usize::try_from(value).unwrap_or(usize::MAX)
}

fn small(value: u64) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

/// `shards`: the journal's.
pub(super) fn actors(config: &Config, shards: u16) -> ActorSettings {
    let (actors, ms) = (&config.actors, Duration::from_millis);
    let shards = u64::from(shards).max(1);
    ActorSettings {
        node: NodeId("local".into()),
        resident_max: size(actors.resident_max),
        idle_timeout: ms(actors.idle_timeout_ms),
        entity_inflight_max: small(actors.entity_inflight_max),
        shard_inflight_max: size(actors.shard_inflight_max),
        effects_inflight_max: size(actors.effects_inflight_max),
        batch_bytes_max: size(config.journal.batch_bytes_max),
        backoff_min: ms(actors.restart_backoff_ms_min),
        backoff_max: ms(actors.restart_backoff_ms_max),
        quarantine_after: actors.quarantine_after,
        effect_timeout: ms(actors.effect_timeout_ms),
        alarm_poll: ms(actors.alarm_poll_ms),
        flush_interval: ms(config.state.flush_interval_ms),
        tail_cache_max: size(config.state.cached_entities_max.div_ceil(shards)),
        lease: None,
    }
}

/// This node's name: configured, or the host's.
pub(super) fn node_name(cluster: &crate::config::Cluster) -> String {
    if !cluster.node.is_empty() {
        return cluster.node.clone();
    }
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let legal: String = host.chars().filter(|c| c.is_ascii_alphanumeric() || "-_.".contains(*c)).take(63).collect();
    if legal.is_empty() { "node".to_owned() } else { legal }
}

pub(super) fn jetstream(config: &Config) -> JetStreamOptions {
    JetStreamOptions {
        name: config.cluster.name.clone(),
        shards: config.actors.shards().unwrap_or(JetStreamOptions::SHARDS),
        replicas: usize::from(config.cluster.replicas),
        request_timeout: Duration::from_millis(config.cluster.request_timeout_ms),
        create: true,
    }
}

pub(super) fn journal(config: &Config) -> SledOptions {
    SledOptions {
        shards: config.actors.shards(),
        cache_bytes: config.journal.cache_bytes,
        free_bytes_min: config.journal.free_bytes_min,
        ..SledOptions::default()
    }
}

pub(super) fn state(config: &Config) -> SledStateOptions {
    SledStateOptions { cache_bytes: config.state.cache_bytes, ..SledStateOptions::default() }
}

pub(super) fn live(config: &Config) -> LiveLimits {
    let live = &config.live;
    LiveLimits {
        topics_per_connection: size(live.topics_max),
        subscriptions: size(live.subscriptions_max),
        connections_per_address: size(live.connections_per_address_max),
        connections: size(live.connections_max),
        idle_s: live.idle_timeout_ms.div_ceil(1000),
        ping_s: live.ping_interval_ms.div_ceil(1000),
        frame_interval_ms: live.frame_interval_ms,
        outbox_frames: size(live.outbox_frames_max),
        snapshot_entities: size(live.snapshot_entities_max),
        pending_keys: size(live.pending_keys_max),
    }
}

pub(super) fn sockets(config: &Config) -> SocketLimits {
    let live = &config.live;
    SocketLimits {
        message_bytes: size(live.message_bytes_max),
        messages_per_s: small(live.messages_per_second_max),
        messages_burst: small(live.messages_burst_max),
        allowed_origins: live.allowed_origins.clone(),
        trust_forwarded_for: config.http.trust_forwarded_for,
    }
}

pub(super) fn shop(config: &Config) -> ShopSettings {
    let (shop, currency) = (&config.shop, config.shop.currency);
    let method = |method: &crate::config::ShippingMethod| ShippingMethod {
        id: method.id.clone(),
        name: method.name.clone(),
        price: Money { amount: i64::try_from(method.price_minor).unwrap_or(i64::MAX), currency },
        days: method.days,
    };
    ShopSettings {
        currency,
        tax_basis_points: shop.tax_basis_points,
        shipping_methods: shop.shipping_methods.iter().map(method).collect(),
        hold_ttl_ms: shop.hold_ttl_ms,
        capture: match shop.capture {
            Capture::OnVerified => CapturePolicy::OnVerified,
            Capture::Manual => CapturePolicy::Manual,
        },
        public_stock_counts: config.live.public_stock_counts,
    }
}

pub(super) fn http(config: &Config) -> HttpLimits {
    let (http, page_max) = (&config.http, size(config.http.page_limit_max));
    HttpLimits {
        body_bytes: size(http.body_bytes_max),
        request_timeout_ms: http.request_timeout_ms,
        // The engine's reply comes before the request's time-out, and is more precise.
        answer_within_ms: config.actors.command_timeout_ms.min(http.request_timeout_ms.saturating_sub(1)),
        page_default: size(http.page_limit_default).min(page_max),
        page_max,
        inflight_max: size(http.inflight_max),
        ..HttpLimits::default()
    }
}

pub(super) fn server(config: &Config) -> ServerLimits {
    ServerLimits {
        connections: small(config.http.connections_max),
        head_within: Duration::from_millis(config.http.head_timeout_ms),
    }
}

pub(super) fn identity(config: &Config) -> IdentitySettings {
    let identity = &config.identity;
    let secret = |secret: &Configured| (!secret.is_empty()).then(|| Secret::new(secret.expose()));
    IdentitySettings {
        access_token_ttl_s: small(identity.token_ttl_ms.div_ceil(1000)),
        secure_cookies: identity.secure_cookies,
        secret: secret(&identity.signing_key),
        superadmin_password: secret(&identity.superadmin_password),
        trusted_origins: identity.trusted_origins.clone(),
        trust_forwarded_for: config.http.trust_forwarded_for,
    }
}

/// The runtime's bounds for the sandbox.
pub(super) fn sandbox_connector(config: &Config) -> ConnectorSettings {
    let sandbox = &config.payments.sandbox;
    ConnectorSettings {
        in_flight_max: size(sandbox.in_flight_max),
        timeout: Duration::from_millis(sandbox.timeout_ms),
        breaker: BreakerSettings {
            failures: sandbox.breaker_failures,
            rest: Duration::from_millis(sandbox.breaker_rest_ms),
        },
    }
}

/// The sandbox's behaviour.
pub(super) fn sandbox(config: &Config) -> SandboxSettings {
    let sandbox = &config.payments.sandbox;
    SandboxSettings {
        slow_ms: small(sandbox.slow_ms),
        timeout_ms: small(sandbox.timeout_ms),
        webhook_delay_ms: small(sandbox.webhook_delay_ms),
        duplicate_webhooks: sandbox.duplicate_webhooks,
        shuffle_webhooks: sandbox.shuffle_webhooks,
        books_elsewhere: config.cluster.is_on(),
        ..SandboxSettings::default()
    }
}
