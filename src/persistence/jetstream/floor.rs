//! Which versions of nats-server may hold a shop's logs.
//!
//! On 2.9.10 (Debian 12), with the links between the servers cut, frozen or lossy, the copies of a stream parted: a
//! node met records that the log does not have, and two confirmed records were overwritten. 2.10.26 and 2.12.8 kept one
//! log under harder faults. Deliberately absent: a ceiling, and a table of single bad versions above the floor.

use super::JetStreamError;

/// The oldest version that was measured to hold.
const FLOOR: Version = Version(2, 10, 26);
/// The oldest server whose whole-stream expectations were measured to fence: below it no word of an operator helps.
const FENCES: Version = Version(2, 9, 0);
/// The first with `sync_interval: always`.
const SYNCS: Version = Version(2, 10, 0);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Version(u64, u64, u64);

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}

/// Refuses a server that is too old. `allow_old`: the operator's word (`cluster.allow_old_servers`); `synced`: the
/// operator declares that the servers sync before they confirm.
///
/// # Errors
/// [`JetStreamError::Old`] with the version that is needed.
pub fn fit_version(version: &str, allow_old: bool, synced: bool) -> Result<(), JetStreamError> {
    let old = |needed: Version, why| {
        let (found, needed) = (version.to_owned(), needed.to_string());
        Err(JetStreamError::Old { found, needed, why })
    };
    match parse(version) {
        None => Err(JetStreamError::Unsafe(format!("version {version:?} is not known"))),
        Some(found) if found < FENCES => old(FENCES, "it does not keep two writers apart"),
        Some(found) if synced && found < SYNCS => old(SYNCS, "cluster.synced is set, and it has no sync_interval"),
        Some(found) if found < FLOOR && !allow_old => old(
            FLOOR,
            "the copies of a log may part on it; cluster.allow_old_servers = true starts all the same \
             (docs/operations-cluster.md, \"Old servers\")",
        ),
        Some(_) => Ok(()),
    }
}

/// `2.12.1-RC.2` is 2.12.1.
fn parse(version: &str) -> Option<Version> {
    let plain = version.trim_start_matches('v').split(['-', '+']).next()?;
    let mut parts = plain.split('.').map(|part| part.parse::<u64>().ok());
    Some(Version(parts.next()??, parts.next()??, parts.next().unwrap_or(Some(0))?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read() {
        assert_eq!(parse("2.9.10"), Some(Version(2, 9, 10)));
        assert_eq!(parse("2.12.1-RC.2"), Some(Version(2, 12, 1)));
        assert_eq!(parse("v3.0"), Some(Version(3, 0, 0)));
        assert_eq!(parse("latest"), None);
        assert_eq!(parse("2.x.1"), None);
    }

    #[test]
    fn old_servers_need_the_operators_word_and_the_oldest_are_refused_for_good() {
        let needed = |version: &str, allow, synced| match fit_version(version, allow, synced) {
            Ok(()) => "fit".to_owned(),
            Err(JetStreamError::Old { needed, .. }) => needed,
            Err(other) => other.to_string(),
        };
        for fit in ["2.10.26", "2.11.0", "2.12.8", "2.15.1", "3.0.0"] {
            assert_eq!(needed(fit, false, true), "fit", "{fit}");
        }
        assert_eq!(needed("2.9.10", false, false), "2.10.26");
        assert_eq!(needed("2.10.25", false, false), "2.10.26");
        assert_eq!(needed("2.9.10", true, false), "fit");
        assert_eq!(needed("2.9.10", true, true), "2.10.0");
        assert_eq!(needed("2.8.4", true, false), "2.9.0");
        assert!(needed("latest", true, false).contains("is not known"));
        let told = fit_version("2.9.10", false, false).map_err(|error| error.to_string());
        assert!(told.is_err_and(|told| told.contains("cluster.allow_old_servers")));
    }
}
