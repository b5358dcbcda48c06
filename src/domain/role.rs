//! A role of the shop's own: a name for a set of permissions, which accounts carry.
//!
//! The permissions are kept as their wire names, so that a journal of a newer version is read: a name that this version
//! does not know grants nothing. The built-in roles are a table of the program (`identity::permission`) and never
//! entities: nobody can change them. Deliberately absent: who has a role (the account says so), and whether the author
//! may grant what the role grants (the use case asks).

use std::{borrow::Borrow, collections::BTreeSet, fmt, sync::Arc};

use serde::{Deserialize, Serialize};

use super::{
    effect::NoEffect,
    entity::{Entity, Work},
    kinds::Kind,
    text,
    time::Timestamp,
};

/// A role's name: 1 to 40 small letters, digits, `-` and `_`, a letter first. Parsed at the edge, trusted inside.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RoleName(Arc<str>);

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a role's name has 1 to 40 small letters, digits, - and _, a letter first, not {0:?}")]
pub struct BadRoleName(pub String);

impl RoleName {
    /// Characters, which are bytes.
    pub const LEN_MAX: usize = 40;

    pub const CUSTOMER: &str = "customer";
    pub const SUPPORT: &str = "support";
    pub const WAREHOUSE: &str = "warehouse";
    pub const CATALOGUE: &str = "catalogue";
    pub const MANAGER: &str = "manager";
    pub const SUPERADMIN: &str = "superadmin";
    /// The names that no role of the shop's own may take.
    pub const BUILT_IN: [&str; 6] =
        [Self::CUSTOMER, Self::SUPPORT, Self::WAREHOUSE, Self::CATALOGUE, Self::MANAGER, Self::SUPERADMIN];

    pub fn parse(text: &str) -> Result<Self, BadRoleName> {
        let legal = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_');
        let fits = text.len() <= Self::LEN_MAX && text.starts_with(|c: char| c.is_ascii_lowercase());
        match fits && text.bytes().all(legal) {
            true => Ok(Self(text.into())),
            false => Err(BadRoleName(text.chars().take(80).collect())),
        }
    }

    pub fn customer() -> Self {
        Self(Self::CUSTOMER.into())
    }

    pub fn manager() -> Self {
        Self(Self::MANAGER.into())
    }

    pub fn superadmin() -> Self {
        Self(Self::SUPERADMIN.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn is_built_in(&self) -> bool {
        Self::BUILT_IN.contains(&self.as_str())
    }
}

impl fmt::Display for RoleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Borrow<str> for RoleName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for RoleName {
    type Error = BadRoleName;
    fn try_from(text: String) -> Result<Self, BadRoleName> {
        Self::parse(&text)
    }
}

impl From<RoleName> for String {
    fn from(name: RoleName) -> String {
        name.as_str().to_owned()
    }
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Role {
    /// `None` until put, and again once deleted.
    defined: Option<Defined>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Defined {
    pub name: RoleName,
    /// Wire names such as `orders.read`.
    pub permissions: BTreeSet<String>,
    /// For people; may be empty.
    pub description: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoleCommand {
    Put(Defined),
    Delete,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoleEvent {
    Put { name: RoleName, permissions: BTreeSet<String>, description: String },
    Deleted,
}

#[derive(Clone, Debug, PartialEq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoleRejection {
    #[error("the role {name} is built in and cannot be changed")]
    BuiltIn { name: RoleName },
    #[error("a role has at most {max} permissions, not {given}")]
    TooManyPermissions { given: usize, max: usize },
    #[error("a description is one line of at most {max} characters")]
    BadDescription { max: usize },
    #[error("there is no such role")]
    Unknown,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RoleView {
    pub defined: Option<Defined>,
}

impl Role {
    /// More names than there are permissions: a role can have all of them, and its state stays small.
    pub const PERMISSIONS_MAX: usize = 64;
    /// Characters.
    pub const DESCRIPTION_MAX: usize = 200;
}

impl Entity for Role {
    const KIND: Kind = Kind::Role;
    type Command = RoleCommand;
    type Event = RoleEvent;
    type Rejection = RoleRejection;
    type View = RoleView;
    type Effect = NoEffect;

    /// Staff's.
    fn work(command: &RoleCommand) -> Work {
        match command {
            RoleCommand::Put(_) | RoleCommand::Delete => Work::Owed,
        }
    }

    fn decide(&self, command: &RoleCommand, _now: Timestamp) -> Result<Vec<RoleEvent>, RoleRejection> {
        match command {
            RoleCommand::Put(role) if role.name.is_built_in() => {
                Err(RoleRejection::BuiltIn { name: role.name.clone() })
            }
            RoleCommand::Put(role) if role.permissions.len() > Self::PERMISSIONS_MAX => {
                Err(RoleRejection::TooManyPermissions { given: role.permissions.len(), max: Self::PERMISSIONS_MAX })
            }
            RoleCommand::Put(role) if !role.is_described() => {
                Err(RoleRejection::BadDescription { max: Self::DESCRIPTION_MAX })
            }
            RoleCommand::Put(role) if self.defined.as_ref() == Some(role) => Ok(vec![]),
            RoleCommand::Put(Defined { name, permissions, description }) => Ok(vec![RoleEvent::Put {
                name: name.clone(),
                permissions: permissions.clone(),
                description: description.clone(),
            }]),
            RoleCommand::Delete if self.defined.is_none() => Err(RoleRejection::Unknown),
            RoleCommand::Delete => Ok(vec![RoleEvent::Deleted]),
        }
    }

    fn apply(&mut self, event: &RoleEvent) {
        self.defined = match event {
            RoleEvent::Put { name, permissions, description } => {
                Some(Defined { name: name.clone(), permissions: permissions.clone(), description: description.clone() })
            }
            RoleEvent::Deleted => None,
        };
    }

    /// Deleted.
    fn is_forgotten(&self) -> bool {
        self.defined.is_none()
    }

    fn view(&self) -> RoleView {
        RoleView { defined: self.defined.clone() }
    }
}

impl Defined {
    fn is_described(&self) -> bool {
        self.description.is_empty() || text::is_line(&self.description, Role::DESCRIPTION_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::testing::given;

    fn role(name: &str, permissions: &[&str]) -> Defined {
        let permissions = permissions.iter().map(|name| (*name).to_owned()).collect();
        Defined { name: RoleName::parse(name).unwrap(), permissions, description: String::new() }
    }

    fn put(role: Defined) -> RoleEvent {
        RoleEvent::Put { name: role.name, permissions: role.permissions, description: role.description }
    }

    #[test]
    fn a_name_is_plain() {
        for good in ["a", "night-shift_2", RoleName::SUPERADMIN, &"x".repeat(40)] {
            assert_eq!(RoleName::parse(good).map(String::from), Ok(good.to_owned()));
        }
        let long = "x".repeat(41);
        for bad in ["", "2nd", "-a", "Support", "a b", "a/b", "é", long.as_str()] {
            assert!(RoleName::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn the_next_definition_replaces_the_last() {
        let (old, new) = (role("packer", &["orders.read"]), role("packer", &["orders.read", "orders.fulfil"]));
        given::<Role>([put(old.clone())]).when(RoleCommand::Put(old.clone())).then_nothing();
        let state = given::<Role>([put(old)]).when(RoleCommand::Put(new.clone())).then([put(new.clone())]);
        assert_eq!(state.view(), RoleView { defined: Some(new) });
    }

    #[test]
    fn a_deleted_role_is_gone() {
        let old = put(role("packer", &["orders.read"]));
        let state = given::<Role>([old.clone()]).when(RoleCommand::Delete).then([RoleEvent::Deleted]);
        assert_eq!(state.view(), RoleView::default());
        given::<Role>([old, RoleEvent::Deleted]).when(RoleCommand::Delete).then_rejected(RoleRejection::Unknown);
    }

    #[test]
    fn a_built_in_role_is_nobodys_to_change() {
        for name in RoleName::BUILT_IN {
            let role = role(name, &[]);
            let rejection = RoleRejection::BuiltIn { name: role.name.clone() };
            given::<Role>([]).when(RoleCommand::Put(role)).then_rejected(rejection);
        }
    }

    #[test]
    fn a_role_has_bounds() {
        let names: Vec<String> = (0..=Role::PERMISSIONS_MAX).map(|n| format!("p{n}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let rejection = RoleRejection::TooManyPermissions { given: names.len(), max: Role::PERMISSIONS_MAX };
        given::<Role>([]).when(RoleCommand::Put(role("packer", &names))).then_rejected(rejection);
        for bad in ["\u{200B}", "two\nlines", &"x".repeat(Role::DESCRIPTION_MAX + 1)] {
            let role = Defined { description: bad.to_owned(), ..role("packer", &[]) };
            let rejection = RoleRejection::BadDescription { max: Role::DESCRIPTION_MAX };
            given::<Role>([]).when(RoleCommand::Put(role)).then_rejected(rejection);
        }
    }
}
