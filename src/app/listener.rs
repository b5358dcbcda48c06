//! The live hub looks on at the tail: each committed change goes to whoever watches.

use crate::{
    actors::listener::{Change, Listener},
    domain::key::EntityKey,
    live::Hub,
};

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
