//! Log-in by e-mail and password: throttle, look up, check, issue. Unknown accounts take the same path and time.

use std::net::IpAddr;

use uuid::Uuid;

use crate::config::Secret;
use crate::domain::{account::Role, ids::UserId};
use crate::network::Bucket;

use super::{
    AccountsFault, AuthError, Claims, Identity, PasswordFault,
    throttle::Key,
    token::{self, TokenType},
};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    pub access_token: String,
    /// Seconds.
    pub expires_in: u32,
    pub user: UserId,
    pub email: String,
    pub role: Role,
}

impl Identity {
    /// `address`: the client's, when known. Errors: `InvalidCredentials`, `TooManyAttempts`, `Busy`, `Unavailable`.
    pub async fn login(&self, email: &str, password: &Secret, address: Option<IpAddr>) -> Result<Login, AuthError> {
        let inner = &*self.0;
        let email = normalise(email);
        let keys = email
            .iter()
            .cloned()
            .map(Key::Email)
            .chain(address.map(|address| Key::Address(Bucket::of(address))))
            .collect();
        let attempt = inner
            .throttle
            .admit(keys, inner.clock.now())
            .map_err(|retry_after_ms| AuthError::TooManyAttempts { retry_after_ms })?;
        let account = match &email {
            Some(email) => inner.accounts.find(email).await.map_err(unavailable)?,
            None => None,
        };
        let hash = account.as_ref().map(|account| account.password_hash.clone());
        let right = inner.passwords.verify(password, hash).await.map_err(unchecked)?;
        let now = inner.clock.now();
        match (right, email, account.and_then(|account| Some((account.user?, account.role)))) {
            (true, Some(email), Some((user, role))) => {
                attempt.succeeded(now);
                self.issue(user, role, email)
            }
            _ => {
                attempt.failed(now);
                Err(AuthError::InvalidCredentials)
            }
        }
    }

    /// A token for an account, valid from now on.
    pub fn issue(&self, user: UserId, role: Role, email: String) -> Result<Login, AuthError> {
        let ttl = self.0.settings.token_ttl_s();
        let iat = self.0.clock.now().0.div_euclid(1000);
        let typ = TokenType::Access;
        let claims = Claims { sub: user.0, email: Some(email.clone()), role, iat, exp: iat + i64::from(ttl), typ };
        let access_token = token::issue(&self.0.tokens, &claims).map_err(|error| {
            tracing::error!(%error, "a token could not be written");
            AuthError::Internal
        })?;
        Ok(Login { access_token, expires_in: ttl, user, email, role })
    }

    pub(super) fn fresh_id(&self) -> Uuid {
        self.0.clock.uuid()
    }
}

/// Bytes of an account's e-mail; a longer one fails like an unknown account.
const EMAIL_BYTES_MAX: usize = 128;

/// The account's name; `None` for an illegal one, which then fails like an unknown account.
fn normalise(email: &str) -> Option<String> {
    let email = email.trim();
    let plausible = email.len() <= EMAIL_BYTES_MAX && email.contains('@') && !email.contains(char::is_whitespace);
    plausible.then(|| email.to_lowercase()).filter(|email| email.len() <= EMAIL_BYTES_MAX)
}

fn unavailable(fault: AccountsFault) -> AuthError {
    match fault {
        AccountsFault::Unavailable { retry_after_ms, reason } => {
            tracing::warn!(%reason, "a log-in could not read its account");
            AuthError::Unavailable { retry_after_ms }
        }
        AccountsFault::Refused(rejection) => {
            tracing::error!(%rejection, "a read was refused");
            AuthError::Internal
        }
    }
}

fn unchecked(fault: PasswordFault) -> AuthError {
    match fault {
        PasswordFault::Busy => AuthError::Busy { retry_after_ms: 1000 },
        PasswordFault::Hash(_) | PasswordFault::DamagedHash | PasswordFault::BrokenOff => {
            tracing::error!(error = %fault, "a password could not be checked");
            AuthError::Internal
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_named_by_its_email_in_lower_case() {
        assert_eq!(normalise(" Admin@Souk.Local ").as_deref(), Some("admin@souk.local"));
        for bad in ["", "admin", "a b@c", &format!("{}@b", "x".repeat(127))] {
            assert_eq!(normalise(bad), None, "{bad}");
        }
    }
}
