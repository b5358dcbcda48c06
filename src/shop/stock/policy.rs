//! A SKU's policy: only what is in the house, beyond it up to a bound, or without counting.

use std::num::NonZeroU32;

use axum::{extract::State, response::Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    changes::change,
    wire::{PolicyBody, StockBody},
};
use crate::{
    actors::gateway::Call,
    domain::stock::{StockCommand, StockPolicy},
    http::{Body, Path, Problem, auth::Staff, conditional::IfMatch},
    identity::may,
    shop::{AppState, product::skus::known},
};

/// The policy's name on the wire; its bound stands beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = StockPolicy)]
pub enum PolicyName {
    /// Only units in the house are sold.
    Tracked,
    /// Sold without regard to the units.
    Untracked,
    /// Sold on when the house is empty, up to `backorder_max` units.
    Backorder,
}

impl PolicyName {
    pub fn of(policy: StockPolicy) -> Self {
        match policy {
            StockPolicy::Tracked => Self::Tracked,
            StockPolicy::Untracked => Self::Untracked,
            StockPolicy::Backorder { .. } => Self::Backorder,
        }
    }
}

/// How far a SKU is sold beyond the units in the house
///
/// `oversold` counts what is owed; a stricter policy leaves it, and refuses more.
#[utoipa::path(put, path = "/api/stock/{sku}/policy", tag = "Stock",
    params(("sku" = String, Path), ("if-match" = Option<String>, Header)), request_body = PolicyBody,
    responses((status = 200, description = "The new levels", body = StockBody, headers(("etag" = String))),
        (status = 404, description = "`unknown_sku`"),
        (status = 422, description = "`invalid_field`"),
    ))]
pub async fn set_stock_policy(
    State(state): State<AppState>,
    Staff(who, ..): Staff<may::StockWrite>,
    Path(sku): Path<String>,
    IfMatch(expected_version): IfMatch,
    Body(body): Body<PolicyBody>,
) -> Result<Response, Problem> {
    let (sku, _) = known(&state, &sku)?;
    let command = StockCommand::SetPolicy { policy: policy(&body)? };
    change(&state, sku, command, Call { expected_version, ..state.call(&who) }).await
}

fn policy(body: &PolicyBody) -> Result<StockPolicy, Problem> {
    let up_to = body.backorder_max.map(|units| u32::try_from(units).ok().and_then(NonZeroU32::new));
    match (body.policy, up_to) {
        (PolicyName::Tracked, None) => Ok(StockPolicy::Tracked),
        (PolicyName::Untracked, None) => Ok(StockPolicy::Untracked),
        (PolicyName::Backorder, Some(Some(up_to))) => Ok(StockPolicy::Backorder { up_to }),
        (PolicyName::Tracked | PolicyName::Untracked, Some(_)) => {
            Err(Problem::field("backorder_max", "belongs to the policy backorder"))
        }
        (PolicyName::Backorder, None | Some(None)) => {
            let why = format!("1 to {} units that may be owed", u32::MAX);
            Err(Problem::field("backorder_max", why).with("max", u32::MAX))
        }
    }
}
