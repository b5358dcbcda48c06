//! No mail bombs: mails of one hour to one address, and by one guest or account, at most.
//!
//! Beyond a bound a mail is refused for good, with a code and a count: it would arrive among dozens of its kind, and a
//! queue of them would be the bomb, only later. A mail that is tried again counts once. Each node counts for itself
//! from its start on, so that a cluster lets through its number of nodes as many. Deliberately absent: a bound on all
//! mails together, which is the mail server's to have.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::{Mutex, PoisonError},
};

use crate::domain::{
    ids::{MailId, UserId},
    mail::Letter,
    time::Timestamp,
};

/// The codes of mails that are withheld.
pub(super) const CODES: [&str; 2] = ["too_many_to_address", "too_many_by_user"];

const HOUR_MS: i64 = 60 * 60_000;
/// Mails that are counted at once; beyond it the oldest counts no more, although its hour is not over.
const COUNTED_MAX: usize = 100_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BoundsSettings {
    pub per_address_hour_max: u32,
    pub per_user_hour_max: u32,
}

/// Held for a few map operations and never across an await.
pub(super) struct Bounds {
    settings: BoundsSettings,
    hour: Mutex<Hour>,
}

#[derive(Default)]
struct Hour {
    /// Oldest first.
    counted: VecDeque<Counted>,
    mails: HashSet<MailId>,
    to: HashMap<String, u32>,
    by: HashMap<UserId, u32>,
}

struct Counted {
    at: Timestamp,
    mail: MailId,
    to: String,
    by: UserId,
}

impl Bounds {
    pub(super) fn new(settings: BoundsSettings) -> Self {
        Self { settings, hour: Mutex::default() }
    }

    /// Counts the mail, or names the bound that it is beyond.
    pub(super) fn admit(&self, mail: MailId, letter: &Letter, now: Timestamp) -> Result<(), &'static str> {
        // Each step leaves whole counts, so a poisoned lock is usable.
        let mut hour = self.hour.lock().unwrap_or_else(PoisonError::into_inner);
        hour.pass(now);
        if hour.mails.contains(&mail) {
            return Ok(());
        }
        // Capital letters are the same mailbox with every provider that people use.
        let to = letter.to.to_lowercase();
        if hour.to.get(&to).is_some_and(|sent| *sent >= self.settings.per_address_hour_max) {
            return Err(CODES[0]);
        }
        if hour.by.get(&letter.user).is_some_and(|sent| *sent >= self.settings.per_user_hour_max) {
            return Err(CODES[1]);
        }
        hour.count(Counted { at: now, mail, to, by: letter.user });
        Ok(())
    }
}

impl Hour {
    fn pass(&mut self, now: Timestamp) {
        while self.counted.front().is_some_and(|oldest| now.since(oldest.at) >= HOUR_MS) {
            self.forget();
        }
    }

    fn count(&mut self, mail: Counted) {
        if self.counted.len() >= COUNTED_MAX {
            self.forget();
        }
        *self.to.entry(mail.to.clone()).or_default() += 1;
        *self.by.entry(mail.by).or_default() += 1;
        self.mails.insert(mail.mail);
        self.counted.push_back(mail);
    }

    fn forget(&mut self) {
        let Some(Counted { mail, to, by, .. }) = self.counted.pop_front() else { return };
        self.mails.remove(&mail);
        less(&mut self.to, &to);
        less(&mut self.by, &by);
    }
}

fn less<K: std::hash::Hash + Eq>(counts: &mut HashMap<K, u32>, key: &K) {
    if let Some(count) = counts.get_mut(key) {
        *count -= 1;
        if *count == 0 {
            counts.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::{ids::OrderId, mail::Says};

    fn letter(to: &str, user: u128) -> Letter {
        let says = Says::OrderCancelled { order: OrderId::default(), number: 1, paid: true };
        Letter { to: to.to_owned(), user: UserId(Uuid::from_u128(user)), says }
    }

    fn bounds() -> Bounds {
        Bounds::new(BoundsSettings { per_address_hour_max: 2, per_user_hour_max: 3 })
    }

    fn admit(bounds: &Bounds, n: u128, to: &str, user: u128, at: i64) -> Result<(), &'static str> {
        bounds.admit(MailId(Uuid::from_u128(n)), &letter(to, user), Timestamp(at))
    }

    #[test]
    fn an_address_gets_so_many_an_hour_whoever_asks_for_them() {
        let bounds = bounds();
        assert_eq!(admit(&bounds, 1, "a@x", 1, 0), Ok(()));
        assert_eq!(admit(&bounds, 2, "A@x", 2, 1), Ok(()));
        assert_eq!(admit(&bounds, 2, "a@x", 2, 2), Ok(()), "the same mail again");
        assert_eq!(admit(&bounds, 3, "a@X", 3, 3), Err("too_many_to_address"));
        assert_eq!(admit(&bounds, 4, "b@x", 3, 3), Ok(()));
        assert_eq!(admit(&bounds, 3, "a@x", 3, HOUR_MS), Ok(()), "the first one's hour is over");
    }

    #[test]
    fn a_guest_sends_so_many_an_hour_wherever_they_go() {
        let bounds = bounds();
        (1..=3).for_each(|n| assert_eq!(admit(&bounds, n, &format!("{n}@x"), 7, 0), Ok(())));
        assert_eq!(admit(&bounds, 4, "4@x", 7, 1), Err("too_many_by_user"));
        assert_eq!(admit(&bounds, 4, "4@x", 7, HOUR_MS), Ok(()));
        let hour = bounds.hour.lock().unwrap();
        assert_eq!((hour.counted.len(), hour.to.len(), hour.by.len(), hour.mails.len()), (1, 1, 1, 1), "nothing stays");
    }
}
