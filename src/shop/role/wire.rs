//! Roles and permissions on the wire.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    domain::role::{Defined, Role, RoleName},
    http::Problem,
    identity::{Permission, permission::BuiltIn},
};

#[derive(Serialize, ToSchema)]
#[schema(as = Permission)]
pub struct PermissionBody {
    #[schema(example = "orders.refund")]
    pub name: &'static str,
    pub description: &'static str,
}

/// A name for a set of permissions.
#[derive(Serialize, ToSchema)]
#[schema(as = Role)]
pub struct RoleBody {
    #[schema(example = "night-shift")]
    pub name: String,
    /// Nobody can change it.
    pub built_in: bool,
    /// 0 of a built-in one.
    pub version: u64,
    pub permissions: Vec<String>,
    pub description: String,
}

impl RoleBody {
    pub fn own(version: u64, role: Defined) -> Self {
        Self {
            name: role.name.into(),
            built_in: false,
            version,
            permissions: role.permissions.into_iter().collect(),
            description: role.description,
        }
    }
}

impl From<&BuiltIn> for RoleBody {
    fn from(role: &BuiltIn) -> Self {
        Self {
            name: role.name.to_owned(),
            built_in: true,
            version: 0,
            permissions: role.permissions.names().map(str::to_owned).collect(),
            description: role.description.to_owned(),
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewRole)]
pub struct NewRoleBody {
    /// Small letters, digits, `-` and `_`, a letter first.
    #[schema(min_length = 1, max_length = 40, pattern = "^[a-z][a-z0-9_-]*$", example = "night-shift")]
    pub name: String,
    /// A repeated one counts once.
    #[schema(value_type = Vec<String>, max_items = 64)]
    pub permissions: BTreeSet<String>,
    #[serde(default)]
    #[schema(max_length = 200)]
    pub description: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RoleChange)]
pub struct RoleChangeBody {
    /// A repeated one counts once.
    #[schema(value_type = Vec<String>, max_items = 64)]
    pub permissions: BTreeSet<String>,
    #[serde(default)]
    #[schema(max_length = 200)]
    pub description: String,
}

impl NewRoleBody {
    pub fn parse(self) -> Result<Defined, Problem> {
        let name = RoleName::parse(&self.name).map_err(|error| Problem::field("name", error.to_string()))?;
        RoleChangeBody { permissions: self.permissions, description: self.description }.parse(name)
    }
}

impl RoleChangeBody {
    pub fn parse(self, name: RoleName) -> Result<Defined, Problem> {
        // Before each is looked at: a body may hold thousands.
        if self.permissions.len() > Role::PERMISSIONS_MAX {
            let detail = format!("a role has at most {} permissions", Role::PERMISSIONS_MAX);
            return Err(Problem::field("permissions", detail).with("max", Role::PERMISSIONS_MAX));
        }
        if let Some(unknown) = self.permissions.iter().find_map(|name| name.parse::<Permission>().err()) {
            return Err(Problem::field("permissions", unknown.to_string()));
        }
        Ok(Defined { name, permissions: self.permissions, description: self.description.trim().to_owned() })
    }
}
