//! File handles: the process's limit is raised at the start, and the bounds of connections are fitted to it.
//!
//! Each connection is a handle, and so is each file of the journal. A process without handles accepts nobody, not even
//! its operators, and may fail to write; so the bounds of `[http]` and `[live]` must end connections before the
//! kernel does. Where the limit is too low for the configured bounds, smaller ones are used and a line says so.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::config::Config;

/// Handles for everything that is no connection of a client: logs, NATS, providers, the connections' reserve.
const SPARE: u64 = 320;
/// Connections of one kind that are kept at the worst.
const CONNECTIONS_MIN: u64 = 8;

/// Raises the soft limit as far as the bounds need and the hard limit allows; then lowers the bounds where they are
/// still above it.
pub(super) fn fit(config: &mut Config) {
    let bounds = (u64::from(config.http.connections_max), config.live.connections_max as u64);
    let limit = raise_to(bounds.0 + bounds.1 + SPARE);
    let (http, live) = fitted(limit, bounds);
    if (http, live) != bounds {
        tracing::warn!(
            nofile = limit,
            needed = bounds.0 + bounds.1 + SPARE,
            http_connections = http,
            live_connections = live,
            "too few file handles for http.connections_max and live.connections_max: smaller bounds are used; \
             raise the hard limit (ulimit -Hn, LimitNOFILE)"
        );
    }
    config.http.connections_max = u32::try_from(http).unwrap_or(u32::MAX);
    config.live.connections_max = usize::try_from(live).unwrap_or(usize::MAX);
    config.live.connections_per_address_max = config.live.connections_per_address_max.min(config.live.connections_max);
}

/// The limit that is in force afterwards.
fn raise_to(needed: u64) -> u64 {
    // `None` is the kernel's infinity.
    let now = getrlimit(Resource::Nofile);
    let (soft, hard) = (now.current.unwrap_or(u64::MAX), now.maximum.unwrap_or(u64::MAX));
    let wanted = needed.min(hard);
    if soft >= wanted {
        return soft;
    }
    match setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum: now.maximum }) {
        Ok(()) => wanted,
        Err(error) => {
            tracing::warn!(%error, soft, wanted, "the limit of file handles cannot be raised");
            soft
        }
    }
}

/// The bounds of requests' and of live connections under this limit, in the proportion of the configured ones.
fn fitted(limit: u64, (http, live): (u64, u64)) -> (u64, u64) {
    let room = limit.saturating_sub(SPARE.min(limit / 2));
    if http + live <= room {
        return (http, live);
    }
    let part = |bound: u64| (bound * room / (http + live)).clamp(CONNECTIONS_MIN.min(bound), bound);
    (part(http), part(live))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_fit_into_the_limit_and_keep_their_proportion() {
        assert_eq!(fitted(1_048_576, (20_000, 50_000)), (20_000, 50_000), "enough");
        assert_eq!(fitted(1_024, (20_000, 50_000)), (201, 502));
        assert_eq!(fitted(1_024, (100, 200)), (100, 200), "small bounds fit");
        let (http, live) = fitted(64, (20_000, 50_000));
        assert!(http >= CONNECTIONS_MIN && http + live <= 64, "{http} {live}");
        assert_eq!(fitted(64, (1, 50_000)).0, 1, "never more than configured");
    }
}
