//! Whom a route or a topic admits: its own declaration, from which documents and tests are made.

use super::permission::Permission;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Everybody; who has a permission may see more of it.
    Public,
    /// Everybody, for what is their own; the things of others for whoever has the permission, if one is named.
    Owner { others: Option<Permission> },
    /// Whoever is signed in, for what is their own.
    SignedIn,
    /// Whoever has the permission.
    Permission(Permission),
}

impl Access {
    /// `x-permission` in the documents.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Owner { .. } | Self::SignedIn => "owner",
            Self::Permission(permission) => permission.name(),
        }
    }

    /// The permission with which the things of others are reached.
    pub const fn others(self) -> Option<Permission> {
        match self {
            Self::Owner { others } => others,
            Self::Public | Self::SignedIn | Self::Permission(_) => None,
        }
    }

    /// Whether nobody is admitted without an account.
    pub const fn needs_an_account(self) -> bool {
        match self {
            Self::SignedIn | Self::Permission(_) => true,
            Self::Public | Self::Owner { .. } => false,
        }
    }
}
