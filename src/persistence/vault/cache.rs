//! Keys that were made lately: the last two generations of a bounded number.

use std::{collections::HashMap, sync::Arc};

use ring::aead::LessSafeKey;

use super::keyring::Index;

/// Keys of one generation. At the bound the older generation goes.
const GENERATION: usize = 4_096;

#[derive(Default)]
pub struct Cache {
    young: HashMap<Index, Arc<LessSafeKey>>,
    old: HashMap<Index, Arc<LessSafeKey>>,
}

impl Cache {
    pub fn get_or(&mut self, index: Index, make: impl FnOnce() -> Option<LessSafeKey>) -> Option<Arc<LessSafeKey>> {
        if let Some(key) = self.young.get(&index) {
            return Some(key.clone());
        }
        let key = match self.old.get(&index) {
            Some(key) => key.clone(),
            None => Arc::new(make()?),
        };
        if self.young.len() >= GENERATION {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(index, key.clone());
        Some(key)
    }
}
