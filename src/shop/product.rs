//! Products: the shop front's lists and pages, and the SKUs on sale.
//!
//! [`catalogue`] is the read model in memory; [`wire`] describes the JSON that it writes.

pub mod catalogue;
mod codes;
pub mod projection;
pub mod routes;
mod sample_picture;
pub mod skus;
pub mod wire;

use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;

use super::{AppState, Capability, Front};
use crate::actors::projection::Projection;
use crate::http::auth::declared;

pub const CAPABILITY: Capability = Capability { projections, ..Capability::new(routes, codes::ALL) };

fn projections(front: &Front) -> Vec<Arc<dyn Projection>> {
    vec![Arc::new(projection::Products), Arc::new(front.catalogue.clone())]
}

fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(declared!(routes::list_products))
        .routes(declared!(routes::get_product))
        .routes(declared!(routes::list_products_of_category))
        .routes(declared!(sample_picture::get_sample_picture))
}
