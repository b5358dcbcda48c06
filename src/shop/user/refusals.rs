//! Each refusal of a change of accounts and the problem it becomes: exhaustive tables.

use super::change::UserRefusal;
use crate::{
    domain::superadmins::SuperadminsRejection,
    http::{Code, Problem},
};

impl From<SuperadminsRejection> for Problem {
    fn from(refusal: SuperadminsRejection) -> Self {
        let detail = refusal.to_string();
        match refusal {
            SuperadminsRejection::Last => Problem::new(Code::LAST_SUPERADMIN, detail),
            SuperadminsRejection::TooMany { max } => Problem::new(Code::TOO_MANY_SUPERADMINS, detail).with("max", max),
            SuperadminsRejection::UnderWay => Problem::new(Code::PROMOTION_UNDER_WAY, detail).retry_after(1000),
        }
    }
}

impl From<UserRefusal> for Problem {
    fn from(refusal: UserRefusal) -> Self {
        let detail = refusal.to_string();
        match refusal {
            UserRefusal::Unknown(user) => Problem::new(Code::UNKNOWN_USER, detail).with("user_id", user),
            UserRefusal::BadRoles { max } => Problem::field("roles", detail).with("max", max),
            UserRefusal::StillSuperadmin => Problem::new(Code::STILL_SUPERADMIN, detail),
            UserRefusal::NotPromoted => Problem::new(Code::PROMOTION_UNDER_WAY, detail).retry_after(1000),
            UserRefusal::Role(refusal) => refusal.into(),
            UserRefusal::Grants(refusal) => refusal.into(),
            UserRefusal::Account(error) => error.into(),
            UserRefusal::Superadmins(error) => error.into(),
        }
    }
}
