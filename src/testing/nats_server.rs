//! The nats-server that tests and benches start.

use std::path::{Path, PathBuf};

/// `SOUK_NATS_SERVER` if it is set, else the pinned version that `scripts/nats-server.sh` keeps under `target/nats`,
/// else whatever stands on the path (a Debian's, which the shop may refuse as too old).
pub fn nats_server() -> PathBuf {
    let pinned = || Path::new(env!("CARGO_MANIFEST_DIR")).join("target/nats/nats-server");
    match std::env::var_os("SOUK_NATS_SERVER") {
        Some(named) => named.into(),
        None => Some(pinned()).filter(|pinned| pinned.exists()).unwrap_or_else(|| "nats-server".into()),
    }
}
