//! Growing pauses for those who let orders expire: a lapse is a whole time to pay that passed without a payment.
//!
//! Time is what counts, not ends: an order that is given up for a newer one, or cancelled, adds the time it was kept, so
//! that checking out again and again keeps nothing for longer. The first lapses are free, each further one doubles the
//! pause, old ones are forgotten, and a sale clears all.
//!
//! A buyer's lapses are made again from the orders at a start; an address's are this node's, until it ends. Bound:
//! [`HOLDERS_MAX`] holders; a further one displaces the one that was told of longest ago.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::tally::Holder;
use crate::{config, domain::time::Timestamp};

/// Holders with a lapse or a sale, at most (about 200 bytes each).
const HOLDERS_MAX: usize = 100_000;
/// Ends of one holder that are remembered; beyond it the two oldest become one.
const ENDS_MAX: usize = 32;

#[derive(Debug, Default)]
struct Record {
    /// When an unpaid order ended, and how long it was kept, in ms.
    ends: BTreeMap<Timestamp, u64>,
    sold: Timestamp,
}

#[derive(Debug, Default)]
pub struct Pauses {
    records: HashMap<Holder, Record>,
    by_newest: BTreeSet<(Timestamp, Holder)>,
}

impl Pauses {
    pub fn unpaid(&mut self, holder: Holder, ended: Timestamp, kept_ms: u64) {
        self.change(holder, |record| {
            if ended < record.sold {
                return;
            }
            *record.ends.entry(ended).or_default() += kept_ms;
            if record.ends.len() > ENDS_MAX
                && let Some((_, oldest)) = record.ends.pop_first()
                && let Some(mut next) = record.ends.first_entry()
            {
                *next.get_mut() += oldest;
            }
        });
    }

    /// `placed`: the sold order's placing; what ended before it is cleared.
    pub fn sold(&mut self, holder: Holder, placed: Timestamp) {
        self.change(holder, |record| {
            record.sold = record.sold.max(placed);
            record.ends = record.ends.split_off(&record.sold);
        });
    }

    /// Milliseconds until the holder's next checkout may begin.
    pub fn wait_ms(&self, holder: Holder, ttl_ms: u64, bounds: &config::Unpaid, now: Timestamp) -> Option<u64> {
        let record = self.records.get(&holder)?;
        let forgotten = now.plus_ms(-i64::try_from(bounds.forgotten_ms).unwrap_or(i64::MAX));
        let mut ends = record.ends.range(forgotten..).peekable();
        ends.peek()?;
        let (newest, kept_ms) = ends.fold((forgotten, 0_u64), |(_, sum), (at, ms)| (*at, sum.saturating_add(*ms)));
        let free = match holder {
            Holder::Buyer(_) => bounds.lapses_free_per_buyer,
            Holder::Address(_) => bounds.lapses_free_per_address,
        };
        let doublings = (kept_ms / ttl_ms.max(1)).checked_sub(u64::from(free) + 1)?;
        let factor = 1_u64.checked_shl(u32::try_from(doublings).unwrap_or(u32::MAX)).unwrap_or(u64::MAX);
        let pause = bounds.pause_ms.saturating_mul(factor).min(bounds.pause_ms_max);
        let over = newest.plus_ms(i64::try_from(pause).unwrap_or(i64::MAX));
        u64::try_from(over.since(now)).ok().filter(|wait| *wait > 0)
    }

    fn change(&mut self, holder: Holder, change: impl FnOnce(&mut Record)) {
        let record = self.records.entry(holder).or_default();
        let before = record.newest();
        change(record);
        let newest = record.newest();
        self.by_newest.remove(&(before, holder));
        self.by_newest.insert((newest, holder));
        if self.records.len() > HOLDERS_MAX
            && let Some((_, oldest)) = self.by_newest.pop_first()
        {
            self.records.remove(&oldest);
        }
    }
}

impl Record {
    /// A sale alone is displaced first: it is remembered for lapses of before it, which a start may find later.
    fn newest(&self) -> Timestamp {
        self.ends.last_key_value().map(|(at, _)| *at).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;
    use crate::{domain::ids::UserId, network::Bucket};

    const TTL: u64 = 600_000;

    fn bounds() -> config::Unpaid {
        config::Unpaid::default()
    }

    fn ada() -> Holder {
        Holder::Buyer(UserId::default())
    }

    fn wait(pauses: &Pauses, holder: Holder, now: i64) -> Option<u64> {
        pauses.wait_ms(holder, TTL, &bounds(), Timestamp(now))
    }

    #[test]
    fn the_first_lapse_is_free_and_each_further_one_doubles_the_pause_up_to_its_bound() {
        let mut pauses = Pauses::default();
        let waits = (1..=10).map(|n| {
            pauses.unpaid(ada(), Timestamp(n), TTL);
            wait(&pauses, ada(), n)
        });
        let minutes: Vec<_> = waits.map(|wait| wait.map(|ms| ms / 60_000)).collect();
        assert_eq!(
            minutes,
            [None, Some(1), Some(2), Some(4), Some(8), Some(16), Some(32), Some(60), Some(60), Some(60)]
        );
        assert_eq!(wait(&pauses, Holder::Address(Bucket::of(Ipv4Addr::LOCALHOST.into())), 10), None);
    }

    #[test]
    fn a_pause_ends_lapses_are_forgotten_and_a_sale_clears_them() {
        let mut pauses = Pauses::default();
        pauses.unpaid(ada(), Timestamp(0), TTL);
        pauses.unpaid(ada(), Timestamp(10), TTL);
        assert_eq!(wait(&pauses, ada(), 60_000), Some(10));
        assert_eq!(wait(&pauses, ada(), 60_010), None);
        let forgotten = i64::try_from(bounds().forgotten_ms).unwrap();
        pauses.unpaid(ada(), Timestamp(forgotten + 5), TTL);
        assert_eq!(wait(&pauses, ada(), forgotten + 5), Some(60_000), "one is forgotten, two count");
        pauses.sold(ada(), Timestamp(forgotten + 6));
        assert_eq!(wait(&pauses, ada(), forgotten + 6), None);
        pauses.unpaid(ada(), Timestamp(3), 9 * TTL);
        assert_eq!(wait(&pauses, ada(), forgotten + 6), None, "what ended before the sale is cleared, too");
    }

    #[test]
    fn keeping_units_by_new_checkouts_adds_up() {
        let mut pauses = Pauses::default();
        for n in 0..100 {
            pauses.unpaid(ada(), Timestamp(n), TTL / 50);
        }
        assert_eq!(wait(&pauses, ada(), 99), Some(60_000), "two whole times to pay");
        assert!(pauses.records[&ada()].ends.len() <= ENDS_MAX);
    }

    #[test]
    fn the_table_is_bounded() {
        let mut pauses = Pauses::default();
        for n in 0..=HOLDERS_MAX as i64 {
            pauses.unpaid(Holder::Buyer(UserId(uuid::Uuid::from_u128(n as u128))), Timestamp(n), TTL);
        }
        assert_eq!((pauses.records.len(), pauses.by_newest.len()), (HOLDERS_MAX, HOLDERS_MAX));
        assert!(!pauses.records.contains_key(&ada()), "the oldest went");
    }
}
