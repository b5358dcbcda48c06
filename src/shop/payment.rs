//! Payments: paying an order, providers' webhooks, and staff's captures, voids and refunds.

mod codes;
mod list;
mod one;
pub mod outcome;
pub mod pay;
pub mod projection;
mod refusals;
mod routes;
mod upkeep;
pub mod webhook;
pub mod wire;

use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;

use super::{AppState, Capability, Front};
use crate::actors::projection::Projection;
use crate::http::auth::declared;

pub const CAPABILITY: Capability = Capability { projections, ..Capability::new(routes, codes::ALL) };

fn projections(_: &Front) -> Vec<Arc<dyn Projection>> {
    vec![Arc::new(projection::Payments)]
}

fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(declared!(routes::create_payment))
        .routes(declared!(one::get_payment))
        .routes(declared!(list::list_payments))
        .routes(declared!(list::list_payments_by_status))
        .routes(declared!(list::list_payments_of_user))
        .routes(declared!(upkeep::capture_payment))
        .routes(declared!(upkeep::void_payment))
        .routes(declared!(upkeep::refund_payment))
        .routes(declared!(upkeep::create_refund))
        .merge(webhook::routes())
}
