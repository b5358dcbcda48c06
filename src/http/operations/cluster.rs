//! The state of this node's engine, and of the nodes around it.

use axum::{Json, extract::State};
use serde::Serialize;

use crate::{
    actors::gateway::NodeStatus,
    http::{Toolkit, auth::Staff},
    identity::may,
};

#[derive(Serialize)]
pub struct ClusterBody {
    #[serde(flatten)]
    status: NodeStatus,
    /// What an acknowledgement means here: `local-synced`, `replicated-unsynced`, `replicated-synced`.
    durability: &'static str,
    /// Durable records that this node's views do not contain yet, by shard; `null` where the journal does not answer.
    lag: Vec<Option<u64>>,
}

/// Nodes, shards, owners, epochs, journal lag
#[utoipa::path(get, path = "/api/cluster", tag = "Operations",
    responses((status = 200, description = "The state of this node and what it knows of others", body = Object)))]
pub async fn get_cluster(
    State(toolkit): State<Toolkit>,
    Staff(_who, ..): Staff<may::OperationsRead>,
) -> Json<ClusterBody> {
    let lag = toolkit.gateway.tail_lags().await;
    Json(ClusterBody { status: toolkit.gateway.status(), durability: toolkit.durability, lag })
}
