//! Calls of one mail come one after the other: an old call that is still under way and its repetition would otherwise both
//! send it. The later one waits, and is answered from memory where the earlier one was heard.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use crate::domain::ids::MailId;

/// As bounded as the calls under way: what nobody holds is dropped with the next new one.
#[derive(Default)]
pub(super) struct Turns(Mutex<HashMap<MailId, Weak<tokio::sync::Mutex<()>>>>);

impl Turns {
    pub(super) fn of(&self, mail: MailId) -> Arc<tokio::sync::Mutex<()>> {
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(turn) = turns.get(&mail).and_then(Weak::upgrade) {
            return turn;
        }
        turns.retain(|_, turn| turn.strong_count() > 0);
        let turn = Arc::default();
        turns.insert(mail, Arc::downgrade(&turn));
        turn
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_turn_is_shared_while_it_is_held_and_dropped_afterwards() {
        let (turns, mail) = (Turns::default(), |n| MailId(Uuid::from_u128(n)));
        let held = turns.of(mail(1));
        assert!(Arc::ptr_eq(&held, &turns.of(mail(1))) && !Arc::ptr_eq(&held, &turns.of(mail(2))));
        drop(held);
        let _other = turns.of(mail(3));
        assert_eq!(turns.0.lock().unwrap().len(), 1);
    }
}
