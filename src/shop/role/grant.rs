//! Nobody grants more than they have, and nobody takes it from those who have more.

use crate::{
    http::{Code, Problem},
    identity::{PermissionSet, Principal},
};

/// `who` gives or takes `granted`: refused with the permissions that they lack themselves.
pub fn allowed(who: &Principal, granted: PermissionSet) -> Result<(), GrantsTooMuch> {
    let missing = granted.without_all(who.permissions);
    if missing.is_empty() { Ok(()) } else { Err(GrantsTooMuch { missing, by: who.by.clone() }) }
}

#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("you do not have {} yourself", .missing.names().collect::<Vec<_>>().join(", "))]
pub struct GrantsTooMuch {
    pub missing: PermissionSet,
    by: std::sync::Arc<str>,
}

impl From<GrantsTooMuch> for Problem {
    fn from(refused: GrantsTooMuch) -> Self {
        let detail = refused.to_string();
        let missing: Vec<_> = refused.missing.names().collect();
        Problem::new(Code::GRANTS_TOO_MUCH, detail).with("permissions", missing).alarm().about(|| refused.by)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{domain::ids::UserId, identity::Permission};

    #[test]
    fn who_has_it_may_give_it_and_nobody_else() {
        let set = PermissionSet::of(&[Permission::OrdersRead, Permission::RolesWrite]);
        let who = Principal::account(UserId::default(), set);
        assert_eq!(allowed(&who, PermissionSet::of(&[Permission::OrdersRead])), Ok(()));
        assert_eq!(allowed(&who, PermissionSet::NONE), Ok(()));
        let refused = allowed(&who, PermissionSet::of(&[Permission::OrdersRead, Permission::MoneyRead])).unwrap_err();
        assert_eq!(refused.missing, PermissionSet::of(&[Permission::MoneyRead]));
        assert!(allowed(&who, PermissionSet::ALL).is_err());
    }
}
