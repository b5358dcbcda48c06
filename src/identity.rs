//! Stand-in of the identity room: only the types that `http` names. Replaced at merge.

use std::sync::Arc;

pub use crate::domain::account::Role;
use crate::domain::ids::{CartId, UserId};

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
    pub by: Arc<str>,
}

impl Principal {
    pub fn is_staff(&self) -> bool {
        match self.role {
            Role::Shopper => false,
            Role::Operator | Role::Superadmin => true,
        }
    }
}

#[derive(Clone)]
pub struct Identity {}
