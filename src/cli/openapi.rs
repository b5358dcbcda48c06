//! `souk openapi`: the API's document as the handlers make it, for client generators and reviews.

use std::io::Write;

use clap::Args;

use super::{Application, Failure};

/// Print the OpenAPI 3.1 document of the HTTP API
#[derive(Debug, Args)]
#[command(after_help = "Example:
  souk openapi > openapi.json")]
pub struct Openapi {}

impl Openapi {
    pub(super) fn run(self, app: &impl Application, out: &mut impl Write) -> Result<(), Failure> {
        Ok(writeln!(out, "{}", app.openapi()?)?)
    }
}
