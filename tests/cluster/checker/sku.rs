//! One SKU as a value, for the search in `linear`: available units, holds, version.
//!
//! A strict SKU is changed only by recorded commands: every version is accounted for. On the others orders come and go
//! in their own time, so versions are left out, and a refusal may have counted lapsed holds.

use std::collections::BTreeMap;

use super::linear::Model;

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Sku {
    pub available: u64,
    /// Counted where `strict`.
    pub version: u64,
    pub strict: bool,
    pub held: BTreeMap<String, u64>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum SkuOp {
    /// Its reply has the available units right after the operation.
    Add {
        units: u64,
        seen: Option<Seen>,
    },
    Take {
        hold: String,
        units: u64,
    },
    /// Gives a hold back; one that is not there changes nothing.
    Give {
        hold: String,
    },
    Refuse {
        units: u64,
        available: u64,
    },
    /// A read's result, and a hold that it did or did not include.
    Look {
        seen: Seen,
        hold: Option<(String, bool)>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Seen {
    pub version: u64,
    pub available: u64,
}

impl Sku {
    fn shows(&self, seen: Seen) -> bool {
        self.available == seen.available && (!self.strict || self.version == seen.version)
    }
}

pub struct SkuModel;

impl Model for SkuModel {
    type Op = SkuOp;
    type State = Sku;

    fn step(state: &Sku, op: &SkuOp) -> Option<Sku> {
        let mut after = state.clone();
        match op {
            SkuOp::Add { units, seen } => {
                after.available += units;
                after.version += 1;
                return seen.is_none_or(|seen| after.shows(seen)).then_some(after);
            }
            SkuOp::Take { hold, units } => match state.held.get(hold) {
                Some(held) if held == units => {}
                Some(_) => return None,
                None => {
                    after.available = state.available.checked_sub(*units)?;
                    after.version += 1;
                    after.held.insert(hold.clone(), *units);
                }
            },
            SkuOp::Give { hold } => {
                if let Some(units) = after.held.remove(hold) {
                    after.available += units;
                    after.version += 1;
                }
            }
            SkuOp::Refuse { units, available } => {
                let counted = if state.strict { state.available == *available } else { state.available <= *available };
                return (counted && available < units).then_some(after);
            }
            SkuOp::Look { seen, hold } => {
                let has = hold.as_ref().is_none_or(|(hold, there)| state.held.contains_key(hold) == *there);
                return (has && state.shows(*seen)).then_some(after);
            }
        }
        Some(after)
    }
}

#[cfg(test)]
mod tests {
    use super::{super::linear::*, *};

    fn take(hold: &str, units: u64) -> SkuOp {
        SkuOp::Take { hold: hold.into(), units }
    }

    fn look(version: u64, available: u64) -> SkuOp {
        SkuOp::Look { seen: Seen { version, available }, hold: None }
    }

    fn judge(strict: bool, ops: &[(u64, u64, SkuOp)]) -> bool {
        let windows =
            ops.iter().map(|(from, to, op)| Window { from: *from, to: (*to > 0).then_some(*to), op: op.clone() });
        let sku = Sku { available: 5, version: 1, strict, ..Sku::default() };
        matches!(check::<SkuModel>(sku, &windows.collect::<Vec<_>>(), 10_000), Verdict::Linear { .. })
    }

    #[test]
    fn the_last_units_go_to_one() {
        assert!(judge(true, &[(1, 5, take("a", 5)), (2, 6, SkuOp::Refuse { units: 5, available: 0 })]));
        assert!(!judge(true, &[(1, 5, take("a", 5)), (2, 6, take("b", 5))]), "sold twice");
        assert!(!judge(true, &[(1, 2, take("a", 5)), (3, 4, SkuOp::Refuse { units: 2, available: 1 })]));
        assert!(judge(true, &[(1, 5, take("a", 5)), (2, 6, take("b", 5)), (2, 0, SkuOp::Give { hold: "a".into() })]));
    }

    #[test]
    fn a_stale_look_is_found_by_its_version_or_its_count() {
        assert!(judge(true, &[(1, 2, take("a", 2)), (3, 4, look(2, 3))]));
        assert!(!judge(true, &[(1, 2, take("a", 2)), (3, 4, look(1, 5))]), "before the hold");
        let same_count = [(1, 2, take("a", 2)), (3, 4, SkuOp::Give { hold: "a".into() })];
        assert!(!judge(true, &[&same_count[..], &[(5, 6, look(1, 5))]].concat()), "same count, old version");
        assert!(judge(false, &[&same_count[..], &[(5, 6, look(1, 5))]].concat()), "no versions are counted here");
        assert!(judge(true, &[&same_count[..], &[(5, 6, look(3, 5))]].concat()));
    }

    #[test]
    fn a_lost_or_repeated_effect_is_found() {
        let add = |seen| SkuOp::Add { units: 3, seen };
        let seen = |version, available| Some(Seen { version, available });
        assert!(judge(true, &[(1, 2, add(seen(2, 8))), (3, 4, look(2, 8))]));
        assert!(!judge(true, &[(1, 2, add(seen(2, 8))), (3, 4, look(1, 5))]), "acknowledged, and lost");
        assert!(!judge(true, &[(1, 2, add(None)), (3, 4, look(3, 11))]), "booked twice");
        assert!(
            judge(true, &[(1, 2, take("a", 2)), (3, 4, take("a", 2)), (5, 6, look(2, 3))]),
            "a retry changes nothing"
        );
        assert!(!judge(true, &[(1, 2, take("a", 2)), (3, 4, take("a", 3))]));
    }

    #[test]
    fn an_answer_to_a_hold_shows_it() {
        let shown = |there| SkuOp::Look { seen: Seen { version: 2, available: 3 }, hold: Some(("a".into(), there)) };
        assert!(judge(true, &[(1, 4, take("a", 2)), (1, 4, shown(true))]));
        assert!(!judge(true, &[(1, 4, take("a", 2)), (1, 4, shown(false))]));
        assert!(!judge(true, &[(1, 4, take("b", 2)), (1, 4, shown(true))]));
    }
}
