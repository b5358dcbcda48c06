//! `[identity]` in the configuration.

use serde::Deserialize;

use super::Secret;

#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct IdentitySettings {
    /// How long an access token is valid, in seconds. Default 43,200 (12 hours). A role taken away and a
    /// changed password take effect on running tokens only when they expire.
    pub access_token_ttl_s: u32,
    /// Whether the guest cookie is sent over HTTPS only. Default false; set it wherever the shop is reached by HTTPS.
    pub secure_cookies: bool,
    /// The signing secret, 64 hex digits. Default: none, so that one is made in `<data dir>/secret.key`.
    /// The nodes of a cluster need the same one. Another secret ends every session and token.
    pub secret: Option<Secret>,
    /// The superadmin's password. Default: none, so that one is generated at first start. When it is set and the
    /// account has another password, the account's is changed; this replaces a lost password.
    pub superadmin_password: Option<Secret>,
    /// Origins (`https://shop.example`) that may send state-changing requests beside the shop's own. Default:
    /// none. Needed where a proxy changes the `Host` header.
    pub trusted_origins: Vec<String>,
    /// Whether the last address in `X-Forwarded-For` is the client's, for the log-in throttle. Default false;
    /// set it behind a proxy that appends the header, else all its clients share one throttle.
    pub trust_forwarded_for: bool,
}

impl Default for IdentitySettings {
    fn default() -> Self {
        Self {
            access_token_ttl_s: 12 * 3600,
            secure_cookies: false,
            secret: None,
            superadmin_password: None,
            trusted_origins: Vec::new(),
            trust_forwarded_for: false,
        }
    }
}
