//! The caller's identity, behind one cheap handle.
//!
//! An account proves itself by a password and gets a session: a short access token, whose session and account are looked
//! up in this node's own folded state with every request ([`standings`]), and a refresh token, which is replaced at each
//! use. A guest has a signed session cookie. In reading order: [`principal`], [`secret`] and [`seal`] (keys and
//! signatures), [`keys`] and [`token`] (access tokens), [`refresh`], [`cookies`], [`guest`], [`origin`] (requests forged
//! by other sites), [`accounts`] and [`standings`] (the ports to the entities), [`passwords`] and [`strength`],
//! [`throttle`] and [`quota`], [`find`], [`login`], [`totp`], [`recovery_codes`], [`passkeys`], [`second_factor`],
//! [`factors`], [`sessions`], [`registration`], [`sso`], [`invitation`], [`recovery`], [`superadmin`], [`api_keys`];
//! [`permission`] (what a caller may do) and `access` (whom a route admits). Deliberately absent: HTTP responses
//! (`http::auth`), and accounts themselves (entities).

mod access;
pub mod accounts;
mod addresses;
mod api_keys;
pub mod cookies;
mod error;
mod factors;
mod find;
mod guest;
mod invitation;
mod keys;
mod links;
mod login;
mod low_priority;
mod origin;
mod passkeys;
mod passwords;
pub mod permission;
mod principal;
mod quota;
mod recovery;
mod recovery_codes;
mod refresh;
mod registration;
mod seal;
mod second_factor;
mod secret;
mod sessions;
mod sso;
mod standings;
mod strength;
mod superadmin;
mod throttle;
mod token;
mod totp;

use std::{collections::BTreeSet, net::IpAddr, sync::Arc};

use axum::http::{HeaderMap, header};

use crate::{
    actors::ports::Clock,
    config,
    domain::{
        email::Mailbox,
        ids::{SessionId, UserId},
        role::RoleName,
        time::Timestamp,
    },
    network::Bucket,
};

pub use access::{Access, Sight};
pub use accounts::{Accounts, AccountsFault};
pub use addresses::Addresses;
pub use api_keys::{API_KEY_PREFIX, MadeKey, WantedKey, shown_prefix};
pub use error::{AccountError, AuthError, TokenFault};
pub use guest::{COOKIE, GuestSession, HOST_COOKIE};
pub use invitation::Invited;
pub use keys::PublicKey;
pub use origin::{Site, is_this_machine};
pub use passkeys::{ALGORITHMS, Asked, AskedNew, Assertion, Ceremonies, Registration, RelyingParty};
pub use passwords::PasswordFault;
pub use permission::{Needs, Permission, PermissionSet, may, of_built_in};
pub use principal::{Principal, PrincipalKind, Proven, Reach, role_of};
pub use refresh::MailTokens;
pub use registration::Applicant;
pub use second_factor::{Entered, Shown, Waits};
pub use secret::{SecretError, SigningSecret};
pub use sso::{Begun, Purpose, Resumed, is_own_path};
pub use standings::{KeyStanding, Standing, Standings};
pub use strength::{PASSWORD_LEN_MIN, Weakness};
pub use superadmin::{GeneratedPassword, SUPERADMIN, SuperadminError};
pub use throttle::{Key as ThrottleKey, Throttle};
pub use token::Claims;
pub use totp::Setup;

use passwords::Passwords;
use quota::Quota;
use seal::Seal;
use token::AccessTokens;

/// The author of what the shop does by itself.
const SYSTEM: &str = "system";
/// Mails on demand to one address in an hour.
const LETTERS_PER_HOUR: u32 = 5;
/// Seconds for which a token may be of a session that this node has not heard of yet.
const YOUNG_S: i64 = 30;

#[derive(Clone)]
pub struct Identity(Arc<Inner>);

struct Inner {
    settings: config::Identity,
    clock: Arc<dyn Clock>,
    accounts: Arc<dyn Accounts>,
    standings: Arc<dyn Standings>,
    addresses: Addresses,
    tokens: AccessTokens,
    refreshes: Seal,
    links: MailTokens,
    guests: Seal,
    tags: Seal,
    /// Between the two steps of a log-in.
    waits: Seal,
    /// Of log-ins that are at a provider.
    flows: sso::Flows,
    apps: totp::Apps,
    recovery_codes: recovery_codes::RecoveryCodes,
    ceremonies: Ceremonies,
    /// `None`: no browser gives a passkey to the shop's address.
    relying_party: Option<RelyingParty>,
    /// Of the salts and ids of accounts that do not exist.
    nobody: [u8; 32],
    passwords: Passwords,
    throttle: Throttle,
    /// New accounts, and mails on demand, by address.
    registrations: Quota,
    /// Mails on demand, by whom they go to.
    letters: Quota,
    /// Uses of API keys that were written down, by key.
    key_uses: Quota,
}

/// Where a request comes from.
#[derive(Clone, Debug, Default)]
pub struct Client {
    /// `None`: not known.
    pub address: Option<IpAddr>,
    /// What the client calls itself.
    pub device: String,
}

impl Client {
    fn throttled(&self) -> Vec<ThrottleKey> {
        self.address.map(|address| ThrottleKey::Address(Bucket::of(address))).into_iter().collect()
    }

    fn shown_address(&self) -> String {
        self.address.map(|address| address.to_canonical().to_string()).unwrap_or_default()
    }
}

/// A session's tokens, and whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Granted {
    pub access_token: String,
    /// Seconds.
    pub expires_in: u32,
    pub refresh_token: String,
    pub user: UserId,
    pub session: SessionId,
    pub email: Arc<str>,
    pub verified: bool,
    pub roles: BTreeSet<RoleName>,
}

/// Whom a request is from, before anything is made for them.
pub enum Sender {
    SignedIn(Principal),
    /// A guest, and the name of the cookie that says so.
    Guest(Principal, GuestSession, &'static str),
    Nobody,
}

impl Sender {
    pub fn principal(&self) -> Option<&Principal> {
        match self {
            Self::SignedIn(principal) | Self::Guest(principal, ..) => Some(principal),
            Self::Nobody => None,
        }
    }
}

/// The writer, and the cookie that the response must carry when the session is new or was renewed.
pub struct Recognised {
    pub principal: Principal,
    pub set_cookie: Option<String>,
}

impl Identity {
    /// An address as this shop's accounts have it; `None` where it cannot be one.
    pub fn mailbox(&self, written: &str) -> Option<Mailbox> {
        self.0.addresses.mailbox(written)
    }

    pub fn new(
        settings: config::Identity,
        secret: &SigningSecret,
        addresses: Addresses,
        clock: Arc<dyn Clock>,
        accounts: Arc<dyn Accounts>,
        standings: Arc<dyn Standings>,
        relying_party: Option<RelyingParty>,
    ) -> Self {
        let tokens = AccessTokens::new(secret, &settings.issuer, settings.token_ttl_s(), settings.key_rotation_ms);
        Self(Arc::new(Inner {
            addresses,
            tokens,
            refreshes: Seal::new(secret, "refresh-token"),
            links: MailTokens::new(secret),
            guests: Seal::new(secret, "guest-session"),
            tags: Seal::new(secret, "log-tag"),
            waits: Seal::new(secret, "second-step"),
            flows: sso::Flows::new(secret),
            apps: totp::Apps::new(secret),
            recovery_codes: recovery_codes::RecoveryCodes::new(secret),
            ceremonies: Ceremonies::new(secret),
            relying_party,
            nobody: secret.derive("nobody"),
            passwords: Passwords::default(),
            throttle: Throttle::default(),
            registrations: Quota::new(settings.registrations_per_address_hour),
            letters: Quota::new(LETTERS_PER_HOUR),
            key_uses: Quota::new(1),
            settings,
            clock,
            accounts,
            standings,
        }))
    }

    /// By the clock that token expiry uses.
    pub fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    pub(super) fn fresh_id(&self) -> uuid::Uuid {
        self.0.clock.uuid()
    }

    /// Whom `token` was issued to, an account's session or a program, as it stands now.
    pub async fn principal_of_token(&self, token: &str) -> Result<Principal, AuthError> {
        if Self::is_api_key(token) {
            return self.principal_of_key(token);
        }
        let claims = self.claims_of_token(token)?;
        let (standing, (user, session)) = (self.standing(&claims).await?, (claims.user(), claims.session()));
        Ok(Principal::standing(user, session, &standing))
    }

    pub fn claims_of_token(&self, token: &str) -> Result<Claims, AuthError> {
        self.0.tokens.verify(token, self.now()).map_err(AuthError::InvalidToken)
    }

    /// What the session of a token may be taken for. Only where the token is so young that its session may not have come
    /// here yet, this waits for the owners' word.
    pub async fn standing(&self, claims: &Claims) -> Result<Standing, AuthError> {
        let (session, user) = (claims.session(), claims.user());
        if let Some(standing) = self.stands(session, user) {
            return Ok(standing);
        }
        if self.now().0.div_euclid(1000) - claims.iat <= YOUNG_S {
            self.0.standings.caught_up(session, user).await;
        }
        self.stands(session, user).ok_or(AuthError::InvalidToken(TokenFault::Ended))
    }

    /// As this node knows it, and as the shop's rule of second factors has it.
    fn stands(&self, session: SessionId, user: UserId) -> Option<Standing> {
        self.0.standings.of(session, user).map(|standing| standing.ruled(&self.0.settings.second_factor_roles))
    }

    /// The public keys of access tokens: the current one, the next, the one before.
    pub fn public_keys(&self) -> Vec<PublicKey> {
        self.0.tokens.public_keys(self.now())
    }

    /// Whether the session stands and its account may see and do at least what was granted, by this node's state: what
    /// open sockets are asked each second.
    pub fn still_grants(
        &self,
        session: SessionId,
        user: UserId,
        granted: PermissionSet,
        address: Option<&str>,
    ) -> bool {
        let standing = self.stands(session, user);
        let same = |standing: &Standing| address.is_none() || standing.address.as_deref() == address;
        standing.is_some_and(|standing| standing.permissions.covers(granted) && same(&standing))
    }

    pub fn settings(&self) -> &config::Identity {
        &self.0.settings
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
    pub async fn identify(&self, headers: &HeaderMap) -> Result<Option<Principal>, AuthError> {
        Ok(match self.sender(headers).await? {
            Sender::SignedIn(principal) | Sender::Guest(principal, ..) => Some(principal),
            Sender::Nobody => None,
        })
    }

    /// The same, for a writer: see [`Identity::recognise`].
    pub async fn sender(&self, headers: &HeaderMap) -> Result<Sender, AuthError> {
        if let Some(principal) = self.signed_in(headers).await? {
            return Ok(Sender::SignedIn(principal));
        }
        Ok(match self.guest(headers) {
            Some((session, name)) => Sender::Guest(Principal::guest(session.id), session, name),
            None => Sender::Nobody,
        })
    }

    /// The account whose request this is, as far as this node knows at this moment.
    pub fn account_now(&self, headers: &HeaderMap) -> Option<Principal> {
        let token = Self::bearer(headers).ok()?.or_else(|| cookies::access(headers))?;
        if Self::is_api_key(token) {
            return self.principal_of_key_now(token);
        }
        let claims = self.claims_of_token(token).ok()?;
        let (session, user) = (claims.session(), claims.user());
        self.stands(session, user).map(|standing| Principal::standing(user, session, &standing))
    }

    /// The account, if the request is one's: by its header, or by a browser's cookie.
    async fn signed_in(&self, headers: &HeaderMap) -> Result<Option<Principal>, AuthError> {
        if let Some(token) = Self::bearer(headers)? {
            return self.principal_of_token(token).await.map(Some);
        }
        let Some(token) = cookies::access(headers) else { return Ok(None) };
        Ok(self.principal_of_token(token).await.ok())
    }

    /// The writer; a sender without token and session becomes a new guest. `https`: the request is known to have come by it.
    pub fn recognise(&self, sender: Sender, headers: &HeaderMap, https: bool) -> Recognised {
        let now = self.now();
        let secure = self.wants_secure(headers, https);
        let (principal, id, stale) = match sender {
            Sender::SignedIn(principal) => return Recognised { principal, set_cookie: None },
            // A cookie of the old name gets the safe one by the next write.
            Sender::Guest(principal, session, name) => {
                (principal, session.id, session.wants_renewal(now) || (secure && name != HOST_COOKIE))
            }
            Sender::Nobody => {
                let id = self.fresh_id();
                (Principal::guest(id), id, true)
            }
        };
        let set_cookie = stale.then(|| GuestSession { id, issued: now }.set_cookie(&self.0.guests, secure));
        Recognised { principal, set_cookie }
    }

    /// Whether cookies are marked for HTTPS only.
    pub fn wants_secure(&self, headers: &HeaderMap, https: bool) -> bool {
        https || (self.0.settings.secure_cookies && !origin::is_this_machine(headers))
    }

    /// An e-mail as the log may name it: a keyed tag, the same for every attempt, from which nobody reads the e-mail.
    pub fn tag_of_email(&self, email: &str) -> Arc<str> {
        let email = email.trim().to_lowercase();
        format!("email:{:016x}", self.0.tags.tag(email.as_bytes())).into()
    }

    /// The guest whose cookie the request carries, whoever else it names.
    pub fn guest_of(&self, headers: &HeaderMap) -> Option<Principal> {
        self.guest(headers).map(|(session, _)| Principal::guest(session.id))
    }

    fn guest(&self, headers: &HeaderMap) -> Option<(GuestSession, &'static str)> {
        GuestSession::read(&self.0.guests, headers, self.now())
    }
}

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
