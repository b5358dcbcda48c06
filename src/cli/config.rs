//! `souk config check`: reports whether the configuration is legal; `--print` shows the values in force.

use std::io::Write;

use clap::{Args, Subcommand};

use super::Failure;
use crate::config::Config;

/// Check the configuration, or print the one in force
#[derive(Debug, Args)]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub struct ConfigCommand {
    #[command(subcommand)]
    command: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Check file, environment and options together; exit code 2 and every wrong key where they are bad
    #[command(after_help = "Examples:
  souk config check --config shop.toml
  SOUK_HTTP__LISTEN=0.0.0.0:80 souk config check --print")]
    Check {
        /// Print every key with the value in force as TOML; secrets are redacted
        #[arg(long)]
        print: bool,
    },
}

impl ConfigCommand {
    /// A loaded configuration is legal: `main` refused all others.
    pub(super) fn run(self, config: &Config, out: &mut impl Write) -> Result<(), Failure> {
        let Action::Check { print } = self.command;
        if !print {
            return Ok(writeln!(out, "the configuration is legal")?);
        }
        let text = toml::to_string(config).map_err(|e| Failure::new(format!("configuration: {e}")))?;
        Ok(write!(out, "{text}")?)
    }
}
