//! What a caller may do. Routes, topics and jobs ask for a permission and never for a role: a role is a name for a set of
//! them, and the built-in roles are the table below.
//!
//! Deny unless granted: a guest and a customer have none, and what is their own (a cart, an order) is judged by its
//! owner. Deliberately absent: who has which role (the account says so), and the roles of the shop's own
//! (`domain::role`), which name permissions by their wire names.

use std::{
    collections::BTreeSet,
    fmt,
    ops::{BitAnd, BitOr},
    str::FromStr,
};

use crate::domain::{account::Role, role::RoleName};

macro_rules! permissions {
    ($($(#[doc = $doc:literal])+ $name:ident = $wire:literal),* $(,)?) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Permission { $($(#[doc = $doc])+ $name),* }

        impl Permission {
            pub const ALL: &[Permission] = &[$(Permission::$name),*];

            /// Its name in roles, documents and refusals. Frozen: roles in the journal name it.
            pub const fn name(self) -> &'static str {
                match self { $(Permission::$name => $wire),* }
            }

            /// For people.
            pub const fn describe(self) -> &'static str {
                match self { $(Permission::$name => concat!($($doc),+)),* }
            }
        }

        /// The permissions as types, so that a handler's argument can name one.
        pub mod may {
            $($(#[doc = $doc])+ #[derive(Clone, Copy, Debug)] pub struct $name;

            impl super::Needs for $name {
                const PERMISSION: super::Permission = super::Permission::$name;
            })*
        }
    };
}

permissions! {
    /// See every order, the board and what waits for a payment
    OrdersRead = "orders.read",
    /// Move and cancel orders of others
    OrdersWrite = "orders.write",
    /// Send parcels
    OrdersFulfil = "orders.fulfil",
    /// Give money back
    OrdersRefund = "orders.refund",
    /// See every payment
    PaymentsRead = "payments.read",
    /// Capture and void payments
    PaymentsWrite = "payments.write",
    /// See counts, levels and movements of the stock
    StockRead = "stock.read",
    /// Book goods that arrived
    StockReceive = "stock.receive",
    /// Correct counts and hold units by hand
    StockAdjust = "stock.adjust",
    /// Set thresholds and policies of the stock
    StockWrite = "stock.write",
    /// Change products and categories
    CatalogueWrite = "catalogue.write",
    /// Read notes
    NotesRead = "notes.read",
    /// Write and remove notes
    NotesWrite = "notes.write",
    /// See amounts: without it they are absent
    MoneyRead = "money.read",
    /// See personal data: without it names, addresses and e-mails are absent
    CustomersRead = "customers.read",
    /// Export all that the shop has about a person
    CustomersExport = "customers.export",
    /// Erase persons, for good
    CustomersErase = "customers.erase",
    /// See accounts and their roles
    UsersRead = "users.read",
    /// Make, change and disable accounts, and give them roles
    UsersWrite = "users.write",
    /// See roles and permissions
    RolesRead = "roles.read",
    /// Make and change the shop's own roles
    RolesWrite = "roles.write",
    /// See metrics, the node and the details of its readiness
    OperationsRead = "operations.read",
}

/// A permission as a type, of [`may`].
pub trait Needs: Send + Sync + 'static {
    const PERMISSION: Permission;
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no permission {0:?}")]
pub struct UnknownPermission(pub String);

impl FromStr for Permission {
    type Err = UnknownPermission;
    fn from_str(text: &str) -> Result<Self, UnknownPermission> {
        let found = Self::ALL.iter().copied().find(|permission| permission.name() == text);
        found.ok_or_else(|| UnknownPermission(text.chars().take(80).collect()))
    }
}

/// A set of permissions, one bit each.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct PermissionSet(u64);

/// Each has its bit.
const _: () = assert!(Permission::ALL.len() <= 64);

impl PermissionSet {
    pub const NONE: Self = Self(0);
    pub const ALL: Self = Self::of(Permission::ALL);

    pub const fn of(permissions: &[Permission]) -> Self {
        let (mut bits, mut n) = (0, 0);
        while n < permissions.len() {
            bits |= 1 << permissions[n] as u32;
            n += 1;
        }
        Self(bits)
    }

    /// Of wire names; one that this version does not know grants nothing.
    pub fn named(names: &BTreeSet<String>) -> Self {
        names.iter().filter_map(|name| name.parse().ok()).map(|permission| Self::of(&[permission])).collect()
    }

    pub const fn has(self, permission: Permission) -> bool {
        self.0 & (1 << permission as u32) != 0
    }

    /// Whether all of `other` are in it: who has it may grant them.
    pub const fn covers(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    pub const fn without(self, permission: Permission) -> Self {
        Self(self.0 & !(1 << permission as u32))
    }

    pub const fn without_all(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::ALL.iter().copied().filter(move |permission| self.has(*permission))
    }

    pub fn names(self) -> impl Iterator<Item = &'static str> {
        self.iter().map(Permission::name)
    }
}

impl BitOr for PermissionSet {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitAnd for PermissionSet {
    type Output = Self;
    fn bitand(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

/// Of an account as it was named before there were permissions.
impl From<Role> for PermissionSet {
    fn from(role: Role) -> Self {
        match role {
            Role::Shopper => Self::NONE,
            Role::Operator => Self::ALL.without(Permission::RolesWrite),
            Role::Superadmin => Self::ALL,
        }
    }
}

impl FromIterator<PermissionSet> for PermissionSet {
    fn from_iter<I: IntoIterator<Item = PermissionSet>>(sets: I) -> Self {
        sets.into_iter().fold(Self::NONE, BitOr::bitor)
    }
}

impl fmt::Debug for PermissionSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}

/// A role that every shop has and nobody can change.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BuiltIn {
    pub name: &'static str,
    pub permissions: PermissionSet,
    pub description: &'static str,
}

use Permission as P;

pub static BUILT_IN: [BuiltIn; 6] = [
    BuiltIn {
        name: RoleName::CUSTOMER,
        permissions: PermissionSet::NONE,
        description: "Shops, and sees what is their own",
    },
    BuiltIn {
        name: RoleName::SUPPORT,
        permissions: PermissionSet::of(&[
            P::OrdersRead,
            P::OrdersWrite,
            P::PaymentsRead,
            P::StockRead,
            P::MoneyRead,
            P::CustomersRead,
            P::UsersRead,
            P::NotesRead,
            P::NotesWrite,
        ]),
        description: "Helps customers with their orders",
    },
    BuiltIn {
        name: RoleName::WAREHOUSE,
        // A parcel needs an address, and no price.
        permissions: PermissionSet::of(&[
            P::OrdersRead,
            P::OrdersFulfil,
            P::StockRead,
            P::StockReceive,
            P::StockAdjust,
            P::StockWrite,
            P::CustomersRead,
            P::NotesRead,
            P::NotesWrite,
        ]),
        description: "Keeps the stock and sends parcels; sees no amounts",
    },
    BuiltIn {
        name: RoleName::CATALOGUE,
        permissions: PermissionSet::of(&[P::CatalogueWrite, P::StockRead, P::MoneyRead, P::NotesRead, P::NotesWrite]),
        description: "Keeps products and categories; sees no orders",
    },
    BuiltIn {
        name: RoleName::MANAGER,
        permissions: PermissionSet::ALL.without(P::RolesWrite),
        description: "Does everything but make roles",
    },
    BuiltIn {
        name: RoleName::SUPERADMIN,
        permissions: PermissionSet::ALL,
        description: "Does everything; there is always one",
    },
];

/// The built-in role of this name, if it is one.
pub fn built_in(role: &RoleName) -> Option<&'static BuiltIn> {
    BUILT_IN.iter().find(|built_in| built_in.name == role.as_str())
}

/// The permissions of a built-in role; `None` for any other.
pub fn of_built_in(role: &RoleName) -> Option<PermissionSet> {
    built_in(role).map(|built_in| built_in.permissions)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wire_names_are_unique_and_read_back() {
        for permission in Permission::ALL {
            assert_eq!(permission.name().parse(), Ok(*permission));
            assert!(permission.name().split_once('.').is_some(), "{permission}");
        }
        let names: BTreeSet<_> = Permission::ALL.iter().map(|permission| permission.name()).collect();
        assert_eq!(names.len(), Permission::ALL.len());
        assert!("orders.everything".parse::<Permission>().is_err());
    }

    #[test]
    fn a_set_has_what_it_was_given_and_covers_what_is_in_it() {
        let set = PermissionSet::of(&[P::OrdersRead, P::OperationsRead]);
        assert_eq!(set.iter().collect::<Vec<_>>(), [P::OrdersRead, P::OperationsRead]);
        assert!(set.covers(PermissionSet::of(&[P::OrdersRead])) && set.covers(PermissionSet::NONE));
        assert!(!set.covers(PermissionSet::of(&[P::OrdersRead, P::StockRead])));
        assert!(PermissionSet::ALL.covers(set) && !set.has(P::RolesWrite));
        assert_eq!(set.without(P::OrdersRead), PermissionSet::of(&[P::OperationsRead]));
    }

    #[test]
    fn a_name_of_another_version_grants_nothing() {
        let names = ["orders.read", "moon.read"].map(str::to_owned).into();
        assert_eq!(PermissionSet::named(&names), PermissionSet::of(&[P::OrdersRead]));
    }

    #[test]
    fn the_built_in_roles_are_these() {
        assert_eq!(BUILT_IN.map(|role| role.name), RoleName::BUILT_IN);
        let of = |name: &str| of_built_in(&RoleName::parse(name).unwrap()).unwrap();
        assert_eq!(of("customer"), PermissionSet::NONE);
        assert_eq!(of("superadmin"), PermissionSet::ALL);
        assert!(!of("manager").has(P::RolesWrite) && of("manager").has(P::UsersWrite));
        assert!(!of("warehouse").has(P::MoneyRead));
        assert_eq!(of_built_in(&RoleName::parse("night-shift").unwrap()), None);
        let old = [(Role::Shopper, "customer"), (Role::Operator, "manager"), (Role::Superadmin, "superadmin")];
        old.into_iter().for_each(|(role, name)| assert_eq!(PermissionSet::from(role), of(name)));
    }
}
