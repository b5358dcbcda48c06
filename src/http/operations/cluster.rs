//! The engine's own view of itself.

use axum::{Json, extract::State};

use crate::{
    actors::gateway::NodeStatus,
    http::{AppState, auth::Staff},
};

/// Nodes, shards, actors by kind, rates, journal lag
#[utoipa::path(get, path = "/api/cluster", tag = "Operations", security(("bearer" = [])),
    responses((status = 200, description = "The state of this node and what it knows of others", body = Object)))]
pub async fn get_cluster(State(state): State<AppState>, Staff(_who): Staff) -> Json<NodeStatus> {
    Json(state.gateway.status())
}
