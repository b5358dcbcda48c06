//! The caller's identity, behind one cheap handle.
//!
//! An account proves itself by a signed access token, a guest by a signed session cookie; both are verified from the
//! signature alone, so a request costs one HMAC (1 to 2 us in all) and no look-up. The price: a token cannot be revoked
//! before it expires (sessions and refresh tokens come with full identity). In reading order: [`permission`], `access` (whom a
//! route admits), [`principal`], [`secret`]
//! and [`seal`] (keys and signatures), [`token`], [`guest`], [`origin`] (requests forged by other sites),
//! [`passwords`], [`throttle`], [`login`], [`superadmin`]. Deliberately absent: HTTP responses (`http::auth`), and
//! accounts themselves (entities; see [`accounts`]).

mod access;
pub mod accounts;
mod error;
mod guest;
mod login;
mod origin;
mod passwords;
pub mod permission;
mod principal;
mod seal;
mod secret;
mod superadmin;
mod throttle;
mod token;

use std::sync::Arc;

use axum::http::{HeaderMap, header};

use crate::{actors::ports::Clock, config};

pub use access::{Access, Sight};
pub use accounts::{Accounts, AccountsFault};
pub use error::{AuthError, TokenFault};
pub use guest::{COOKIE, HOST_COOKIE};
pub use login::Login;
pub use origin::{Site, is_this_machine};
pub use passwords::PasswordFault;
pub use permission::{Needs, Permission, PermissionSet, may, of_built_in};
pub use principal::{Principal, PrincipalKind, Reach};
pub use secret::{SecretError, SigningSecret};
pub use superadmin::{GeneratedPassword, SUPERADMIN, SuperadminError};
pub use throttle::{Key as ThrottleKey, Throttle};
pub use token::Claims;

use guest::GuestSession;
use passwords::Passwords;
use seal::Seal;

#[derive(Clone)]
pub struct Identity(Arc<Inner>);

struct Inner {
    settings: config::Identity,
    clock: Arc<dyn Clock>,
    accounts: Arc<dyn Accounts>,
    tokens: Seal,
    guests: Seal,
    tags: Seal,
    passwords: Passwords,
    throttle: Throttle,
}

/// The writer, and the cookie that the response must carry when the session is new or was renewed.
pub struct Recognised {
    pub principal: Principal,
    pub set_cookie: Option<String>,
}

impl Identity {
    pub fn new(
        settings: config::Identity,
        secret: &SigningSecret,
        clock: Arc<dyn Clock>,
        accounts: Arc<dyn Accounts>,
    ) -> Self {
        Self(Arc::new(Inner {
            tokens: Seal::new(secret, "access-token"),
            guests: Seal::new(secret, "guest-session"),
            tags: Seal::new(secret, "log-tag"),
            passwords: Passwords::default(),
            throttle: Throttle::default(),
            settings,
            clock,
            accounts,
        }))
    }

    /// Milliseconds since 1970, by the clock that token expiry uses.
    pub fn now_ms(&self) -> i64 {
        self.0.clock.now().0
    }

    /// The account that `token` was issued to.
    pub fn principal_of_token(&self, token: &str) -> Result<Principal, AuthError> {
        Ok(self.claims_of_token(token)?.principal())
    }

    pub fn claims_of_token(&self, token: &str) -> Result<Claims, AuthError> {
        token::verify(&self.0.tokens, token, self.0.clock.now()).map_err(AuthError::InvalidToken)
    }

    /// The bearer token of the request, if it carries an `Authorization` header at all.
    pub fn bearer(headers: &HeaderMap) -> Result<Option<&str>, AuthError> {
        let Some(value) = headers.get(header::AUTHORIZATION) else { return Ok(None) };
        match value.to_str().ok().and_then(|text| text.split_once(' ')) {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Ok(Some(token.trim())),
            _ => Err(AuthError::InvalidToken(TokenFault::NotBearer)),
        }
    }

    /// The reader, if identified; never creates a session. A bad token is refused, a bad cookie is ignored.
    pub fn identify(&self, headers: &HeaderMap) -> Result<Option<Principal>, AuthError> {
        match Self::bearer(headers)? {
            Some(token) => self.principal_of_token(token).map(Some),
            None => Ok(self.guest(headers).map(|(session, _)| Principal::guest(session.id))),
        }
    }

    /// The writer; a caller without token and session becomes a new guest. `https`: the request is known to have come by it.
    pub fn identify_or_create_guest(&self, headers: &HeaderMap, https: bool) -> Result<Recognised, AuthError> {
        if let Some(token) = Self::bearer(headers)? {
            return Ok(Recognised { principal: self.principal_of_token(token)?, set_cookie: None });
        }
        let now = self.0.clock.now();
        let secure = https || (self.0.settings.secure_cookies && !origin::is_this_machine(headers));
        let (id, stale) = match self.guest(headers) {
            // A cookie of the old name gets the safe one by the next write.
            Some((session, name)) => (session.id, session.wants_renewal(now) || (secure && name != HOST_COOKIE)),
            None => (self.0.clock.uuid(), true),
        };
        let set_cookie = stale.then(|| GuestSession { id, issued: now }.set_cookie(&self.0.guests, secure));
        Ok(Recognised { principal: Principal::guest(id), set_cookie })
    }

    /// An e-mail as the log may name it: a keyed tag, the same for every attempt, from which nobody reads the e-mail.
    pub fn tag_of_email(&self, email: &str) -> Arc<str> {
        let email = email.trim().to_lowercase();
        format!("email:{:016x}", self.0.tags.tag(email.as_bytes())).into()
    }

    fn guest(&self, headers: &HeaderMap) -> Option<(GuestSession, &'static str)> {
        GuestSession::read(&self.0.guests, headers, self.0.clock.now())
    }
}

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
