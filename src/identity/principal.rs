//! A caller's identity for the rest of the shop: owner of a cart and of orders, rights, name in the journal.

use std::sync::Arc;

use uuid::Uuid;

use crate::domain::{
    account::Role,
    ids::{CartId, UserId},
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
    pub role: Role,
    pub kind: PrincipalKind,
    /// `guest:<uuid>` or `user:<uuid>`: recorded in the journal with each commit.
    pub by: Arc<str>,
}

/// Name space of cart ids (UUIDv5 over `by`). Frozen: another value loses every cart.
const CARTS: Uuid = Uuid::from_u128(0x6f1d_52a4_0a3e_4c0b_9a55_0f7c_2d84_91e3);

impl Principal {
    pub fn guest(session: Uuid) -> Self {
        Self::new(UserId(session), Role::Shopper, PrincipalKind::Guest, format!("guest:{session}"))
    }

    pub fn account(user: UserId, role: Role) -> Self {
        Self::new(user, role, PrincipalKind::Account, format!("user:{user}"))
    }

    fn new(user: UserId, role: Role, kind: PrincipalKind, by: String) -> Self {
        let cart = CartId(Uuid::new_v5(&CARTS, by.as_bytes()));
        Self { user, cart, role, kind, by: by.into() }
    }

    pub fn is_staff(&self) -> bool {
        match self.role {
            Role::Shopper => false,
            Role::Operator | Role::Superadmin => true,
        }
    }
}

/// The role's name in tokens, responses and messages.
pub fn role_name(role: Role) -> &'static str {
    match role {
        Role::Shopper => "shopper",
        Role::Operator => "operator",
        Role::Superadmin => "superadmin",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cart_is_a_function_of_its_owner_and_differs_between_a_guest_and_an_account_of_one_id() {
        let id = Uuid::from_u128(7);
        assert_eq!(Principal::guest(id).cart, Principal::guest(id).cart);
        assert_ne!(Principal::guest(id).cart, Principal::account(UserId(id), Role::Shopper).cart);
        assert_ne!(Principal::guest(id).cart, Principal::guest(Uuid::from_u128(8)).cart);
        assert_eq!(&*Principal::guest(id).by, "guest:00000000-0000-0000-0000-000000000007");
    }

    #[test]
    fn cart_ids_are_frozen() {
        let cart = Principal::account(UserId(Uuid::from_u128(7)), Role::Shopper).cart;
        assert_eq!(cart.to_string(), "c6d2d86c-5f59-5ec3-aa58-96df246ba0f3");
    }
}
