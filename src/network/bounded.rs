//! A table about clients that strangers can fill, with a bound: at the bound a new entry displaces the one that was
//! touched longest ago.

use std::{
    collections::{BTreeMap, HashMap},
    hash::Hash,
};

#[derive(Debug)]
pub struct Bounded<K, V> {
    max: usize,
    entries: HashMap<K, (V, u64)>,
    /// The touch that an entry had last -> its key, oldest first.
    order: BTreeMap<u64, K>,
    touches: u64,
}

impl<K: Clone + Eq + Hash, V: Default> Bounded<K, V> {
    pub fn new(max: usize) -> Self {
        Self { max, entries: HashMap::new(), order: BTreeMap::new(), touches: 0 }
    }

    /// Without touching it.
    pub fn get(&self, key: &K) -> Option<&V> {
        self.entries.get(key).map(|(value, _)| value)
    }

    /// The key's entry, made where there is none.
    pub fn touch(&mut self, key: &K) -> &mut V {
        if !self.entries.contains_key(key)
            && self.entries.len() >= self.max
            && let Some((_, oldest)) = self.order.pop_first()
        {
            self.entries.remove(&oldest);
        }
        self.touches += 1;
        let (value, touched) = self.entries.entry(key.clone()).or_default();
        self.order.remove(touched);
        *touched = self.touches;
        self.order.insert(self.touches, key.clone());
        value
    }

    pub fn remove(&mut self, key: &K) {
        if let Some((_, touched)) = self.entries.remove(key) {
            self.order.remove(&touched);
        }
    }

    pub fn len(&self) -> usize {
        debug_assert_eq!(self.entries.len(), self.order.len());
        self.entries.len()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_one_touched_longest_ago_goes() {
        let mut table = Bounded::<u32, u32>::new(3);
        for key in [1, 2, 3, 1, 4] {
            *table.touch(&key) += 1;
        }
        assert_eq!((table.get(&1), table.get(&2), table.len()), (Some(&2), None, 3));
        table.remove(&1);
        table.remove(&9);
        assert_eq!((table.get(&1), table.len()), (None, 2));
        table.touch(&5);
        table.touch(&6);
        assert_eq!((table.get(&3), table.get(&4).is_some(), table.len()), (None, true, 3));
    }
}
