//! Whom a route or a topic admits: its own declaration, from which documents and tests are made. And how much of an
//! entity whoever is admitted sees.

use super::permission::{Permission, PermissionSet};

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

/// How much of an entity's view is shown. Live listeners of one sight share each frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Sight {
    /// It is the viewer's own: everything in it is theirs to see.
    pub own: bool,
    /// The viewer's permissions; of a live listener only those that the frames depend on.
    pub permissions: PermissionSet,
}

impl Sight {
    pub const OWN: Self = Self { own: true, permissions: PermissionSet::NONE };

    pub const fn with(permissions: PermissionSet) -> Self {
        Self { own: false, permissions }
    }

    /// Whether what needs this permission is shown.
    pub const fn shows(self, permission: Permission) -> bool {
        self.own || self.permissions.has(permission)
    }
}
