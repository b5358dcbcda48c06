//! Access tokens: the claims of one log-in, sealed. Not a JWT: there is one algorithm, so no header to forge.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::{account::Role, ids::UserId, time::Timestamp};

use super::{error::TokenFault, principal::Principal, seal::Seal};

/// Times are seconds since the Unix epoch; the token is valid while `now < exp`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    pub sub: Uuid,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    pub role: Role,
    pub iat: i64,
    pub exp: i64,
    pub typ: TokenType,
}

impl Claims {
    pub fn principal(&self) -> Principal {
        Principal::account(UserId(self.sub), self.role)
    }
}

/// Refresh and one-time tokens will be other types; each place accepts the one it is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenType {
    Access,
}

pub fn issue(seal: &Seal, claims: &Claims) -> Result<String, serde_json::Error> {
    serde_json::to_vec(claims).map(|payload| seal.seal(&payload))
}

pub fn verify(seal: &Seal, token: &str, now: Timestamp) -> Result<Claims, TokenFault> {
    let payload = seal.open(token).ok_or(TokenFault::Forged)?;
    let claims: Claims = serde_json::from_slice(&payload).map_err(|_| TokenFault::Forged)?;
    match claims.typ {
        TokenType::Access if now.0.div_euclid(1000) < claims.exp => Ok(claims),
        TokenType::Access => Err(TokenFault::Expired),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::SigningSecret;

    fn seal(purpose: &str) -> Seal {
        Seal::new(&SigningSecret::from_bytes([3; 32]), purpose)
    }

    fn claims() -> Claims {
        let email = Some("admin@souk.local".to_owned());
        Claims { sub: Uuid::from_u128(5), email, role: Role::Operator, iat: 100, exp: 200, typ: TokenType::Access }
    }

    #[test]
    fn says_what_was_issued_until_it_expires() {
        let token = issue(&seal("access-token"), &claims()).unwrap();
        let at = |ms| verify(&seal("access-token"), &token, Timestamp(ms));
        assert_eq!(at(150_000), Ok(claims()));
        assert_eq!(at(199_999), Ok(claims()));
        assert_eq!(at(200_000), Err(TokenFault::Expired));
    }

    #[test]
    fn a_raised_role_is_a_forgery() {
        let token = issue(&seal("access-token"), &claims()).unwrap();
        let (_, tag) = token.split_once('.').unwrap();
        let raised = issue(&seal("x"), &Claims { role: Role::Superadmin, ..claims() }).unwrap();
        let (payload, _) = raised.split_once('.').unwrap();
        let forged = format!("{payload}.{tag}");
        assert_eq!(verify(&seal("access-token"), &forged, Timestamp(0)), Err(TokenFault::Forged));
    }

    #[test]
    fn a_text_sealed_for_another_purpose_or_of_another_type_is_a_forgery() {
        let token = issue(&seal("guest-session"), &claims()).unwrap();
        assert_eq!(verify(&seal("access-token"), &token, Timestamp(0)), Err(TokenFault::Forged));
        let json = serde_json::to_string(&claims()).unwrap().replace("\"access\"", "\"refresh\"");
        let token = seal("access-token").seal(json.as_bytes());
        assert_eq!(verify(&seal("access-token"), &token, Timestamp(0)), Err(TokenFault::Forged));
    }
}
