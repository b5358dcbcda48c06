//! Accounts as they were first kept: named by their e-mail, with a role and a PHC string.
//!
//! Such an entity is read for ever and gets no new events. Its identity is carried over to the account of its user id;
//! its password stays here, where it is proven, until its owner logs in for the first time: then the account gets a
//! verifier of its own. So the stored hash never leaves the entity.

use serde::{Deserialize, Serialize};

use super::{Challenge, Password};
use crate::domain::role::RoleName;

/// A role as it was first kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    #[default]
    Shopper,
    Operator,
    Superadmin,
}

impl Role {
    /// What it is called today.
    pub fn name(self) -> RoleName {
        match self {
            Self::Shopper => RoleName::customer(),
            Self::Operator => RoleName::manager(),
            Self::Superadmin => RoleName::superadmin(),
        }
    }
}

/// The password of a PHC string such as `$argon2id$v=19$m=19456,t=2,p=1$salt$hash`: its hash is the key, so the verifier
/// follows from it. `None`: it is none of Argon2id's.
pub(super) fn password(phc: &str) -> Option<Password> {
    let mut parts = phc.split('$').skip(1);
    let (Some("argon2id"), Some("v=19"), Some(params), Some(salt), Some(hash), None) =
        (parts.next(), parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return None;
    };
    let number = |name: &str| params.split(',').find_map(|pair| pair.strip_prefix(name)?.parse().ok());
    let challenge = Challenge {
        salt: super::password::decode(salt)?,
        memory_kib: number("m=")?,
        passes: number("t=")?,
        lanes: number("p=")?,
    };
    Some(Password::of(challenge, &super::password::decode(hash)?))
}
