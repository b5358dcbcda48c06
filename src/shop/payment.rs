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

use utoipa_axum::{router::OpenApiRouter, routes};

use super::{AppState, Capability, Front};
use crate::actors::projection::Projection;

pub const CAPABILITY: Capability = Capability { projections, ..Capability::new(routes, codes::ALL) };

fn projections(_: &Front) -> Vec<Arc<dyn Projection>> {
    vec![Arc::new(projection::Payments)]
}

fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(routes!(routes::create_payment))
        .routes(routes!(one::get_payment))
        .routes(routes!(list::list_payments))
        .routes(routes!(list::list_payments_by_status))
        .routes(routes!(list::list_payments_of_user))
        .routes(routes!(upkeep::capture_payment))
        .routes(routes!(upkeep::void_payment))
        .routes(routes!(upkeep::refund_payment))
        .routes(routes!(upkeep::create_refund))
        .merge(webhook::routes())
}
