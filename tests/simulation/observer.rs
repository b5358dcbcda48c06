//! What live viewers are shown: every announced view, remembered across crashes, to be compared with
//! the journal afterwards (G5).

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use souk::{
    actors::listener::{Change, Listener},
    domain::{key::EntityKey, kinds::AnyView},
};

/// An entity in one of its versions, as a viewer was shown it.
pub type Shown = (EntityKey, u64, AnyView);

/// Survives crashes.
#[derive(Clone, Default)]
pub struct Seen(pub Arc<Mutex<Vec<Shown>>>);

/// One incarnation's viewers.
pub struct Observer {
    pub seen: Seen,
    pub newest: Mutex<HashMap<EntityKey, u64>>,
    /// Set when a view went back in version.
    pub went_back: Arc<Mutex<Vec<String>>>,
}

impl Listener for Observer {
    fn interested(&self, _: &EntityKey) -> bool {
        true
    }

    fn committed(&self, changes: &[Change]) {
        let mut newest = self.newest.lock().unwrap();
        for change in changes {
            let before = newest.insert(change.key.clone(), change.version);
            if before.is_some_and(|before| before >= change.version) {
                let line = format!("G5: {} went from version {before:?} to {}", change.key, change.version);
                self.went_back.lock().unwrap().push(line);
            }
            self.seen.0.lock().unwrap().push((change.key.clone(), change.version, change.view.clone()));
        }
    }
}
