//! Logs on standard error: text for people, or one JSON object a line with Elastic Common Schema names.

mod ecs;

use std::io;

use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt, util::SubscriberInitExt};

use super::{Failure, table::styled};
use crate::config::{Log, LogFormat};

/// `whole`: by the configuration's filter; else only warnings, for commands whose output is a result.
pub fn init(log: &Log, whole: bool) -> Result<(), Failure> {
    let wanted = if whole || log.filter != Log::default().filter { &log.filter } else { "warn" };
    let filter = EnvFilter::try_new(wanted).map_err(|e| Failure::usage(format!("log.filter: {e}")))?;
    let registry = tracing_subscriber::registry().with(filter);
    let started = match log.format {
        LogFormat::Text => {
            registry.with(fmt::layer().with_writer(io::stderr).with_ansi(styled(&io::stderr()))).try_init()
        }
        LogFormat::Json => {
            let fields = fmt::format::JsonFields::new();
            registry.with(fmt::layer().fmt_fields(fields).event_format(ecs::Ecs).with_writer(io::stderr)).try_init()
        }
    };
    started.map_err(|e| Failure::new(format!("the log does not start: {e}")))
}
