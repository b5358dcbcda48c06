//! Building in the background: one projection after the other is taken through the stored states, and then the rows that
//! nobody owns are deleted. In small steps with rests, so that tails, readers and the disk notice little of it.
//!
//! Each step is one atomic write with its cursor, so a crash loses at most a step's work.

use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, sleep};

use super::{Registry, meta};
use crate::actors::{
    ports::{Space, StateStore},
    settings::ActorSettings,
    tail::{ALARMS, PENDING, Tail, TailError, build_step},
};

/// Tables of the tail's own space.
const KEPT: &[&str] = &[ALARMS, PENDING, meta::PROJECTIONS, meta::LARGE];
/// Rows deleted in one step.
const SWEPT: usize = 512;
/// Between two steps, at least; at most half of the time goes into steps.
const REST: Duration = Duration::from_millis(1);

/// Returns when every projection is built and nothing is left to delete.
pub(in crate::actors) async fn run(
    store: Arc<dyn StateStore>,
    registry: Arc<Registry>,
    tails: Vec<Arc<Tail>>,
    settings: ActorSettings,
) {
    // A step holds off every tail, so none is taken for what is built already.
    for stored in registry.all_stored().iter().filter(|stored| !stored.is_built()) {
        let step = || build_step(&*store, &tails, &registry, stored);
        let name = stored.projection.name();
        in_steps(&settings, name, step, |why| stored.trouble(why)).await;
    }
    let live: Vec<Space> = registry.all_stored().iter().map(|stored| stored.space).collect();
    let step = || Ok(store.sweep(&live, KEPT, SWEPT)? < SWEPT);
    in_steps(&settings, "rows of no projection", step, |_| {}).await;
}

/// Until a step says that it was the last. A failed one is tried again, as long as the process lives: a full disk has
/// room again some day. The pause grows up to the settings' bound.
async fn in_steps(
    settings: &ActorSettings,
    what: &str,
    step: impl Fn() -> Result<bool, TailError>,
    trouble: impl Fn(Arc<str>),
) {
    let mut failures = 0;
    loop {
        let began = Instant::now();
        let rest = match step() {
            Ok(true) => return,
            Ok(false) => {
                failures = 0;
                began.elapsed().max(REST)
            }
            Err(error) => {
                tracing::warn!(what, %error, "a step in the state store failed; it is tried again");
                trouble(error.to_string().into());
                failures += 1;
                settings.actors.backoff(failures - 1)
            }
        };
        sleep(rest).await;
    }
}
