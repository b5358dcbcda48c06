//! Access tokens: a JWT (RFC 7519) that names an account and its session, signed by EdDSA, and nothing else. What the
//! session may do is looked up with every request, so that a revocation ends it at once.
//!
//! One algorithm is taken, whatever a token's head says. A signature costs tens of microseconds to verify: the newest
//! verified tokens are remembered.

use std::sync::{Mutex, PoisonError};

use jsonwebtoken::{Algorithm, Header, Validation};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{
    SigningSecret,
    error::TokenFault,
    keys::{KeyRing, PublicKey},
};
use crate::{
    domain::{
        ids::{SessionId, UserId},
        time::Timestamp,
    },
    network::Bounded,
};

/// Bytes of a token; a longer one is refused before it is looked at.
const TOKEN_LEN_MAX: usize = 2048;
/// Verified tokens that are remembered; a further one displaces the one used longest ago.
const VERIFIED_MAX: usize = 10_000;
/// For whom: the API of the issuer.
const AUDIENCE: &str = "souk-api";

/// Times are seconds since the Unix epoch; the token is valid while `now < exp`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    pub sub: Uuid,
    pub sid: Uuid,
    pub iat: i64,
    pub exp: i64,
    pub iss: String,
    pub aud: String,
}

impl Claims {
    pub fn user(&self) -> UserId {
        UserId(self.sub)
    }

    pub fn session(&self) -> SessionId {
        SessionId(self.sid)
    }
}

pub struct AccessTokens {
    keys: KeyRing,
    issuer: String,
    ttl_s: i64,
    /// By digest. The lock is held for a map operation.
    verified: Mutex<Bounded<[u8; 32], Option<Claims>>>,
}

impl AccessTokens {
    pub fn new(secret: &SigningSecret, issuer: &str, ttl_s: u32, period_ms: u64) -> Self {
        Self {
            keys: KeyRing::new(secret, period_ms),
            issuer: issuer.to_owned(),
            ttl_s: ttl_s.into(),
            verified: Mutex::new(Bounded::new(VERIFIED_MAX)),
        }
    }

    pub fn issue(
        &self,
        user: UserId,
        session: SessionId,
        now: Timestamp,
    ) -> Result<String, jsonwebtoken::errors::Error> {
        let keys = self.keys.at(now);
        let iat = seconds(now);
        let (iss, aud) = (self.issuer.clone(), AUDIENCE.to_owned());
        let claims = Claims { sub: user.0, sid: session.0, iat, exp: iat + self.ttl_s, iss, aud };
        let header = Header { kid: Some(keys.current().kid.clone()), ..Header::new(Algorithm::EdDSA) };
        jsonwebtoken::encode(&header, &claims, &keys.current().signs)
    }

    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Claims, TokenFault> {
        if token.len() > TOKEN_LEN_MAX {
            return Err(TokenFault::Forged);
        }
        let digest: [u8; 32] = Sha256::digest(token.as_bytes()).into();
        let known = self.remembered(|verified| verified.get(&digest).cloned().flatten());
        let claims = match known {
            Some(claims) => claims,
            None => {
                let claims = self.checked(token, now).ok_or(TokenFault::Forged)?;
                self.remembered(|verified| *verified.touch(&digest) = Some(claims.clone()));
                claims
            }
        };
        if seconds(now) < claims.exp { Ok(claims) } else { Err(TokenFault::Expired) }
    }

    pub fn public_keys(&self, now: Timestamp) -> Vec<PublicKey> {
        self.keys.at(now).public()
    }

    fn checked(&self, token: &str, now: Timestamp) -> Option<Claims> {
        let header = jsonwebtoken::decode_header(token).ok()?;
        let keys = self.keys.at(now);
        let key = keys.named(header.kid.as_deref()?)?;
        let mut rules = Validation::new(Algorithm::EdDSA);
        rules.set_issuer(&[&self.issuer]);
        rules.set_audience(&[AUDIENCE]);
        // By the shop's clock, above.
        rules.validate_exp = false;
        jsonwebtoken::decode::<Claims>(token, &key.verifies, &rules).ok().map(|decoded| decoded.claims)
    }

    fn remembered<T>(&self, work: impl FnOnce(&mut Bounded<[u8; 32], Option<Claims>>) -> T) -> T {
        work(&mut self.verified.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn seconds(now: Timestamp) -> i64 {
    now.0.div_euclid(1000)
}

#[cfg(test)]
mod tests {
    use data_encoding::BASE64URL_NOPAD;

    use super::*;

    const NOW: Timestamp = Timestamp(1_795_000_000_000);
    const DAY_MS: u64 = 86_400_000;

    fn tokens(secret: u8, issuer: &str) -> AccessTokens {
        AccessTokens::new(&SigningSecret::from_bytes([secret; 32]), issuer, 900, 30 * DAY_MS)
    }

    fn token(tokens: &AccessTokens) -> String {
        tokens.issue(UserId(Uuid::from_u128(5)), SessionId(Uuid::from_u128(6)), NOW).unwrap()
    }

    #[test]
    fn says_what_was_issued_until_it_expires() {
        let tokens = tokens(3, "souk");
        let token = token(&tokens);
        for _twice in 0..2 {
            let claims = tokens.verify(&token, NOW).unwrap();
            assert_eq!((claims.user().0.as_u128(), claims.session().0.as_u128()), (5, 6));
        }
        assert!(tokens.verify(&token, NOW.plus_ms(899_999)).is_ok());
        assert_eq!(tokens.verify(&token, NOW.plus_ms(900_000)), Err(TokenFault::Expired));
    }

    #[test]
    fn another_nodes_tokens_are_taken_and_anybody_elses_are_not() {
        let ours = tokens(3, "souk");
        assert!(ours.verify(&token(&tokens(3, "souk")), NOW).is_ok(), "the same secret");
        assert_eq!(ours.verify(&token(&tokens(4, "souk")), NOW), Err(TokenFault::Forged));
        assert_eq!(ours.verify(&token(&tokens(3, "another")), NOW), Err(TokenFault::Forged));
    }

    #[test]
    fn a_token_that_was_touched_or_names_another_algorithm_is_a_forgery() {
        let tokens = tokens(3, "souk");
        let token = token(&tokens);
        let [head, payload, signature] = token.split('.').collect::<Vec<_>>().try_into().unwrap();
        let kid = &tokens.public_keys(NOW)[0].kid;
        let head_of = |alg: &str| BASE64URL_NOPAD.encode(format!(r#"{{"alg":"{alg}","kid":"{kid}"}}"#).as_bytes());
        let raised = BASE64URL_NOPAD.encode(br#"{"sub":"00000000-0000-0000-0000-000000000009"}"#);
        for bad in [
            format!("{}.{payload}.", head_of("none")),
            format!("{}.{payload}.{signature}", head_of("HS256")),
            format!("{head}.{raised}.{signature}"),
            format!("{head}.{payload}.{signature}x"),
            format!("{head}.{payload}"),
            "x.y.z".to_owned(),
            String::new(),
            "a".repeat(5000),
        ] {
            assert_eq!(tokens.verify(&bad, NOW), Err(TokenFault::Forged), "{bad}");
        }
    }

    #[test]
    fn a_token_outlives_the_change_of_the_key() {
        let tokens = tokens(3, "souk");
        let period = 30 * DAY_MS as i64;
        let last_moment = Timestamp((NOW.0 / period + 1) * period - 1000);
        let token = tokens.issue(UserId::default(), SessionId::default(), last_moment).unwrap();
        assert!(tokens.verify(&token, last_moment.plus_ms(2000)).is_ok());
        // Not remembered by another node.
        assert!(self::tokens(3, "souk").verify(&token, last_moment.plus_ms(2000)).is_ok());
    }
}
