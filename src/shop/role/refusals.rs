//! Each refusal of a role and the problem it becomes: one exhaustive table.

use super::keep::KeepRefusal;
use crate::{
    domain::role::RoleRejection,
    http::{Code, Problem},
};

impl From<RoleRejection> for Problem {
    fn from(refusal: RoleRejection) -> Self {
        let detail = refusal.to_string();
        match refusal {
            RoleRejection::BuiltIn { name } => Problem::new(Code::ROLE_BUILT_IN, detail).with("role", name),
            RoleRejection::TooManyPermissions { given: _, max } => {
                Problem::field("permissions", detail).with("max", max)
            }
            RoleRejection::BadDescription { max } => Problem::field("description", detail).with("max", max),
            RoleRejection::Unknown => Problem::new(Code::UNKNOWN_ROLE, detail),
        }
    }
}

impl From<KeepRefusal> for Problem {
    fn from(refusal: KeepRefusal) -> Self {
        let detail = refusal.to_string();
        match refusal {
            KeepRefusal::Unknown(role) => Problem::new(Code::UNKNOWN_ROLE, detail).with("role", role),
            KeepRefusal::Exists(role) => Problem::new(Code::ROLE_EXISTS, detail).with("role", role),
            KeepRefusal::TooMany { max } => Problem::new(Code::TOO_MANY_ROLES, detail).with("max", max),
            KeepRefusal::Grants(refused) => refused.into(),
            KeepRefusal::Ask(error) => error.into(),
            KeepRefusal::Store(error) => error.into(),
        }
    }
}
