//! A listener's permissions, and the rules shared by topic families.
//!
//! Checked at subscribe, once: ownership never changes during a subscription, and the ticker closes a connection with
//! expired credentials ([`Audience::valid_for`]).

use std::time::Duration;

use super::{Committed, topic::TopicError};
use crate::domain::{ids::UserId, key::EntityKey};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Audience {
    pub staff: bool,
    /// The account, or the guest's session id.
    pub user: Option<UserId>,
    /// An entity that the session owns, which may not exist yet.
    pub own: Option<EntityKey>,
    /// How long these credentials are valid from now; at the end the connection is closed. `None`: for ever.
    pub valid_for: Option<Duration>,
}

/// How much of a view a listener receives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    Public,
    Staff,
}

impl Audience {
    pub fn detail(&self) -> Detail {
        if self.staff { Detail::Staff } else { Detail::Public }
    }

    /// The rule of a topic for staff.
    pub fn staff_only(&self) -> Result<(), TopicError> {
        if self.staff { Ok(()) } else { Err(TopicError::StaffOnly) }
    }

    /// The rule of an entity that belongs to one person: its owner and staff. An entity without an owner is for staff
    /// only.
    pub fn owner_or_staff(&self, current: Option<&Committed>) -> Result<(), TopicError> {
        match current.map(|current| current.view.owner()) {
            Some(_) if self.staff => Ok(()),
            Some(Some(owner)) if self.user == Some(owner) => Ok(()),
            Some(_) | None => Err(TopicError::NotFound),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::testing::{key, thing, topics};

    #[test]
    fn a_session_may_watch_its_own_before_it_exists_and_no_other() {
        let topic = topics().parse("mine.A").unwrap();
        let session = Audience { own: topic.entity().cloned(), ..Audience::default() };
        assert_eq!(topic.may_listen(&session, None), Ok(()));
        let other = Audience { own: Some(key("B")), ..Audience::default() };
        assert_eq!(topic.may_listen(&other, None), Err(TopicError::NotFound));
    }

    #[test]
    fn what_nobody_owns_is_for_staff_and_what_is_unknown_for_nobody() {
        let guest = Audience { user: Some(UserId::default()), ..Audience::default() };
        let staff = Audience { staff: true, ..Audience::default() };
        let ownerless = thing("A", 1, 1);
        assert_eq!(guest.owner_or_staff(Some(&ownerless)), Err(TopicError::NotFound));
        assert_eq!(staff.owner_or_staff(Some(&ownerless)), Ok(()));
        assert_eq!(staff.owner_or_staff(None), Err(TopicError::NotFound));
    }
}
