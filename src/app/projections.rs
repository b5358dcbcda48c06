//! What hangs on the tail: the registry of projections, and the live hub that looks on.

use std::sync::Arc;

use crate::{
    actors::{
        listener::{Change, Listener},
        projection::Projections,
    },
    domain::key::EntityKey,
    live::Hub,
    shop::{self, product::catalogue::Catalogue},
};

/// Every read model of the shop.
pub fn projections(catalogue: &Catalogue) -> Projections {
    Projections::from(shop::projections()).with(Arc::new(catalogue.clone()))
}

impl Listener for Hub {
    fn interested(&self, key: &EntityKey) -> bool {
        self.listens_to(key)
    }

    fn committed(&self, changes: &[Change]) {
        for change in changes {
            self.publish_one(&change.key, change.version, &change.view);
        }
    }
}
