//! Configuration: a documented value for each component, created once at the composition root and passed in.
//!
//! Precedence, lowest first: the structs' defaults, `config/default.toml` (the same values with their comments), the
//! file of `--config`, `SOUK_` environment variables (`SOUK_HTTP__LISTEN`; a double underscore enters a section),
//! command-line options. Unknown keys and values out of range are refused, all at once. Deliberately absent: reading
//! the environment anywhere else, and reloading.

mod actors;
mod budgets;
mod check;
mod cluster;
mod data;
mod error;
pub mod file;
mod http;
mod identity;
mod journal;
mod live;
mod log;
mod mail;
mod network;
mod oidc;
mod payments;
mod secret;
mod shop;
mod sources;
mod state;
mod tls;
mod unpaid;

use std::{ffi::OsString, path::Path};

use figment::{
    Figment, Metadata, Profile, Provider,
    providers::{Format, Serialized, Toml},
    value::{Dict, Map, Value},
};
use serde::{Deserialize, Serialize};

pub use actors::Actors;
pub use budgets::Budgets;
pub use cluster::Cluster;
pub use data::Data;
pub use error::{ConfigError, Problem};
pub use http::{ForwardedHeader, Http};
pub use identity::Identity;
pub use journal::Journal;
pub use live::Live;
pub use log::{Log, LogFormat};
pub use mail::{Mail, MailSecurity, MailServer};
pub use network::{Network, without_brackets};
pub use oidc::{OidcPreset, OidcProvider};
pub use payments::{Payments, Sandbox};
pub use secret::Secret;
pub use shop::{ShippingMethod, Shop};
pub use sources::service_links;
pub use state::State;
pub use tls::Tls;
pub use unpaid::Unpaid;

/// The reference: every key with its comment. A test holds it equal to the structs' defaults.
pub const DEFAULT_TOML: &str = include_str!("../config/default.toml");

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub data: Data,
    pub http: Http,
    pub live: Live,
    pub budgets: Budgets,
    pub actors: Actors,
    pub journal: Journal,
    pub state: State,
    pub shop: Shop,
    pub unpaid: Unpaid,
    pub payments: Payments,
    pub mail: Mail,
    pub identity: Identity,
    pub cluster: Cluster,
    pub log: Log,
}

/// A key that a command-line option sets: `("--listen", "http.listen", "0.0.0.0:80")`.
pub type Override = (&'static str, &'static str, String);

impl Config {
    /// # Errors
    /// Every wrong key with its value, what is expected and its source; or the file, where that cannot be read.
    pub fn load(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
        options: &[Override],
    ) -> Result<Self, ConfigError> {
        let defaults = Self::default();
        let shape = Value::serialize(&defaults).map_err(ConfigError::from)?;
        let mut figment = Figment::from(Serialized::defaults(&defaults)).merge(Toml::string(DEFAULT_TOML));
        if let Some(path) = file {
            figment = figment.merge(TomlFile::read(path)?);
        }
        let environment: Vec<_> = environment.into_iter().collect();
        for one in sources::environment(environment.iter().cloned(), &shape).map_err(ConfigError::Keys)? {
            figment = figment.merge(one);
        }
        for (option, key, text) in options {
            let one = sources::one(format!("option {option}"), (*key).to_owned(), text, &shape);
            figment = figment.merge(one.map_err(|problem| ConfigError::Keys(vec![problem]))?);
        }
        let mut config: Self = figment.extract()?;
        let mut problems = config.problems();
        problems.extend(config.identity.named_secrets(&environment));
        for problem in &mut problems {
            problem.from = figment.find_metadata(&problem.key).map(|metadata| metadata.name.to_string());
        }
        if problems.is_empty() { Ok(config) } else { Err(ConfigError::Keys(problems)) }
    }

    /// The values out of range, in the sections' order.
    pub fn problems(&self) -> Vec<Problem> {
        let mut checks = check::Checks::default();
        self.data.check(&mut checks);
        self.http.check(&mut checks);
        self.live.check(&mut checks);
        self.budgets.check(&mut checks);
        self.actors.check(&mut checks);
        self.journal.check(&mut checks);
        self.state.check(&mut checks);
        self.shop.check(&mut checks);
        self.unpaid.check(&mut checks);
        self.payments.check(&mut checks, self.http.is_public());
        self.mail.check(&mut checks);
        self.identity.check(&mut checks);
        self.cluster.check(&mut checks, &self.identity.signing_key);
        self.log.check(&mut checks);
        checks.problems
    }
}

/// A TOML file whose errors carry its path.
struct TomlFile {
    name: String,
    dict: Dict,
}

impl TomlFile {
    /// A configuration is a page, not a database.
    const BYTES_MAX: u64 = 1_024 * 1_024;

    fn read(path: &Path) -> Result<Self, ConfigError> {
        let refuse = |problem: String| ConfigError::File { path: path.into(), problem };
        let text = file::read_text(path, Self::BYTES_MAX).map_err(|e| refuse(e.to_string()))?;
        let dict = Toml::from_str(&text).map_err(|error| refuse(Self::not_toml(&text, &error)))?;
        Ok(Self { name: format!("file {}", path.display()), dict })
    }

    /// Where and what, without the line itself, which may have a password in it.
    fn not_toml(text: &str, error: &toml::de::Error) -> String {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        format!("not TOML: line {line}, column {column}: {}", error.message().trim())
    }
}

impl Provider for TomlFile {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.name.clone())
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        Ok(Map::from([(Profile::Default, self.dict.clone())]))
    }
}

#[cfg(test)]
mod tests;
