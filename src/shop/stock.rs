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

use utoipa_axum::router::OpenApiRouter;

use super::{AppState, Capability, Families, Front};
use crate::actors::projection::Projection;
use crate::http::auth::declared;

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
        .routes(declared!(one::get_stock))
        .routes(declared!(list::list_stock))
        .routes(declared!(changes::receive_stock))
        .routes(declared!(changes::adjust_stock))
        .routes(declared!(changes::set_stock_threshold))
        .routes(declared!(policy::set_stock_policy))
        .routes(declared!(movements::list_stock_movements))
        .routes(declared!(holds::hold_stock))
        .routes(declared!(holds::release_stock_hold))
}
