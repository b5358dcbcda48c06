//! Unpaid orders: how much may wait for a payment, by buyer and by network address; pauses for those who let it expire;
//! and the numbers for the board.
//!
//! [`UnpaidOrders`] is the one handle: a table of this node, in memory. `projection` fills it from the orders' states, so
//! that what a buyer keeps survives a restart and is known to every node; an address is known to the node that it spoke
//! to, and no journal has it. A buyer's share of a SKU is the stock's own decision (`domain/stock/share.rs`).
//! Deliberately absent: what a checkout does (`shop/checkout`), and orders themselves.

mod bounds;
mod codes;
mod live;
mod orders;
mod pauses;
mod projection;
mod refusals;
mod routes;
mod table;
mod tally;
#[cfg(test)]
mod tests;
mod wire;

use std::sync::Arc;

use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;

pub use self::{
    bounds::{Asked, AskedLine, OverShare, UnpaidRefusal},
    orders::UnpaidOrders,
    tally::Holder,
};
use super::{AppState, Capability, Families, Front};
use crate::actors::projection::Projection;
use crate::http::auth::declared;

pub const CAPABILITY: Capability = Capability { projections, topics, ..Capability::new(routes, codes::ALL) };

fn topics(front: &Front) -> Families {
    Families { one: vec![], many: vec![Arc::new(live::WaitingOrders(front.unpaid.clone()))] }
}

fn projections(front: &Front) -> Vec<Arc<dyn Projection>> {
    vec![Arc::new(front.unpaid.clone())]
}

/// The shape of the topic's frames, which no operation returns.
#[derive(OpenApi)]
#[openapi(components(schemas(wire::UnpaidOrderBody)))]
struct Frames;

fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(Frames::openapi()).routes(declared!(routes::show_unpaid))
}
