//! A key for each of 2^72 places, all from one seed, of which each can be forgotten without the others.
//!
//! Four seeds follow from a seed, sixteen from those, and so on; a place's key is the seed at its end (the puncturable
//! function of Goldreich, Goldwasser and Micali). To forget a place the seeds on its way are given up for those beside
//! it, from which its key does not follow. So nothing is kept for a person until that person is forgotten, and then
//! about 3.6 KB. Deliberately absent: balance and depth as parameters; both are frozen with what was sealed.

use ring::digest::{Context, SHA256};

pub type Seed = [u8; 32];

/// A place's way from the root: two bits a level.
pub type Place = [u8; PLACE_LEN];
pub const PLACE_LEN: usize = 9;
const LEVELS: usize = PLACE_LEN * 4;

#[derive(Clone, Debug, PartialEq)]
pub enum Tree {
    /// Everything below follows from it.
    Seed(Seed),
    Below(Box<[Tree; 4]>),
    Forgotten,
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the keys' tree is cut or too deep")]
pub struct BadTree;

impl Tree {
    /// `None`: forgotten.
    pub fn key(&self, place: &Place) -> Option<Seed> {
        let (mut tree, mut level) = (self, 0);
        loop {
            match tree {
                Self::Forgotten => return None,
                Self::Seed(seed) => {
                    return Some((level..LEVELS).fold(*seed, |seed, level| child(&seed, step(place, level))));
                }
                Self::Below(children) => {
                    tree = children.get(usize::from(step(place, level)))?;
                    level += 1;
                }
            }
        }
    }

    pub fn forget(&mut self, place: &Place) {
        self.forget_below(place, 0);
    }

    fn forget_below(&mut self, place: &Place, level: usize) {
        if level == LEVELS {
            *self = Self::Forgotten;
            return;
        }
        if let Self::Seed(seed) = self {
            *self = Self::Below(Box::new([0, 1, 2, 3].map(|step| Self::Seed(child(seed, step)))));
        }
        if let Self::Below(children) = self {
            if let Some(next) = children.get_mut(usize::from(step(place, level))) {
                next.forget_below(place, level + 1);
            }
            if children.iter().all(|child| *child == Self::Forgotten) {
                *self = Self::Forgotten;
            }
        }
    }

    pub fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Forgotten => out.push(0),
            Self::Seed(seed) => {
                out.push(1);
                out.extend_from_slice(seed);
            }
            Self::Below(children) => {
                out.push(2);
                children.iter().for_each(|child| child.write(out));
            }
        }
    }

    /// The whole of `bytes`.
    pub fn read(mut bytes: &[u8]) -> Result<Self, BadTree> {
        let tree = Self::read_below(&mut bytes, 0)?;
        if bytes.is_empty() { Ok(tree) } else { Err(BadTree) }
    }

    fn read_below(bytes: &mut &[u8], level: usize) -> Result<Self, BadTree> {
        let (tag, rest) = bytes.split_first().ok_or(BadTree)?;
        *bytes = rest;
        match tag {
            0 => Ok(Self::Forgotten),
            1 => {
                let (seed, rest) = bytes.split_first_chunk().ok_or(BadTree)?;
                *bytes = rest;
                Ok(Self::Seed(*seed))
            }
            2 if level < LEVELS => {
                let mut next = || Self::read_below(bytes, level + 1);
                Ok(Self::Below(Box::new([next()?, next()?, next()?, next()?])))
            }
            _ => Err(BadTree),
        }
    }
}

fn step(place: &Place, level: usize) -> u8 {
    (place[level / 4] >> (6 - 2 * (level % 4))) & 3
}

/// One block of SHA-256 over a secret of fixed length and two bits: inputs never extend each other.
fn child(seed: &Seed, step: u8) -> Seed {
    let mut context = Context::new(&SHA256);
    context.update(seed);
    context.update(&[step]);
    let mut out = [0; 32];
    out.copy_from_slice(context.finish().as_ref());
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(tree: &Tree) -> Vec<u8> {
        let mut out = Vec::new();
        tree.write(&mut out);
        out
    }

    #[test]
    fn a_forgotten_place_has_no_key_and_takes_a_few_kilobytes() {
        let mut tree = Tree::Seed([7; 32]);
        let key = tree.key(&[9; 9]).unwrap();
        tree.forget(&[9; 9]);
        assert_eq!(tree.key(&[9; 9]), None);
        assert!(tree.key(&[8; 9]).is_some());
        let bytes = written(&tree);
        assert!(!bytes.windows(32).any(|seed| *seed == key), "the key itself is gone");
        assert!(!bytes.windows(32).any(|seed| *seed == [7; 32]), "and so is what it followed from");
        assert_eq!(bytes.len(), 36 * (1 + 3 * 33) + 1);
    }

    #[test]
    fn keys_are_frozen() {
        let key = Tree::Seed([7; 32]).key(&[1, 2, 3, 4, 5, 6, 7, 8, 9]).unwrap();
        assert_eq!(data_encoding::HEXLOWER.encode(&key[..8]), "ab67d48ac7cdba69");
    }

    #[test]
    fn what_is_cut_or_too_deep_is_refused() {
        let mut tree = Tree::Seed([7; 32]);
        tree.forget(&[9; 9]);
        let bytes = written(&tree);
        for cut in 0..bytes.len() {
            assert_eq!(Tree::read(&bytes[..cut]), Err(BadTree));
        }
        assert_eq!(Tree::read(&[2; 4000]), Err(BadTree));
        assert_eq!(Tree::read(&[bytes, vec![0]].concat()), Err(BadTree));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        /// Close together, so that ways are shared.
        #[test]
        fn the_others_keep_their_keys(places in prop::collection::hash_set(prop::array::uniform9(0..3_u8), 1..12), cut in 0..12_usize) {
            let places: Vec<_> = places.into_iter().collect();
            let (forgotten, kept) = places.split_at(cut.min(places.len()));
            let whole = Tree::Seed([7; 32]);
            let mut tree = whole.clone();
            forgotten.iter().for_each(|place| tree.forget(place));
            let tree = Tree::read(&written(&tree)).unwrap();
            prop_assert!(forgotten.iter().all(|place| tree.key(place).is_none()));
            prop_assert!(kept.iter().all(|place| tree.key(place) == whole.key(place)));
        }
    }
}
