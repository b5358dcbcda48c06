//! The journal's conformance suite: the contract in `src/actors/ports/journal.rs`, held by every backend.
//!
//! `suite` is generic; `backends` creates each backend, and opens it again after a crash. Cases of one backend alone
//! (files, processes, faults) are in `sled_only` and `memory_only`; `copy` takes a journal from one backend to another.

#[path = "common/nats.rs"]
mod nats;

#[path = "journal_tck/backends.rs"]
mod backends;
#[path = "journal_tck/copy.rs"]
mod copy;
#[path = "journal_tck/damage.rs"]
mod damage;
#[path = "journal_tck/kill.rs"]
mod kill;
#[path = "journal_tck/make.rs"]
mod make;
#[path = "journal_tck/memory_only.rs"]
mod memory_only;
#[path = "common/record_copies.rs"]
mod record_copies;
#[path = "journal_tck/scrub.rs"]
mod scrub;
#[path = "journal_tck/sled_only.rs"]
mod sled_only;
#[path = "journal_tck/suite.rs"]
mod suite;
#[path = "journal_tck/suite_read.rs"]
mod suite_read;
#[path = "journal_tck/tools.rs"]
mod tools_cases;

use backends::{JetStream, Memory, Sled};

macro_rules! conformance {
    ($($room:ident :: $case:ident),* $(,)?) => {
        mod sled {
            use super::*;
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() { $room::$case(Sled::fresh()).await })*
        }
        mod memory {
            use super::*;
            $(#[tokio::test(start_paused = true)]
            async fn $case() { $room::$case(Memory::fresh()).await })*
        }
        /// Every case on one set of servers, each with a shop of its own; the last name printed is the case that failed.
        async fn on_jetstream(urls: &str, replicas: usize) {
            $(eprintln!("{}, {replicas} replicas", stringify!($case));
            $room::$case(JetStream::on(urls, replicas)).await;)*
        }
    };
}

conformance![
    suite::one_of_two_racing_claims_wins,
    suite::an_old_claim_is_fenced,
    suite::a_wrong_end_is_fenced,
    suite::a_claim_is_written_into_the_log,
    suite::of_two_racing_appends_one_is_stored,
    suite::a_release_ends_the_log_and_is_fenced_too,
    suite::shards_are_independent,
    suite::resolve_knows_what_is_stored,
    suite::an_abandoned_append_resolves_for_good,
    suite::what_was_acknowledged_survives_a_crash,
    suite::a_crash_between_write_and_acknowledgement_resolves,
    suite::bounds_are_refused_without_harm,
    suite_read::records_come_back_as_they_were_appended,
    suite_read::history_turns_live_without_a_seam,
    suite_read::no_gap_or_duplicate_across_a_claim,
    suite_read::a_range_is_inclusive_and_ends,
    suite_read::a_reader_that_lags_misses_nothing,
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn jetstream_with_one_replica_conforms() {
    let servers = nats::NatsServers::start(1).await;
    on_jetstream(&servers.urls(), 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn jetstream_with_three_replicas_conforms() {
    let servers = nats::NatsServers::start(3).await;
    on_jetstream(&servers.urls(), 3).await;
}
