//! Liveness and readiness. A process that lives but is not ready must not be restarted, only not be sent requests:
//! hence two endpoints.

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::metrics::may_read;
use crate::{
    actors::ports::journal::Damage,
    http::{Code, Problem, Toolkit, auth::Public},
};

#[derive(Serialize, ToSchema)]
pub struct Ready {
    /// `ready`, or `degraded`: the shop serves, and old records of its journal are damaged.
    #[schema(example = "ready")]
    status: &'static str,
    /// What an acknowledgement means here: `local-synced`, `replicated-unsynced` or `replicated-synced`.
    durability: &'static str,
    /// In a cluster, where this node's own clock is a second or more off: milliseconds ahead of the cluster's time, by
    /// which the node decides.
    #[serde(skip_serializing_if = "Option::is_none")]
    clock_skew_ms: Option<i64>,
    /// The disk is nearly full: carts and checkouts are refused (`no_room`), and what was accepted goes on. Why, in full to
    /// whoever may read `/metrics`.
    #[serde(skip_serializing_if = "Option::is_none")]
    no_room: Option<String>,
    /// What nobody may overlook here, such as payments without money; mostly empty.
    #[schema(value_type = Vec<String>)]
    notices: Vec<&'static str>,
    /// Only where there is damage, for whoever may read `/metrics`.
    #[serde(skip_serializing_if = "Option::is_none")]
    damage: Option<DamageBody>,
}

/// Acknowledged records that cannot be read any more.
#[derive(Serialize, ToSchema)]
pub struct DamageBody {
    /// Found since the start; 1024 at most.
    records: usize,
    /// The first that was found: `souk journal verify` names all.
    shard: u16,
    seq: u64,
    problem: String,
}

impl From<Damage> for DamageBody {
    fn from(damage: Damage) -> Self {
        let Damage { shard, seq, problem, records } = damage;
        Self { records, shard: shard.0, seq, problem: problem.to_string() }
    }
}

/// A smaller difference changes nothing, and is in `/api/cluster`.
const SKEW_SHOWN_MS: u64 = 1_000;

/// The process answers
#[utoipa::path(get, path = "/healthz", tag = "Operations",
    responses((status = 200, description = "Always `ok`", content_type = "text/plain", body = String)))]
pub async fn healthz(_: Public) -> &'static str {
    "ok"
}

/// The shop takes commands
#[utoipa::path(get, path = "/readyz", tag = "Operations",
    responses(
        (status = 200, description = "Every shard takes commands", body = Ready),
        (status = 503, description = "`unavailable`; `detail` says why, in full to whoever may read `/metrics`"),
    ))]
pub async fn readyz(_: Public, State(toolkit): State<Toolkit>, headers: HeaderMap) -> Response {
    // A disk's path, a server's address and a record's place are nothing for a stranger.
    let in_full = may_read(&toolkit, &headers).await.is_ok();
    match toolkit.gateway.ready() {
        Ok(()) => {
            let skew = toolkit.gateway.status().clock_skew_ms();
            let clock_skew_ms = skew.filter(|ms| ms.unsigned_abs() >= SKEW_SHOWN_MS);
            let (durability, notices) = (toolkit.durability, toolkit.notices.clone());
            let no_room = toolkit.gateway.tight().map(|why| match in_full {
                true => why.to_string(),
                false => "the disk is nearly full; the server's log has the reason".to_owned(),
            });
            let damage = toolkit.gateway.damage();
            let status = if damage.is_some() { "degraded" } else { "ready" };
            let damage = damage.filter(|_| in_full).map(DamageBody::from);
            let ready = Ready { status, durability, clock_skew_ms, no_room, notices, damage };
            (StatusCode::OK, Json(ready)).into_response()
        }
        Err(why) => {
            let detail = if in_full { why.to_string() } else { why.in_public() };
            Problem::new(Code::UNAVAILABLE, detail).retry_after(1000).into_response()
        }
    }
}
