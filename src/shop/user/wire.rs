//! An account as staff sees it: without e-mail and name for who lacks `customers.read`.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    actors::gateway::Answer,
    domain::{
        account::{Account, AccountView},
        ids::UserId,
        role::RoleName,
    },
    http::Problem,
    identity::{Permission, Principal},
};

#[derive(Serialize, ToSchema)]
#[schema(as = User)]
pub struct UserBody {
    pub id: Uuid,
    pub version: u64,
    /// For `customers.read`, and of one's own account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// For `customers.read`, and of one's own account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The e-mail is proven.
    pub email_verified: bool,
    #[schema(example = json!(["support"]))]
    pub roles: Vec<String>,
    /// Nobody can log in.
    pub disabled: bool,
    /// Sessions that are open.
    pub sessions: usize,
    /// RFC 3339, UTC.
    pub created_at: String,
}

impl UserBody {
    /// As `who` sees it.
    pub fn new(user: UserId, answer: &Answer<AccountView>, who: &Principal) -> Self {
        let view = &answer.view;
        let person = who.sight(Some(user)).shows(Permission::CustomersRead);
        Self {
            id: user.0,
            version: answer.version,
            email: view.mailbox.as_ref().filter(|_| person).map(|mailbox| mailbox.shown.to_string()),
            name: view.name.as_ref().filter(|_| person).map(ToString::to_string),
            email_verified: view.verified,
            roles: view.roles.iter().map(ToString::to_string).collect(),
            disabled: view.disabled,
            sessions: view.sessions.len(),
            created_at: view.created_at.rfc3339(),
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewUser)]
pub struct NewUserBody {
    #[schema(example = "ada@example.org", max_length = 254)]
    pub email: String,
    #[serde(default)]
    #[schema(max_length = 120)]
    pub name: Option<String>,
    /// Absent: `customer`.
    #[serde(default)]
    #[schema(min_items = 1, max_items = 16, example = json!(["support"]))]
    pub roles: Option<Vec<String>>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = UserChange)]
pub struct UserChangeBody {
    pub disabled: bool,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = UserRoles)]
pub struct UserRolesBody {
    #[schema(min_items = 1, max_items = 16, example = json!(["support", "warehouse"]))]
    pub roles: Vec<String>,
}

/// Names as they were sent.
pub fn roles(named: &[String]) -> Result<BTreeSet<RoleName>, Problem> {
    let max = Account::ROLES_MAX;
    if !(1..=max).contains(&named.len()) {
        return Err(Problem::field("roles", format!("an account has 1 to {max} roles")).with("max", max));
    }
    let parsed = named.iter().map(|name| RoleName::parse(name));
    parsed.collect::<Result<_, _>>().map_err(|error| Problem::field("roles", error.to_string()))
}
