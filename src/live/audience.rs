//! A listener's permissions, and the rules shared by topic families.
//!
//! Checked at subscribe. Ownership never changes during a subscription; credentials that expire and permissions that are
//! taken away close the connection ([`Audience::valid_for`], [`Audience::still`]).

use std::{fmt, sync::Arc, time::Duration};

use super::{Committed, topic::TopicError};
use crate::{
    domain::{ids::UserId, key::EntityKey},
    identity::{Access, Permission, PermissionSet},
};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Audience {
    pub permissions: PermissionSet,
    /// The account, or the guest's session id.
    pub user: Option<UserId>,
    /// The account's proven address: what guests did with it is its own, too.
    pub address: Option<Arc<str>>,
    /// An entity that the session owns, which may not exist yet.
    pub own: Option<EntityKey>,
    /// How long these credentials are valid from now; at the end the connection is closed. `None`: for ever.
    pub valid_for: Option<Duration>,
    /// Asked each second; a `false` closes the connection. `None`: nothing can be taken away.
    pub still: Option<Still>,
}

/// Whether what the credentials granted is still granted; the whole of it, else the client starts over.
#[derive(Clone)]
pub struct Still(Arc<dyn Fn() -> bool + Send + Sync>);

impl Still {
    /// `stands` must neither block nor wait: one task asks for all connections.
    pub fn new(stands: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        Self(Arc::new(stands))
    }

    pub fn stands(&self) -> bool {
        (self.0)()
    }
}

impl fmt::Debug for Still {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Still")
    }
}

impl PartialEq for Still {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Still {}

impl Audience {
    /// The rule of each [`Access`]. Unknown and forbidden entities are refused alike, so that a refusal reveals nothing.
    /// `current`: the view now, of a topic of one entity.
    pub fn admitted(&self, access: Access, current: Option<&Committed>) -> Result<(), TopicError> {
        match access {
            Access::Public => Ok(()),
            Access::SignedIn => self.reaches(None, current),
            Access::Owner { others } => self.reaches(others, current),
            Access::Permission(permission) if self.permissions.has(permission) => Ok(()),
            Access::Permission(permission) => Err(TopicError::StaffOnly { permission }),
        }
    }

    /// What belongs to one person: its owner, and whoever may reach others'. What nobody owns is for the latter only.
    fn reaches(&self, others: Option<Permission>, current: Option<&Committed>) -> Result<(), TopicError> {
        match current {
            Some(_) if others.is_some_and(|others| self.permissions.has(others)) => Ok(()),
            Some(current) if self.owns(current) => Ok(()),
            Some(_) | None => Err(TopicError::NotFound),
        }
    }

    pub fn owns(&self, current: &Committed) -> bool {
        let by_address = || self.address.is_some() && current.view.contact() == self.address;
        current.view.owner().is_some_and(|owner| self.user == Some(owner)) || by_address()
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
    fn what_nobody_owns_is_for_who_may_reach_others_and_what_is_unknown_for_nobody() {
        let guest = Audience { user: Some(UserId::default()), ..Audience::default() };
        let staff = Audience { permissions: PermissionSet::of(&[Permission::MoneyRead]), ..Audience::default() };
        let ownerless = thing("A", 1, 1);
        let access = |others| Access::Owner { others };
        assert_eq!(guest.admitted(access(None), Some(&ownerless)), Err(TopicError::NotFound));
        assert_eq!(staff.admitted(access(Some(Permission::MoneyRead)), Some(&ownerless)), Ok(()));
        assert_eq!(staff.admitted(access(Some(Permission::RolesRead)), Some(&ownerless)), Err(TopicError::NotFound));
        assert_eq!(staff.admitted(access(Some(Permission::MoneyRead)), None), Err(TopicError::NotFound));
    }

    #[test]
    fn a_topic_for_a_permission_names_it() {
        let permission = Permission::OperationsRead;
        let refused = Audience::default().admitted(Access::Permission(permission), None);
        assert_eq!(refused, Err(TopicError::StaffOnly { permission }));
        assert!(refused.is_err_and(|error| error.to_string().contains("operations.read")));
    }
}
