//! Claims that race through different servers of one cluster.

use futures::future::join;
use souk::actors::ports::journal::{AppendError, Journal, JournalError};

use super::{make::*, nats::NatsServers, rig::Shop};

/// Rounds in which one of two claims must have met the other, at least.
const MET: usize = 5;
const ROUNDS_MAX: u64 = 300;

pub async fn of_two_claims_through_two_servers_one_wins(servers: &NatsServers) {
    let shop = Shop::on(servers).await;
    let (a, b) = (shop.open(&servers.url(0)).await, shop.open(&servers.url(1)).await);
    let mut old = claim(&a, "a").await;
    let (mut met, mut epoch) = (0, old.epoch);
    for round in 0.. {
        if met == MET {
            break;
        }
        assert!(round < ROUNDS_MAX, "in {round} rounds two claims met {met} times only");
        let stale = a.end(S).await.expect("an end");
        let claimed = match join(a.claim(S, node("a")), b.claim(S, node("b"))).await {
            (Ok(won), Err(JournalError::LostRace)) | (Err(JournalError::LostRace), Ok(won)) => {
                met += 1;
                epoch += 1;
                won
            }
            // One came after the other: both stand in the log, and the later one counts.
            (Ok(one), Ok(other)) => {
                epoch += 2;
                let (first, second) = if one.seq < other.seq { (one, other) } else { (other, one) };
                assert_eq!((first.epoch + 1, first.seq + 1), (second.epoch, second.seq));
                old = first;
                second
            }
            other => panic!("{other:?}"),
        };
        assert_eq!(claimed.epoch, epoch, "each claim that stands has an epoch of its own");
        let (winner, loser) = if claimed.node == node("a") { (&a, &b) } else { (&b, &a) };
        // With what it believed before the race, and with what it may have read since.
        for after in [old.seq, stale, claimed.seq] {
            for journal in [loser, winner] {
                let answer = journal.append(old.clone(), after, one(round)).await;
                assert!(matches!(answer, Err(AppendError::Fenced)), "{answer:?}");
            }
        }
        let end = winner.append(claimed.clone(), claimed.seq, one(round)).await.expect("the winner appends");
        assert_eq!(end, claimed.seq + 1);
        old = claimed;
    }
    let records = all(&b, S).await;
    assert_contiguous(&records, 1);
    assert!(records.is_sorted_by_key(|record| record.epoch), "no record of an older claim behind a newer one");
}
