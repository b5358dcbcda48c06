//! The views sent to live viewers: every announced view, remembered across crashes, to be compared with the journal
//! afterwards (G5). The index rows are production's.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use souk::{
    actors::{
        fold::{Change, Fold},
        ports::Row,
    },
    domain::{
        key::EntityKey,
        kinds::{AnyState, AnyView, Kind},
    },
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

impl Fold for Observer {
    fn version(&self) -> u32 {
        souk::shop::rows::VERSION
    }

    fn rows(&self, key: &EntityKey, model: &AnyState) -> Vec<Row> {
        souk::shop::rows::index_rows(key, model).into_iter().map(|(table, key)| Row { table, key }).collect()
    }

    fn wants(&self, _: &EntityKey) -> bool {
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

    fn keeps(&self, _: Kind) -> bool {
        false
    }

    fn loaded(&self, _: &EntityKey, _: u64, _: &AnyState) {}
}
