//! The actor runtime in process, over the memory journal and the memory state store, on paused time: one file for each
//! guarantee. The simulation tests all of them together under random crashes.

#[path = "runtime/admission.rs"]
mod admission;
#[path = "runtime/background.rs"]
mod background;
#[path = "runtime/commit_gate.rs"]
mod commit_gate;
#[path = "runtime/connectors.rs"]
mod connectors;
#[path = "runtime/diverged.rs"]
mod diverged;
#[path = "runtime/faults.rs"]
mod faults;
#[path = "runtime/folding.rs"]
mod folding;
#[path = "runtime/forgotten.rs"]
mod forgotten;
#[path = "runtime/full_store.rs"]
mod full_store;
#[path = "runtime/hand_over.rs"]
mod hand_over;
#[path = "runtime/large.rs"]
mod large;
#[path = "common/projected.rs"]
mod projected;
#[path = "runtime/projections.rs"]
mod projections;
#[path = "runtime/residents.rs"]
mod residents;
#[path = "runtime/retries.rs"]
mod retries;
#[path = "runtime/stage.rs"]
mod stage;
#[path = "runtime/stale.rs"]
mod stale;
#[path = "runtime/supervision.rs"]
mod supervision;
#[path = "runtime/use_cases.rs"]
mod use_cases;
