//! The mails that a server has accepted since this process started: a repeated call is answered from here.
//!
//! A call is repeated when its answer could not be recorded (a full disk, a shard that moved away and back). At the
//! bound the oldest is forgotten. Deliberately absent: memory across a restart. What was accepted in the moment before
//! a crash and not recorded is sent again, with the same `Message-ID`.

use std::{
    collections::{HashSet, VecDeque},
    sync::{Mutex, PoisonError},
};

use crate::domain::ids::MailId;

const REMEMBERED: usize = 10_000;

/// Held for one operation and never across an await.
#[derive(Default)]
pub(super) struct Accepted(Mutex<Ring>);

#[derive(Default)]
struct Ring {
    known: HashSet<MailId>,
    /// Oldest first.
    order: VecDeque<MailId>,
}

impl Accepted {
    pub(super) fn contains(&self, mail: MailId) -> bool {
        self.with(|ring| ring.known.contains(&mail))
    }

    pub(super) fn note(&self, mail: MailId) {
        self.with(|ring| {
            if ring.known.insert(mail) {
                ring.order.push_back(mail);
            }
            if ring.order.len() > REMEMBERED
                && let Some(oldest) = ring.order.pop_front()
            {
                ring.known.remove(&oldest);
            }
        });
    }

    fn with<T>(&self, work: impl FnOnce(&mut Ring) -> T) -> T {
        // No step leaves the ring half done, so a poisoned lock is usable.
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn the_oldest_is_forgotten_at_the_bound() {
        let (accepted, mail) = (Accepted::default(), |n| MailId(Uuid::from_u128(n)));
        (0..=REMEMBERED as u128).for_each(|n| accepted.note(mail(n)));
        assert!(!accepted.contains(mail(0)) && accepted.contains(mail(1)) && accepted.contains(mail(10_000)));
        assert_eq!(accepted.with(|ring| ring.known.len()), REMEMBERED);
    }
}
