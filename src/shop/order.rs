//! Orders: lists, one order and its history, cancelling, staff's transitions, parcels.
//!
//! [`wire`] is an order's one shape, [`access`] checks the reader's permission, `projection` gives its index rows,
//! [`live`] has the topics, [`mail`] what the shopper is written.

pub mod access;
pub mod cancel;
mod codes;
mod fulfilments;
mod history;
mod list;
pub mod live;
pub mod lookup;
pub mod mail;
mod of_user;
pub mod projection;
pub mod reference;
mod refusals;
mod routes;
mod transitions;
pub mod wire;

use std::sync::Arc;

use utoipa_axum::{router::OpenApiRouter, routes};

use super::{AppState, Capability, Families, Front};
use crate::actors::projection::Projection;

pub const CAPABILITY: Capability = Capability { projections, topics, ..Capability::new(routes, codes::ALL) };

fn topics(_: &Front) -> Families {
    Families { one: vec![Arc::new(live::OneOrder)], many: vec![Arc::new(live::Board)] }
}

fn projections(_: &Front) -> Vec<Arc<dyn Projection>> {
    vec![Arc::new(projection::Orders)]
}

fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(routes!(routes::list_orders))
        .routes(routes!(routes::get_order, routes::cancel_order))
        .routes(routes!(routes::list_orders_by_status))
        .routes(routes!(lookup::look_up_order))
        .routes(routes!(of_user::list_orders_of_user))
        .routes(routes!(transitions::move_order))
        .routes(routes!(transitions::update_order))
        .routes(routes!(fulfilments::fulfil_order))
        .routes(routes!(history::get_order_history))
}
