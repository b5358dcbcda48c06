//! Which rows nobody owns: those of a projection that is gone or was of another version, and those of a
//! program that had no spaces yet. Found by what is alive, not by a list of what died: no crash can lose it.

use super::keys;
use crate::actors::ports::Space;

/// At most `limit` keys without an owner; `next` gives the first key at or after another one.
pub fn garbage(
    live: &[Space],
    tables: &[&str],
    limit: usize,
    next: impl Fn(&[u8]) -> Result<Option<Vec<u8>>, String>,
) -> Result<Vec<Vec<u8>>, String> {
    let mut found = Vec::new();
    let mut from = vec![keys::PROJECTED_ROWS];
    while found.len() < limit
        && let Some(key) = next(&from)?
    {
        let owner = match key.first() {
            Some(&keys::PROJECTED_ROWS) => key.split_at_checked(5).map(|(owner, _)| owner),
            Some(&keys::OWN_ROWS) => key.iter().position(|byte| *byte == 0).map(|end| &key[..=end]),
            // Between the two kinds of rows there is nothing, and behind them no row.
            Some(_) | None => break,
        };
        from = match owner {
            // All of an owner's rows are stepped over at once.
            Some(owner) if owned(owner, live, tables) => match keys::after_prefix(owner) {
                Some(behind) => behind,
                None => break,
            },
            Some(_) | None => {
                let behind = [&key[..], &[0]].concat();
                found.push(key);
                behind
            }
        };
    }
    Ok(found)
}

fn owned(owner: &[u8], live: &[Space], tables: &[&str]) -> bool {
    let kept = |table: &&str| keys::row(Space::TAIL, table, &[]) == owner;
    live.iter().any(|space| keys::rows_of(*space) == owner) || tables.iter().any(kept)
}
