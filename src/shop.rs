//! The shop: one folder for each capability, with its use cases, wire shapes, routes, projections, topics and error
//! codes.
//!
//! The list below is the whole registration of a capability: its module, and its line in [`capabilities`]. A
//! capability's rules are in `domain/<capability>`; the engine (`actors`, `persistence`, `transport`, `live`) and the
//! toolkit (`http`) know none of them. Beside the list: [`services`] (what use cases are given), `state` (what handlers
//! are given), [`topics`](topics()) (what can be watched live), and the wire shapes that several capabilities share
//! ([`money`], [`names`], [`rows`]), and [`mail`], where the capabilities' mails are filled in.

pub mod mail;
pub mod money;
pub mod names;
pub mod rows;
#[cfg(test)]
pub mod samples;
pub mod services;
mod state;
#[cfg(test)]
mod topics_tests;

use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;

pub use self::{
    services::{Front, Services},
    state::AppState,
};
use crate::{
    actors::projection::Projection,
    http::Code,
    live::{ManyEntities, OneEntity, Topics},
};

/// One capability's contributions to the shop.
pub struct Capability {
    pub routes: fn() -> OpenApiRouter<AppState>,
    pub codes: &'static [Code],
    /// Its read models.
    pub projections: fn(&Front) -> Vec<Arc<dyn Projection>>,
    /// What can be watched.
    pub topics: fn(&Front) -> Families,
}

impl Capability {
    /// Only routes and codes; a capability adds its other contributions.
    pub const fn new(routes: fn() -> OpenApiRouter<AppState>, codes: &'static [Code]) -> Self {
        Self { routes, codes, projections: |_| Vec::new(), topics: |_| Families::default() }
    }
}

/// The topic families of a capability.
#[derive(Default)]
pub struct Families {
    pub one: Vec<Arc<dyn OneEntity>>,
    pub many: Vec<Arc<dyn ManyEntities>>,
}

/// Declares each capability's module and lists its contributions.
macro_rules! capabilities {
    ($($name:ident),* $(,)?) => {
        $(pub mod $name;)*

        pub const CAPABILITIES: &[Capability] = &[$($name::CAPABILITY),*];
    };
}

capabilities! {
    account,
    api_key,
    cart,
    category,
    checkout,
    erasure,
    note,
    order,
    payment,
    product,
    role,
    stock,
    unpaid,
    user,
}

/// Every capability's routes.
pub fn routes() -> OpenApiRouter<AppState> {
    CAPABILITIES.iter().fold(OpenApiRouter::default(), |all, capability| all.merge((capability.routes)()))
}

/// Every projection.
pub fn projections(front: &Front) -> Vec<Arc<dyn Projection>> {
    CAPABILITIES.iter().flat_map(|capability| (capability.projections)(front)).collect()
}

/// Every topic family.
pub fn topics(front: &Front) -> Topics {
    let (mut one, mut many) = (Vec::new(), Vec::new());
    for families in CAPABILITIES.iter().map(|capability| (capability.topics)(front)) {
        one.extend(families.one);
        many.extend(families.many);
    }
    Topics::new(one, many)
}

/// Every error code: the toolkit's and each capability's.
pub fn codes() -> impl Iterator<Item = Code> {
    crate::http::error::ALL.iter().chain(CAPABILITIES.iter().flat_map(|capability| capability.codes)).copied()
}

/// Ids have one spelling (lower-case hyphenated UUID), so that one entity is never two topics.
fn one_spelling<T: std::str::FromStr + std::fmt::Display>(text: &str) -> Option<T> {
    text.parse::<T>().ok().filter(|id| id.to_string() == text)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const PAGE: &str = include_str!("../docs/errors.md");

    /// The page's rows, as (code, status).
    fn documented() -> Vec<(&'static str, &'static str)> {
        let cells = |line: &'static str| {
            let mut cells = line.strip_prefix("| `")?.split(" | ");
            Some((cells.next()?.trim_end_matches('`'), cells.next()?))
        };
        PAGE.lines().filter_map(cells).collect()
    }

    #[test]
    fn every_code_is_explained_with_its_status_and_nothing_else_is() {
        let codes: Vec<_> = codes().map(|code| (code.name(), code.status().as_str().to_owned())).collect();
        let known: BTreeSet<_> = codes.iter().map(|(name, status)| (*name, status.as_str())).collect();
        assert_eq!(known.len(), codes.len(), "one code stands in two lists");
        assert_eq!(documented().into_iter().collect::<BTreeSet<_>>(), known);
        assert_eq!(documented().len(), known.len(), "docs/errors.md explains a code twice");
        assert!(documented().is_sorted_by_key(|(_, status)| *status), "docs/errors.md lists by status");
    }

    #[test]
    fn names_are_unique_and_snake_case() {
        let names: Vec<_> = codes().map(Code::name).collect();
        assert!(names.iter().all(|name| name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')), "{names:?}");
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
    }
}
