//! A caller's identity for the rest of the shop: owner of a cart and of orders, rights, name in the journal.

use std::{collections::BTreeSet, sync::Arc};

use uuid::Uuid;

use super::{
    Standing,
    access::Sight,
    permission::{Permission, PermissionSet},
};
use crate::domain::{
    account::Role,
    ids::{ApiKeyId, CartId, SessionId, UserId},
    role::RoleName,
    time::Timestamp,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PrincipalKind {
    Guest,
    Account,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    pub user: UserId,
    pub cart: CartId,
    /// Of all roles together; a guest has none.
    pub permissions: PermissionSet,
    pub kind: PrincipalKind,
    /// Of an account that is logged in.
    pub session: Option<SessionId>,
    pub proven: Proven,
    /// The account's proven address, as addresses are compared: orders that guests placed with it are its own, too.
    pub address: Option<Arc<str>>,
    /// `guest:<uuid>`, `user:<uuid>` or `key:<uuid>`: recorded in the journal with each commit.
    pub by: Arc<str>,
}

/// How well a session's owner is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Proven {
    /// When they last proved who they are; without a session at the beginning of time.
    pub at: Timestamp,
    /// The account has a second factor.
    pub has_factor: bool,
    /// Permissions that the session would have with a second factor.
    pub withheld: PermissionSet,
}

/// Name space of cart ids (UUIDv5 over `by`). Frozen: another value loses every cart.
const CARTS: Uuid = Uuid::from_u128(0x6f1d_52a4_0a3e_4c0b_9a55_0f7c_2d84_91e3);

impl Principal {
    pub fn guest(session: Uuid) -> Self {
        Self::new(UserId(session), PermissionSet::NONE, PrincipalKind::Guest, format!("guest:{session}"))
    }

    pub fn account(user: UserId, permissions: impl Into<PermissionSet>) -> Self {
        Self::new(user, permissions.into(), PrincipalKind::Account, format!("user:{user}"))
    }

    /// The cart of an account.
    pub fn cart_of(user: UserId) -> CartId {
        Self::account(user, PermissionSet::NONE).cart
    }

    fn new(user: UserId, permissions: PermissionSet, kind: PrincipalKind, by: String) -> Self {
        let cart = CartId(Uuid::new_v5(&CARTS, by.as_bytes()));
        Self { user, cart, permissions, kind, session: None, proven: Proven::default(), address: None, by: by.into() }
    }

    /// A program: a person of its own, whose cart and orders are not its maker's.
    pub fn key(id: ApiKeyId, permissions: PermissionSet) -> Self {
        Self::new(UserId(id.0), permissions, PrincipalKind::Account, format!("key:{id}"))
    }

    /// What its session may be taken for.
    pub fn standing(user: UserId, session: SessionId, standing: &Standing) -> Self {
        let Standing { has_factor, authenticated_at: at, withheld, .. } = *standing;
        let proven = Proven { at, has_factor, withheld };
        let address = standing.address.clone();
        Self { session: Some(session), proven, address, ..Self::account(user, standing.permissions) }
    }

    pub fn may(&self, permission: Permission) -> bool {
        self.permissions.has(permission)
    }

    /// How much of this owner's things is shown.
    pub fn sight(&self, owner: Option<UserId>) -> Sight {
        self.sight_of(owner, || None)
    }

    /// The same of what has a contact, which is asked for only where it decides.
    pub fn sight_of(&self, owner: Option<UserId>, contact: impl FnOnce() -> Option<Arc<str>>) -> Sight {
        let own = owner.is_some_and(|owner| self.owns(owner, contact));
        Sight { own, permissions: self.permissions }
    }

    /// By being its owner, or by the proven address of a guest's thing ([`Entity::contact`]).
    ///
    /// [`Entity::contact`]: crate::domain::entity::Entity::contact
    pub fn owns(&self, owner: UserId, contact: impl FnOnce() -> Option<Arc<str>>) -> bool {
        self.user == owner || (self.address.is_some() && contact() == self.address)
    }

    /// Works for the shop: whoever has any permission. Bounds that keep strangers in check do not concern them; what
    /// they may see and do is a question for [`Principal::may`].
    pub fn is_staff(&self) -> bool {
        !self.permissions.is_empty()
    }
}

/// The highest of an account's roles, as it was named before there were many.
pub fn role_of(roles: &BTreeSet<RoleName>) -> Role {
    match roles.contains(RoleName::SUPERADMIN) {
        true => Role::Superadmin,
        false if roles.iter().any(|role| role.as_str() != RoleName::CUSTOMER) => Role::Operator,
        false => Role::Shopper,
    }
}

/// Whose things a caller reaches: the own ones, or everybody's.
#[derive(Clone, Debug)]
pub struct Reach {
    pub who: Principal,
    pub all: bool,
}

impl Reach {
    pub fn of(who: Principal, others: Permission) -> Self {
        Self { all: who.may(others), who }
    }

    /// For whoever the route has admitted by a permission already.
    pub fn all(who: Principal) -> Self {
        Self { who, all: true }
    }

    pub fn covers(&self, owner: UserId) -> bool {
        self.covers_of(owner, || None)
    }

    /// The same of what has a contact.
    pub fn covers_of(&self, owner: UserId, contact: impl FnOnce() -> Option<Arc<str>>) -> bool {
        self.all || self.who.owns(owner, contact)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cart_is_a_function_of_its_owner_and_differs_between_a_guest_and_an_account_of_one_id() {
        let id = Uuid::from_u128(7);
        assert_eq!(Principal::guest(id).cart, Principal::guest(id).cart);
        assert_ne!(Principal::guest(id).cart, Principal::account(UserId(id), PermissionSet::NONE).cart);
        assert_ne!(Principal::guest(id).cart, Principal::guest(Uuid::from_u128(8)).cart);
        assert_eq!(&*Principal::guest(id).by, "guest:00000000-0000-0000-0000-000000000007");
    }

    #[test]
    fn who_may_reach_others_reaches_everybody_and_else_oneself() {
        let (own, other) = (UserId(Uuid::from_u128(7)), UserId(Uuid::from_u128(8)));
        let reach = |permissions: &[Permission]| {
            Reach::of(Principal::account(own, PermissionSet::of(permissions)), Permission::OrdersRead)
        };
        assert!(reach(&[]).covers(own) && !reach(&[]).covers(other));
        assert!(!reach(&[Permission::StockRead]).covers(other) && reach(&[Permission::OrdersRead]).covers(other));
    }

    #[test]
    fn a_proven_address_is_owned_and_none_is_nobodys() {
        let (own, guest) = (UserId(Uuid::from_u128(7)), UserId(Uuid::from_u128(8)));
        let unproven = Principal::account(own, PermissionSet::NONE);
        let proven = Principal { address: Some("ada@example.org".into()), ..unproven.clone() };
        let (ada, bob, none) = (|| Some("ada@example.org".into()), || Some("bob@example.org".into()), || None);
        assert!(proven.owns(guest, ada) && proven.owns(own, none));
        assert!(!proven.owns(guest, bob) && !proven.owns(guest, none));
        assert!(!unproven.owns(guest, ada) && !unproven.owns(guest, none));
    }

    #[test]
    fn cart_ids_are_frozen() {
        let cart = Principal::account(UserId(Uuid::from_u128(7)), PermissionSet::ALL).cart;
        assert_eq!(cart.to_string(), "c6d2d86c-5f59-5ec3-aa58-96df246ba0f3");
    }
}
