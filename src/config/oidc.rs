//! `[[identity.oidc]]`: OpenID providers that people may log in with.

use std::{collections::BTreeSet, path::PathBuf};

use serde::{Deserialize, Serialize};

use super::{check::Checks, network::without_brackets, secret::Secret};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OidcProvider {
    /// Name in URLs and in accounts' links: 1 to 32 small letters, digits or dashes. Another name is another provider.
    pub name: String,
    /// What people know it by. Empty: by its preset, else the name.
    pub title: String,
    /// `microsoft` or `google`: brings the issuer. Empty: none. Default empty.
    pub preset: OidcPreset,
    /// `https://..`, as the provider's own document says; `http://..` on this machine only.
    pub issuer: String,
    /// What the provider calls this shop.
    pub client_id: String,
    /// What proves to the provider that the shop asks, at most one of three. Empty: PKCE alone proves it. Default empty.
    pub client_secret: Secret,
    /// File whose first line is the secret instead. Default empty.
    pub client_secret_file: PathBuf,
    /// Environment variable that holds it instead. Default empty.
    pub client_secret_env: String,
    /// What is asked for beside `openid`. Default `email` and `profile`.
    pub scopes: Vec<String>,
    /// PEM file of the authority that signed the provider's certificate. Empty: the web's authorities. Default empty.
    pub tls_ca_file: PathBuf,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OidcPreset {
    #[default]
    #[serde(rename = "")]
    None,
    Microsoft,
    Google,
}

impl OidcPreset {
    pub const fn issuer(self) -> &'static str {
        match self {
            Self::None => "",
            // Accounts of every organisation, and personal ones.
            Self::Microsoft => "https://login.microsoftonline.com/common/v2.0",
            Self::Google => "https://accounts.google.com",
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Microsoft => "Microsoft",
            Self::Google => "Google",
        }
    }
}

impl Default for OidcProvider {
    fn default() -> Self {
        Self {
            name: String::new(),
            title: String::new(),
            preset: OidcPreset::None,
            issuer: String::new(),
            client_id: String::new(),
            client_secret: Secret::default(),
            client_secret_file: PathBuf::new(),
            client_secret_env: String::new(),
            scopes: vec!["email".to_owned(), "profile".to_owned()],
            tls_ca_file: PathBuf::new(),
        }
    }
}

impl OidcProvider {
    /// More would not be a choice but a catalogue.
    const PROVIDERS_MAX: usize = 16;

    pub fn issuer(&self) -> &str {
        if self.issuer.is_empty() { self.preset.issuer() } else { &self.issuer }
    }

    pub fn title(&self) -> &str {
        let given = [self.title.as_str(), self.preset.title(), self.name.as_str()];
        given.into_iter().find(|title| !title.is_empty()).unwrap_or_default()
    }

    pub(super) fn check_all(providers: &[Self], checks: &mut Checks) {
        let count = format!("{} providers", providers.len());
        checks.that("identity.oidc", count, providers.len() <= Self::PROVIDERS_MAX, "16 providers at most");
        let mut names = BTreeSet::new();
        for provider in providers {
            let name = provider.name.as_str();
            let legal = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
            let good = (1..=32).contains(&name.len()) && name.bytes().all(legal);
            checks.that("identity.oidc", name, good, "a name of 1 to 32 small letters, digits or dashes");
            checks.that("identity.oidc", name, names.insert(name), "each name once");
            provider.check(checks);
        }
    }

    fn check(&self, checks: &mut Checks) {
        let issuer = self.issuer();
        let expected = "https://.., or http://.. of this machine, without query and fragment";
        checks.that("identity.oidc.issuer", issuer, is_issuer(issuer), expected);
        let seen = |text: &str, max| (1..=max).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
        let expected = "1 to 255 visible ASCII characters";
        checks.that("identity.oidc.client_id", &self.client_id, seen(&self.client_id, 255), expected);
        let (file, variable) = (!self.client_secret_file.as_os_str().is_empty(), !self.client_secret_env.is_empty());
        let secrets = [!self.client_secret.is_empty(), file, variable].into_iter().filter(|given| *given).count();
        let expected = "one of client_secret, client_secret_file and client_secret_env, or none";
        checks.that("identity.oidc.client_secret", format!("{secrets} of three"), secrets <= 1, expected);
        let good = self.scopes.len() <= 16 && self.scopes.iter().all(|scope| seen(scope, 100));
        checks.that("identity.oidc.scopes", self.scopes.join(" "), good, "at most 16, without spaces");
    }
}

/// Whom nobody on the way can play.
fn is_issuer(text: &str) -> bool {
    let plain = text.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'?' | b'#' | b'@' | b'\\'));
    let host = |rest: &str| {
        let host = rest.split('/').next().unwrap_or_default();
        let name = if host.starts_with('[') { host.split_inclusive(']').next() } else { host.split(':').next() };
        without_brackets(name.unwrap_or_default()).to_owned()
    };
    let here =
        |host: &str| host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    plain
        && (text.len() <= 255)
        && match text.split_once("://") {
            Some(("https", rest)) => !host(rest).is_empty(),
            Some(("http", rest)) => here(&host(rest)),
            Some(_) | None => false,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(providers: &[OidcProvider]) -> Vec<String> {
        let mut checks = Checks::default();
        OidcProvider::check_all(providers, &mut checks);
        checks.problems.into_iter().map(|problem| problem.key).collect()
    }

    fn own() -> OidcProvider {
        let (issuer, client_id) = ("https://id.example/realm".to_owned(), "souk".to_owned());
        OidcProvider { name: "own".to_owned(), issuer, client_id, ..OidcProvider::default() }
    }

    #[test]
    fn a_preset_brings_what_is_public_and_the_shop_its_own() {
        let google = OidcProvider { preset: OidcPreset::Google, issuer: String::new(), ..own() };
        assert_eq!((google.issuer(), google.title()), ("https://accounts.google.com", "Google"));
        assert_eq!((own().issuer(), own().title()), ("https://id.example/realm", "own"));
        assert_eq!(wrong(&[own(), OidcProvider { name: "google".to_owned(), ..google }]), Vec::<String>::new());
    }

    #[test]
    fn what_is_wrong_is_named() {
        assert_eq!(wrong(&[own(), own()]), ["identity.oidc"]);
        assert_eq!(wrong(&[OidcProvider { name: "My own".to_owned(), ..own() }]), ["identity.oidc"]);
        assert_eq!(wrong(&[OidcProvider { client_id: String::new(), ..own() }]), ["identity.oidc.client_id"]);
        let (client_secret, client_secret_env) = (Secret::new("hunter2"), "OWN_SECRET".to_owned());
        assert_eq!(
            wrong(&[OidcProvider { client_secret, client_secret_env, ..own() }]),
            ["identity.oidc.client_secret"]
        );
        assert_eq!(wrong(&[OidcProvider { scopes: vec!["a b".to_owned()], ..own() }]), ["identity.oidc.scopes"]);
        for good in ["http://127.0.0.1:3000", "http://[::1]:3000/x", "http://localhost", "https://id.example:8443/a/"] {
            assert!(is_issuer(good), "{good}");
        }
        for bad in ["", "id.example", "http://id.example", "https://", "ftp://id.example", "https://u@id.example"] {
            assert!(!is_issuer(bad), "{bad}");
        }
        for bad in ["http://127.0.0.1.evil.example", "https://id.example/?a", "https://id.example/#a"] {
            assert!(!is_issuer(bad), "{bad}");
        }
    }
}
