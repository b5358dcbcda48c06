//! Faults of a journal on servers: bytes that arrive long after their time-out, servers killed, frozen and started
//! again under load, streams with wrong settings.
//!
//! Real nats-servers; one set of three and one alone, each for several cases (a shop of its own for each): the last
//! name printed is the case that failed. The contract of every backend is in `journal_tck`.

#[path = "journal_tck/make.rs"]
#[allow(dead_code, reason = "the suite uses the rest")]
mod make;
#[path = "common/nats.rs"]
mod nats;
#[path = "common/odd_copies.rs"]
mod odd_copies;
#[path = "cluster/proxy.rs"]
mod proxy;

#[path = "journal_jetstream/chain.rs"]
mod chain;
#[path = "journal_jetstream/definite.rs"]
mod definite;
#[path = "journal_jetstream/frozen.rs"]
mod frozen;
#[path = "journal_jetstream/odd.rs"]
mod odd;
#[path = "journal_jetstream/racing.rs"]
mod racing;
#[path = "journal_jetstream/record.rs"]
mod record;
#[path = "journal_jetstream/refusals.rs"]
mod refusals;
#[path = "journal_jetstream/restarts.rs"]
mod restarts;
#[path = "journal_jetstream/rig.rs"]
mod rig;
#[path = "journal_jetstream/writer.rs"]
mod writer;
#[path = "journal_jetstream/zombie.rs"]
mod zombie;

use nats::NatsServers;

macro_rules! cases {
    ($($room:ident :: $case:ident($servers:expr)),* $(,)?) => {
        $(eprintln!("{}::{}", stringify!($room), stringify!($case));
        $room::$case($servers).await;)*
    };
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_servers() {
    let mut servers = NatsServers::start(3).await;
    cases![
        chain::every_record_names_the_one_before_it(&servers),
        racing::of_two_claims_through_two_servers_one_wins(&servers),
        zombie::an_abandoned_append_stays_what_resolve_said(&servers),
        frozen::what_a_frozen_server_held_comes_too_late(&servers),
        frozen::an_append_to_a_frozen_leader_is_settled_for_good(&servers),
        restarts::servers_killed_one_at_a_time_lose_and_repeat_nothing(&mut servers),
    ];
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_server() {
    let mut servers = NatsServers::start(1).await;
    cases![
        chain::a_log_that_was_written_on_another_is_not_read(&servers),
        chain::a_reader_that_goes_on_compares_its_first_record(&servers),
        odd::an_odd_copy_is_replaced_by_one_that_was_written_on(&servers),
        record::the_shops_record_is_kept_behind_the_journals(&servers),
        refusals::streams_with_other_settings_are_refused(&servers),
        refusals::another_number_of_shards_or_format_is_refused(&servers),
        refusals::what_is_missing_is_not_made_in_silence(&servers),
        definite::a_stream_that_is_full_says_so_and_goes_on(&servers),
        definite::a_record_that_is_too_large_is_refused(&servers),
        definite::a_deleted_stream_is_named_at_once(&servers),
        frozen::a_range_of_a_frozen_server_ends(&servers),
        restarts::a_reader_of_a_log_that_lost_records_ends(&servers),
        zombie::an_abandoned_append_stays_what_resolve_said(&servers),
        restarts::servers_killed_one_at_a_time_lose_and_repeat_nothing(&mut servers),
    ];
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_with_little_storage() {
    for count in [1, 3] {
        let servers = NatsServers::start_with(count, "jetstream { max_file_store: 3MB }").await;
        cases![definite::servers_without_storage_say_full(&servers)];
    }
}
