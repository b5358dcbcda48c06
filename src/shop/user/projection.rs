//! Index rows of accounts, for staff's lists: all, by role, by e-mail. An account has them once it is registered.

use uuid::Uuid;

use crate::{
    actors::{ports::Row, projection::Projection},
    domain::{
        account::{Account, AccountView},
        entity::Entity,
        ids::UserId,
        key::EntityKey,
        kinds::{AnyState, EntityType, Kind},
        role::RoleName,
    },
    shop::rows::{AddressIndex, newest_first, text},
};

/// created at (newest first), user id
pub const USERS_ALL: &str = "users_all";
/// role, 0, created at (newest first), user id
pub const USERS_BY_ROLE: &str = "users_by_role";
/// e-mail as it is compared, as tokens, user id
pub const USERS_BY_EMAIL: &str = "users_by_email";

pub struct Users(pub AddressIndex);

impl Projection for Users {
    fn name(&self) -> &'static str {
        "users"
    }

    fn version(&self) -> u32 {
        2
    }

    fn kinds(&self) -> &[Kind] {
        &[Kind::Account]
    }

    fn tables(&self) -> &[&'static str] {
        &[USERS_ALL, USERS_BY_ROLE, USERS_BY_EMAIL]
    }

    fn rows(&self, _: &EntityKey, state: &AnyState) -> Vec<Row> {
        Account::state_of(state).map(|account| of_view(&self.0, &account.view())).unwrap_or_default()
    }
}

fn of_view(index: &AddressIndex, view: &AccountView) -> Vec<Row> {
    let Some(UserId(id)) = view.user.filter(|_| view.is_registered()) else { return Vec::new() };
    let (at, id) = (newest_first(view.created_at), id.into_bytes());
    let mut rows = vec![Row::new(USERS_ALL, [&at[..], &id].concat())];
    rows.extend(view.roles.iter().map(|role| Row::new(USERS_BY_ROLE, [&role_prefix(role)[..], &at, &id].concat())));
    let by_email = |address: &str| Row::new(USERS_BY_EMAIL, [&index.whole(address)[..], &id].concat());
    rows.extend(view.mailbox.as_ref().map(|mailbox| by_email(&mailbox.address)));
    rows
}

pub fn role_prefix(role: &RoleName) -> Vec<u8> {
    text(role.as_str())
}

/// The account of a row of any of the tables.
pub fn user_of(key: &[u8]) -> Option<UserId> {
    key.last_chunk::<16>().map(|bytes| UserId(Uuid::from_bytes(*bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{account::AccountStatus, email::Mailbox, time::Timestamp};

    #[test]
    fn every_row_leads_back_to_its_account_and_only_a_registered_one_has_any() {
        let user = UserId(Uuid::from_u128(7));
        let view = AccountView {
            user: Some(user),
            status: AccountStatus::Registered,
            roles: [RoleName::manager(), RoleName::customer()].into(),
            mailbox: Mailbox::unkeyed("Ada@Example.org"),
            created_at: Timestamp(5),
            ..AccountView::default()
        };
        let index = AddressIndex::default();
        let rows = of_view(&index, &view);
        assert_eq!(rows.len(), 4);
        assert!(rows.iter().all(|row| user_of(&row.key) == Some(user)));
        assert!(rows.iter().any(|row| row.table == USERS_BY_EMAIL && row.key.starts_with(&index.beginning("ada@ex"))));
        assert!(rows.iter().any(|row| row.key.starts_with(&role_prefix(&RoleName::manager()))));
        for status in [AccountStatus::Old, AccountStatus::Registering, AccountStatus::GivenUp] {
            assert_eq!(of_view(&index, &AccountView { status, ..view.clone() }), vec![]);
        }
    }
}
