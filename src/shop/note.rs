//! Notes: what operators write down for each other about any entity. Shoppers never see one.
//!
//! A small capability, and the example of docs/adding-a-capability.md.

mod codes;
mod live;
mod projection;
mod refusals;
mod routes;
mod wire;
mod write;

use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;

use super::{AppState, Capability, Families, Front};
use crate::actors::projection::Projection;
use crate::http::auth::declared;

pub const CAPABILITY: Capability = Capability { projections, topics, ..Capability::new(routes, codes::ALL) };

fn projections(_: &Front) -> Vec<Arc<dyn Projection>> {
    vec![Arc::new(projection::Notes)]
}

fn topics(_: &Front) -> Families {
    Families { many: vec![Arc::new(live::AllNotes)], ..Families::default() }
}

fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default().routes(declared!(routes::list_notes)).routes(declared!(
        routes::get_note,
        routes::write_note,
        routes::remove_note
    ))
}
