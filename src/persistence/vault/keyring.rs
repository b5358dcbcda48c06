//! The keys of a shop as they are kept: 256 trees, in which each person has a place.
//!
//! They are kept as items: the roots, and one item for each tree in which somebody was forgotten. A tree's own item is
//! newer than its root, which is overwritten next. Frozen: what was sealed is opened by it for ever.

use std::{collections::BTreeMap, fmt};

use data_encoding::HEXLOWER;
use ring::digest::{SHA256, digest};

use super::tree::{BadTree, PLACE_LEN, Place, Seed, Tree};
use crate::domain::personal::Subject;

const TREES: usize = 256;
const MAGIC: &[u8; 8] = b"SoukKey1";
const SUM: usize = 4;

/// One thing to be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Item {
    Roots,
    Tree(u8),
}

impl Item {
    /// Frozen: names of files and subjects.
    pub fn name(self) -> String {
        match self {
            Self::Roots => "roots".to_owned(),
            Self::Tree(number) => format!("tree-{number:02x}"),
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        let all = std::iter::once(Self::Roots).chain((0..=u8::MAX).map(Self::Tree));
        all.into_iter().find(|item| item.name() == name)
    }
}

/// Where a subject's key is: its tree, and its place there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Index(pub [u8; 1 + PLACE_LEN]);

impl Index {
    pub const LEN: usize = 1 + PLACE_LEN;

    pub fn of(subject: Subject) -> Self {
        let found = digest(&SHA256, format!("souk/subject/{subject}").as_bytes());
        let mut index = [0; Self::LEN];
        index.copy_from_slice(&found.as_ref()[..Self::LEN]);
        Self(index)
    }

    pub fn tree(self) -> u8 {
        self.0[0]
    }

    fn place(self) -> Place {
        let mut place = [0; PLACE_LEN];
        place.copy_from_slice(&self.0[1..]);
        place
    }
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadKeys {
    #[error("{0} is missing")]
    Missing(&'static str),
    #[error("{0} is damaged")]
    Damaged(String),
}

impl From<BadTree> for BadKeys {
    fn from(error: BadTree) -> Self {
        Self::Damaged(error.to_string())
    }
}

#[derive(Clone)]
pub struct Keyring {
    /// Names these keys; no secret.
    pub id: [u8; 8],
    /// Names e-mail addresses.
    pub addresses: [u8; 32],
    /// [`TREES`] of them.
    trees: Vec<Tree>,
    /// Trees that have an item of their own, while the roots still have their seed.
    half: Vec<u8>,
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keyring({})", self.name())
    }
}

impl Keyring {
    /// From `random`, which gives bytes that nobody can guess.
    pub fn new<E>(mut random: impl FnMut(&mut [u8]) -> Result<(), E>) -> Result<Self, E> {
        let (mut id, mut addresses) = ([0; 8], [0; 32]);
        random(&mut id)?;
        random(&mut addresses)?;
        let mut tree = || {
            let mut seed = [0; 32];
            random(&mut seed).map(|()| Tree::Seed(seed))
        };
        let trees = (0..TREES).map(|_| tree()).collect::<Result<_, E>>()?;
        Ok(Self { id, addresses, trees, half: Vec::new() })
    }

    pub fn name(&self) -> String {
        HEXLOWER.encode(&self.id)
    }

    pub fn key(&self, index: Index) -> Option<Seed> {
        self.trees.get(usize::from(index.tree()))?.key(&index.place())
    }

    pub fn forget(&mut self, index: Index) {
        if let Some(tree) = self.trees.get_mut(usize::from(index.tree())) {
            tree.forget(&index.place());
        }
    }

    /// Somebody was forgotten in the tree, and the seed of the whole tree is still among the roots.
    pub fn is_half_forgotten(&self) -> bool {
        !self.half.is_empty()
    }

    /// The item's content; of the roots without the seeds of trees in which somebody was forgotten.
    pub fn write(&self, item: Item) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        match item {
            Item::Roots => {
                out.extend_from_slice(&self.id);
                out.extend_from_slice(&self.addresses);
                for tree in &self.trees {
                    out.extend_from_slice(&if let Tree::Seed(seed) = tree { *seed } else { [0; 32] });
                }
            }
            Item::Tree(number) => {
                if let Some(tree) = self.trees.get(usize::from(number)) {
                    tree.write(&mut out);
                }
            }
        }
        let sum = crc32fast::hash(&out);
        out.extend_from_slice(&sum.to_be_bytes());
        out
    }

    pub fn read(items: &BTreeMap<Item, Vec<u8>>) -> Result<Self, BadKeys> {
        let roots = body(Item::Roots, items.get(&Item::Roots).ok_or(BadKeys::Missing("the keys' roots"))?)?;
        let damaged = || BadKeys::Damaged(Item::Roots.name());
        let (id, rest) = roots.split_first_chunk().ok_or_else(damaged)?;
        let (addresses, rest) = rest.split_first_chunk().ok_or_else(damaged)?;
        let (seeds, []) = rest.as_chunks::<32>() else { return Err(damaged()) };
        if seeds.len() != TREES {
            return Err(damaged());
        }
        let mut half = Vec::new();
        let tree = |(number, seed): (u8, &Seed)| match (items.get(&Item::Tree(number)), *seed == [0; 32]) {
            (None, false) => Ok(Tree::Seed(*seed)),
            (None, true) => Err(BadKeys::Missing("a tree of the keys")),
            (Some(bytes), gone) => {
                if !gone {
                    half.push(number);
                }
                Ok(Tree::read(body(Item::Tree(number), bytes)?)?)
            }
        };
        let trees = (0..=u8::MAX).zip(seeds).map(tree).collect::<Result<_, _>>()?;
        Ok(Self { id: *id, addresses: *addresses, trees, half })
    }
}

fn body(item: Item, bytes: &[u8]) -> Result<&[u8], BadKeys> {
    let damaged = || BadKeys::Damaged(item.name());
    let (whole, sum) = bytes.split_last_chunk::<SUM>().ok_or_else(damaged)?;
    let sound = crc32fast::hash(whole).to_be_bytes() == *sum;
    whole.strip_prefix(MAGIC).filter(|_| sound).ok_or_else(damaged)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::ids::UserId;

    fn keyring() -> Keyring {
        let mut next = 0;
        let random = |bytes: &mut [u8]| {
            next += 1;
            bytes.fill(next as u8 | 1);
            Ok::<(), ()>(())
        };
        Keyring::new(random).unwrap()
    }

    fn index(user: u128) -> Index {
        Index::of(Subject::User(UserId(Uuid::from_u128(user))))
    }

    fn items(keyring: &Keyring, of: &[Item]) -> BTreeMap<Item, Vec<u8>> {
        of.iter().map(|item| (*item, keyring.write(*item))).collect()
    }

    #[test]
    fn a_subjects_index_is_frozen() {
        assert_eq!(HEXLOWER.encode(&index(7).0), "c31223c91a04a1be56ad");
    }

    #[test]
    fn kept_items_are_the_keys_again() {
        let mut keys = keyring();
        keys.forget(index(7));
        let tree = Item::Tree(index(7).tree());
        let again = Keyring::read(&items(&keys, &[Item::Roots, tree])).unwrap();
        assert_eq!((again.key(index(7)), again.is_half_forgotten()), (None, false));
        assert_eq!(again.key(index(8)), keyring().key(index(8)));
        assert_eq!((again.id, again.addresses), (keys.id, keys.addresses));
        assert!(
            !keys.write(Item::Roots).windows(32).any(|seed| keyring().key(index(7)).is_some_and(|key| key == seed))
        );
    }

    #[test]
    fn a_trees_own_item_is_newer_than_its_root() {
        let (whole, mut keys) = (keyring(), keyring());
        keys.forget(index(7));
        let tree = Item::Tree(index(7).tree());
        let crashed = [items(&whole, &[Item::Roots]), items(&keys, &[tree])].concat_maps();
        let again = Keyring::read(&crashed).unwrap();
        assert!(again.is_half_forgotten() && again.key(index(7)).is_none());
        assert_eq!(again.write(Item::Roots), keys.write(Item::Roots), "the next step overwrites the root");
    }

    #[test]
    fn what_is_missing_or_damaged_is_refused() {
        let mut keys = keyring();
        keys.forget(index(7));
        let tree = Item::Tree(index(7).tree());
        assert_eq!(Keyring::read(&items(&keys, &[tree])).unwrap_err(), BadKeys::Missing("the keys' roots"));
        assert_eq!(Keyring::read(&items(&keys, &[Item::Roots])).unwrap_err(), BadKeys::Missing("a tree of the keys"));
        for at in [0, 9, 20, 100, 8_000] {
            let mut bad = items(&keys, &[Item::Roots, tree]);
            bad.get_mut(&Item::Roots).unwrap()[at] ^= 1;
            assert_eq!(Keyring::read(&bad).unwrap_err(), BadKeys::Damaged("roots".to_owned()));
        }
    }

    trait Concat {
        fn concat_maps(self) -> BTreeMap<Item, Vec<u8>>;
    }

    impl Concat for [BTreeMap<Item, Vec<u8>>; 2] {
        fn concat_maps(self) -> BTreeMap<Item, Vec<u8>> {
            self.into_iter().flatten().collect()
        }
    }

    #[test]
    fn names_read_back() {
        for item in [Item::Roots, Item::Tree(0), Item::Tree(255)] {
            assert_eq!(Item::parse(&item.name()), Some(item));
        }
        assert_eq!(Item::parse("tree-0"), None);
    }
}
