//! The output of `souk journal verify`: counts, invariants with marks, violations by name.

use crate::cli::{
    Invariant, Moved, Verified,
    table::{count, mark, table},
};

/// Often many entities break one rule: the first ones show the pattern.
const BROKEN_SHOWN: usize = 20;

pub fn render(verified: &Verified, styled: bool) -> String {
    let heading = ["kind", "entities", "events"].map(str::to_owned).to_vec();
    let rows = verified.kinds.iter();
    let rows = rows.map(|row| vec![row.kind.name().to_owned(), count(row.entities), count(row.events)]);
    let mut text = format!("{} records, {} commits\n\n", count(verified.records), count(verified.commits));
    text += &table(&std::iter::once(heading).chain(rows).collect::<Vec<_>>());
    text.push('\n');
    text + &marks(&verified.invariants, styled)
}

/// A copy's result, with its invariants.
pub fn moved(moved: &Moved, styled: bool) -> String {
    let Moved { entities, commits, copied, shards, invariants } = moved;
    let mut text = format!(
        "{} entities with {} commits in {shards} shards; {} commits were written now, the rest was there\n\n",
        count(*entities),
        count(*commits),
        count(*copied),
    );
    text += "Every entity of the copy has the version and the events of its source.\n\n";
    text + &marks(invariants, styled)
}

fn marks(invariants: &[Invariant], styled: bool) -> String {
    let mut text = String::new();
    for invariant in invariants {
        let good = invariant.broken.is_empty();
        text += &format!("  {} {} ({} checked)\n", mark(good, styled), invariant.name, count(invariant.checked));
        for broken in invariant.broken.iter().take(BROKEN_SHOWN) {
            text += &format!("      {broken}\n");
        }
        if let Some(more @ 1..) = invariant.broken.len().checked_sub(BROKEN_SHOWN) {
            text += &format!("      and {more} more\n");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{cli::KindCount, domain::kinds::Kind};

    #[test]
    fn marks_what_holds_and_names_what_does_not() {
        let invariant = |name: &str, broken: &[&str]| {
            Invariant::of_one(name, 2_400, broken.iter().map(|text| (*text).to_owned()).collect())
        };
        let verified = Verified {
            records: 3_001,
            commits: 12_345,
            kinds: vec![KindCount { kind: Kind::Stock, entities: 2_400, events: 9_000 }],
            invariants: vec![
                invariant("versions have no gap", &[]),
                invariant("units add up", &["stock/A: 3 is not 4"]),
            ],
            cut: 0,
        };
        let expected = "3 001 records, 12 345 commits\n\n  kind   entities  events\n  stock     2 400   9 000\n\n  \
            ✓ versions have no gap (2 400 checked)\n  ✗ units add up (2 400 checked)\n      stock/A: 3 is not 4\n";
        assert_eq!(render(&verified, false), expected);
    }
}
