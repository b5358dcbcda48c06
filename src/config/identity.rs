//! `[identity]`: tokens, cookies and the first account. Accounts themselves are entities, not configuration.

use std::{collections::BTreeSet, ffi::OsString};

use serde::{Deserialize, Serialize};

use super::{
    check::{Checks, DAY_MS},
    error::Problem,
    oidc::OidcProvider,
    secret::Secret,
};
use crate::domain::role::RoleName;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// Milliseconds that an access token is good for; then its session's refresh token gets the next one. A session that ends
    /// ends its tokens at once. Default 900,000 (15 minutes).
    pub token_ttl_ms: u64,
    /// Milliseconds without a refresh after which a session ends. Default 2,592,000,000 (30 days).
    pub session_idle_ms: u64,
    /// Milliseconds that one key signs access tokens for; the next key is published ahead, the last one stays valid.
    /// Every node needs the same. Default 2,592,000,000 (30 days).
    pub key_rotation_ms: u64,
    /// Who issues the access tokens (`iss`): only its own are taken. Every node needs the same. Default `souk`.
    pub issuer: String,
    /// Accounts that one client address (IPv6: one /64) may make in an hour; as many mails it may ask for. Then 429.
    /// Default 20.
    pub registrations_per_address_hour: u32,
    /// Roles that are had only with a second factor: an account with one of them has no permissions in a session without one.
    /// Default none.
    pub second_factor_roles: BTreeSet<String>,
    /// Domain that passkeys belong to, such as `shop.example`: the host of `http.public_url`, or one above it. Another one ends
    /// all passkeys. Empty: that host; an address by number has none. Default empty.
    pub passkey_domain: String,
    /// Minutes after a proof of who they are during which an account may do what is dangerous: change roles and factors,
    /// give much money back. Then 403 until the next proof. Default 15.
    pub step_up_minutes: u32,
    /// Minor units of the shop's currency: to give back more of one payment is dangerous in that sense. Default 10,000.
    pub step_up_refund_above: i64,
    /// Whether cookies are marked `Secure`, so that browsers send them over HTTPS only. A request to this machine itself
    /// (`http://localhost`) gets one without the mark. Default true.
    pub secure_cookies: bool,
    /// Key that signs tokens and cookies, 64 hex digits; empty: one is made and kept in the data directory. The nodes of a
    /// cluster need the same one; another key than the shop's is refused at the start (see `replaces_key`). Default empty.
    pub signing_key: Secret,
    /// Fingerprint of the signing key that this node's key may replace: the refusal of another key prints it. Without it a
    /// node with another key than the shop's does not start. Default empty.
    pub replaces_key: String,
    /// Password of `admin@souk.local`, made at the first start, 12 to 256 characters; empty: one is generated and printed once.
    /// Where the account has another password, the account's is changed: that is how a lost one is replaced.
    /// Best given as `SOUK_SUPERADMIN_PASSWORD`. Default empty.
    pub superadmin_password: Secret,
    /// OpenID providers that people may log in with, 16 at most. Default none.
    pub oidc: Vec<OidcProvider>,
}

impl Default for Identity {
    fn default() -> Self {
        Self {
            token_ttl_ms: DAY_MS / 96,
            session_idle_ms: 30 * DAY_MS,
            key_rotation_ms: 30 * DAY_MS,
            issuer: "souk".to_owned(),
            registrations_per_address_hour: 20,
            second_factor_roles: BTreeSet::new(),
            passkey_domain: String::new(),
            step_up_minutes: 15,
            step_up_refund_above: 10_000,
            secure_cookies: true,
            signing_key: Secret::default(),
            replaces_key: String::new(),
            superadmin_password: Secret::default(),
            oidc: Vec::new(),
        }
    }
}

impl Identity {
    /// Characters of `superadmin_password`, at least: the one account that can do everything, and no throttle's.
    pub const SUPERADMIN_PASSWORD_MIN: usize = 12;

    /// Seconds that an access token is good for; a begun one counts.
    pub fn token_ttl_s(&self) -> u32 {
        u32::try_from(self.token_ttl_ms.div_ceil(1_000)).unwrap_or(u32::MAX)
    }

    /// Takes the secrets that name an environment variable from there.
    pub(super) fn named_secrets(&mut self, environment: &[(OsString, OsString)]) -> Vec<Problem> {
        let mut problems = Vec::new();
        for provider in self.oidc.iter_mut().filter(|provider| !provider.client_secret_env.is_empty()) {
            let found = environment.iter().find(|(name, _)| *name == *provider.client_secret_env);
            match found.and_then(|(_, text)| text.to_str()).filter(|text| !text.is_empty()) {
                Some(text) => {
                    provider.client_secret = Secret::new(text);
                    provider.client_secret_env.clear();
                }
                None => problems.push(Problem {
                    key: "identity.oidc.client_secret_env".into(),
                    found: Some(provider.client_secret_env.clone()),
                    expected: "the name of an environment variable that is set".into(),
                    from: None,
                }),
            }
        }
        problems
    }

    pub(super) fn check(&self, checks: &mut Checks) {
        checks.range("identity.token_ttl_ms", self.token_ttl_ms, 60_000, DAY_MS, "milliseconds");
        checks.range("identity.session_idle_ms", self.session_idle_ms, 3_600_000, 400 * DAY_MS, "milliseconds");
        // Longer than the longest token: the last key is valid for one more period.
        checks.range("identity.key_rotation_ms", self.key_rotation_ms, 2 * DAY_MS, 400 * DAY_MS, "milliseconds");
        let issuer = self.issuer.trim();
        let legal = (1..=200).contains(&issuer.len()) && issuer.bytes().all(|b| b.is_ascii_graphic());
        checks.that("identity.issuer", issuer, legal, "1 to 200 visible ASCII characters");
        checks.range(
            "identity.registrations_per_address_hour",
            u64::from(self.registrations_per_address_hour),
            1,
            1_000_000_000,
            "an hour",
        );
        for role in &self.second_factor_roles {
            let expected = "names of roles: a small letter, then small letters, digits and dashes, 40 at most";
            checks.that("identity.second_factor_roles", role, RoleName::parse(role).is_ok(), expected);
        }
        let legal = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'-');
        let domain = &self.passkey_domain;
        checks.that(
            "identity.passkey_domain",
            domain,
            domain.bytes().all(legal),
            "a domain in small letters, or empty",
        );
        checks.range("identity.step_up_minutes", self.step_up_minutes, 1, 1_440, "minutes");
        checks.range("identity.step_up_refund_above", self.step_up_refund_above, 0, i64::MAX, "minor units");
        // Neither value ever reaches an error.
        let key = self.signing_key.expose();
        let legal = key.is_empty() || (key.len() == 64 && key.bytes().all(|b| b.is_ascii_hexdigit()) && is_varied(key));
        let expected = "empty, or 64 random hex digits (openssl rand -hex 32)";
        checks.that("identity.signing_key", format!("{} characters", key.len()), legal, expected);
        let old = &self.replaces_key;
        let legal = old.is_empty() || (old.len() == 16 && old.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')));
        checks.that("identity.replaces_key", old, legal, "empty, or the 16 hex digits that the refusal prints");
        let length = self.superadmin_password.expose().chars().count();
        let legal = length == 0 || (Self::SUPERADMIN_PASSWORD_MIN..=256).contains(&length);
        checks.that(
            "identity.superadmin_password",
            format!("{length} characters"),
            legal,
            "empty, or 12 to 256 characters",
        );
        OidcProvider::check_all(&self.oidc, checks);
    }
}

/// A key of zeros, or of one pair again and again, is a placeholder that everybody can guess. Of 32 random bytes, fewer
/// than eight different ones do not occur.
fn is_varied(key: &str) -> bool {
    key.as_bytes().chunks(2).collect::<BTreeSet<_>>().len() >= 8
}
