//! `[log]`: the level and shape of logs. Logs go to standard error; standard output is for results.

use serde::{Deserialize, Serialize};

use super::check::Checks;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// `text` for people, `json` (one object a line, Elastic Common Schema names) for collectors. Default `text`.
    pub format: LogFormat,
    /// Levels by module, as in `info,souk::actors=debug`. Also `SOUK_LOG`. Default `info`.
    pub filter: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    Text,
    Json,
}

impl Default for Log {
    fn default() -> Self {
        Self { format: LogFormat::Text, filter: "info".into() }
    }
}

impl Log {
    pub(super) fn check(&self, checks: &mut Checks) {
        let legal = tracing_subscriber::EnvFilter::try_new(&self.filter).is_ok();
        checks.that(
            "log.filter",
            &self.filter,
            legal,
            "a level or module=level pairs, such as info,souk::actors=debug",
        );
    }
}
