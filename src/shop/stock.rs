//! Stock: a SKU's availability, and staff's levels, receipts, adjustments, policies, holds by hand and the ledger.

pub mod by_hand;
pub mod changes;
mod codes;
mod holds;
mod list;
pub mod live;
pub mod movements;
mod one;
pub mod policy;
pub mod projection;
mod refusals;
pub mod wire;

use std::sync::Arc;

use utoipa_axum::{router::OpenApiRouter, routes};

use super::{AppState, Capability, Families, Front};
use crate::actors::projection::Projection;

pub const CAPABILITY: Capability = Capability { projections, topics, ..Capability::new(routes, codes::ALL) };

fn topics(front: &Front) -> Families {
    let public_counts = front.public_stock_counts;
    Families { one: vec![Arc::new(live::OneStock { public_counts })], many: vec![Arc::new(live::StockLevels)] }
}

fn projections(_: &Front) -> Vec<Arc<dyn Projection>> {
    vec![Arc::new(projection::LowStock)]
}

fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(routes!(one::get_stock))
        .routes(routes!(list::list_stock))
        .routes(routes!(changes::receive_stock))
        .routes(routes!(changes::adjust_stock))
        .routes(routes!(changes::set_stock_threshold))
        .routes(routes!(policy::set_stock_policy))
        .routes(routes!(movements::list_stock_movements))
        .routes(routes!(holds::hold_stock))
        .routes(routes!(holds::release_stock_hold))
}
