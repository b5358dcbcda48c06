//! No mail bombs: mails of one hour to one address, and by one guest or account, at most.
//!
//! Beyond a bound a mail is refused for good, with a code and a count: it would arrive among dozens of its kind, and a
//! queue of them would be the bomb, only later. The hour is that in which mails were queued, not the one in which they
//! are sent: what was let through stays let through however late its server takes it, after a restart and on another
//! node too. Each node counts for itself from its start on, so that a cluster lets through its number of nodes as many.
//! Deliberately absent: a bound on all mails together, which is the mail server's to have.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::{Mutex, PoisonError},
};

use crate::domain::{
    ids::{MailId, UserId},
    mail::MailCall,
    time::Timestamp,
};

/// The codes of mails that are withheld.
pub(super) const CODES: [&str; 2] = ["too_many_to_address", "too_many_by_user"];

const HOUR_MS: i64 = 60 * 60_000;
/// Mails that are counted at once, each for an hour from its first try on; beyond it the oldest counts no more.
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
    /// By the first try, oldest first.
    counted: VecDeque<Counted>,
    mails: HashSet<MailId>,
    to: HashMap<String, Queued>,
    by: HashMap<UserId, Queued>,
}

struct Counted {
    tried_at: Timestamp,
    queued_at: Timestamp,
    mail: MailId,
    to: String,
    by: UserId,
}

/// When the counted mails of one address, or of one user, were queued; oldest first.
#[derive(Default)]
struct Queued(Vec<Timestamp>);

impl Queued {
    /// Of the hours that have this moment in them, the mails of the fullest one. So no order in which mails are tried
    /// lets more through, or refuses what another order let through.
    fn around(&self, moment: Timestamp) -> usize {
        let near: Vec<_> = self.0.iter().filter(|at| moment.since(**at).abs() < HOUR_MS).copied().collect();
        let from = |begin: Timestamp| near.iter().filter(|at| (0..HOUR_MS).contains(&at.since(begin))).count();
        near.iter().filter(|at| **at <= moment).copied().chain([moment]).map(from).max().unwrap_or(0)
    }

    fn add(&mut self, moment: Timestamp) {
        self.0.insert(self.0.partition_point(|at| *at <= moment), moment);
    }

    fn remove(&mut self, moment: Timestamp) {
        if let Ok(at) = self.0.binary_search(&moment) {
            self.0.remove(at);
        }
    }
}

impl Bounds {
    pub(super) fn new(settings: BoundsSettings) -> Self {
        Self { settings, hour: Mutex::default() }
    }

    /// Counts the mail, or names the bound that it is beyond.
    pub(super) fn admit(&self, call: &MailCall, now: Timestamp) -> Result<(), &'static str> {
        let (mail, queued_at, letter) = (call.mail, call.queued_at, &call.letter);
        // Each step leaves whole counts, so a poisoned lock is usable.
        let mut hour = self.hour.lock().unwrap_or_else(PoisonError::into_inner);
        hour.pass(now);
        if hour.mails.contains(&mail) {
            return Ok(());
        }
        // Capital letters are the same mailbox with every provider that people use.
        let to = letter.to.to_lowercase();
        let full = |queued: Option<&Queued>, max: u32| queued.is_some_and(|of| of.around(queued_at) >= max as usize);
        if full(hour.to.get(&to), self.settings.per_address_hour_max) {
            return Err(CODES[0]);
        }
        if full(hour.by.get(&letter.user), self.settings.per_user_hour_max) {
            return Err(CODES[1]);
        }
        hour.count(Counted { tried_at: now, queued_at, mail, to, by: letter.user });
        Ok(())
    }
}

impl Hour {
    fn pass(&mut self, now: Timestamp) {
        while self.counted.front().is_some_and(|oldest| now.since(oldest.tried_at) >= HOUR_MS) {
            self.forget();
        }
    }

    fn count(&mut self, mail: Counted) {
        if self.counted.len() >= COUNTED_MAX {
            self.forget();
        }
        self.to.entry(mail.to.clone()).or_default().add(mail.queued_at);
        self.by.entry(mail.by).or_default().add(mail.queued_at);
        self.mails.insert(mail.mail);
        self.counted.push_back(mail);
    }

    fn forget(&mut self) {
        let Some(Counted { queued_at, mail, to, by, .. }) = self.counted.pop_front() else { return };
        self.mails.remove(&mail);
        less(&mut self.to, &to, queued_at);
        less(&mut self.by, &by, queued_at);
    }
}

fn less<K: std::hash::Hash + Eq>(all: &mut HashMap<K, Queued>, key: &K, queued_at: Timestamp) {
    if let Some(of) = all.get_mut(key) {
        of.remove(queued_at);
        if of.0.is_empty() {
            all.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::{
        ids::OrderId,
        mail::{Letter, Says},
    };

    fn call(n: u128, to: &str, user: u128, queued_at: i64) -> MailCall {
        let says = Says::OrderCancelled { order: OrderId::default(), number: 1, paid: true };
        let letter = Letter { to: to.to_owned(), user: UserId(Uuid::from_u128(user)), says, of: None };
        MailCall {
            mail: MailId(Uuid::from_u128(n)),
            attempt: 0,
            queued_at: Timestamp(queued_at),
            letter: letter.into(),
        }
    }

    fn bounds() -> Bounds {
        Bounds::new(BoundsSettings { per_address_hour_max: 2, per_user_hour_max: 3 })
    }

    fn admit(bounds: &Bounds, n: u128, to: &str, user: u128, at: i64) -> Result<(), &'static str> {
        bounds.admit(&call(n, to, user, at), Timestamp(at))
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

    /// Two mails each of three half hours wait for a server; it comes back an hour later, and takes them newest first.
    #[test]
    fn what_was_let_through_once_is_sent_however_late() {
        let bounds = bounds();
        let half = HOUR_MS / 2;
        let queued = [(1, 0), (2, half), (3, HOUR_MS), (4, HOUR_MS + half), (5, 2 * HOUR_MS)];
        for (n, at) in queued {
            assert_eq!(admit(&bounds, n, "a@x", n, at), Ok(()), "{n}");
        }
        let refused = admit(&bounds, 6, "a@x", 6, 2 * HOUR_MS + 1);
        assert_eq!(refused, Err("too_many_to_address"), "two in this hour");
        for (n, at) in queued.into_iter().rev() {
            let late = Timestamp(4 * HOUR_MS);
            assert_eq!(bounds.admit(&call(n, "a@x", n, at), late), Ok(()), "{n}");
        }
        let flood = bounds.admit(&call(7, "a@x", 7, half + 1), Timestamp(4 * HOUR_MS));
        assert_eq!(flood, Err("too_many_to_address"), "a late mail of a full hour");
    }
}
