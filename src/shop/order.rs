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
mod mine;
mod of_user;
pub mod projection;
pub mod reference;
mod refusals;
mod routes;
mod transitions;
pub mod wire;

pub use lookup::{LookupBody, looked_up};
pub use projection::ORDERS_BY_CONTACT;

use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;

use super::{AppState, Capability, Families, Front};
use crate::actors::projection::Projection;
use crate::http::auth::declared;

pub const CAPABILITY: Capability = Capability { projections, topics, ..Capability::new(routes, codes::ALL) };

fn topics(_: &Front) -> Families {
    Families { one: vec![Arc::new(live::OneOrder)], many: vec![Arc::new(live::Board)] }
}

fn projections(front: &Front) -> Vec<Arc<dyn Projection>> {
    let index = || front.addresses.clone();
    vec![Arc::new(projection::Orders(index())), Arc::new(projection::OrdersOfGuests(index()))]
}

fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(declared!(routes::list_orders))
        .routes(declared!(routes::get_order, routes::cancel_order))
        .routes(declared!(routes::list_orders_by_status))
        .routes(declared!(lookup::look_up_order))
        .routes(declared!(of_user::list_orders_of_user))
        .routes(declared!(transitions::move_order))
        .routes(declared!(transitions::update_order))
        .routes(declared!(fulfilments::fulfil_order))
        .routes(declared!(history::get_order_history))
}
