//! Logs on standard error: text for people, or one JSON object a line with Elastic Common Schema names.

mod ecs;

use std::io;

use tracing::{Level, Metadata};
use tracing_subscriber::{EnvFilter, filter::filter_fn, fmt, layer::SubscriberExt, util::SubscriberInitExt};

use super::{Failure, table::styled};
use crate::config::{Log, LogFormat};

/// `whole`: by the configuration's filter; else only warnings, for commands whose output is a result.
pub fn init(log: &Log, whole: bool) -> Result<(), Failure> {
    let wanted = if whole || log.filter != Log::default().filter { &log.filter } else { "warn" };
    let filter = EnvFilter::try_new(wanted).map_err(|e| Failure::usage(format!("log.filter: {e}")))?;
    let registry = tracing_subscriber::registry().with(filter).with(filter_fn(may_be_shown));
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

/// Whatever the filter says: this library's traces hold whole frames, and `authenticate` is a frame with a token in it.
fn may_be_shown(one: &Metadata<'_>) -> bool {
    !(one.target().starts_with("tungstenite") && *one.level() == Level::TRACE)
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Shown(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Shown {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn no_frame_is_logged_though_everything_is() {
        let shown = Shown::default();
        let writer = shown.clone();
        let everything = fmt::layer().with_writer(move || writer.clone());
        let subscriber =
            tracing_subscriber::registry().with(EnvFilter::new("trace")).with(filter_fn(may_be_shown)).with(everything);
        tracing::subscriber::with_default(subscriber, || {
            tracing::trace!(target: "tungstenite::protocol::frame", "received frame with a token");
            tracing::debug!(target: "tungstenite::handshake::server", "the handshake is done");
            tracing::trace!("something of ours");
        });
        let text = String::from_utf8(shown.0.lock().unwrap().clone()).unwrap();
        assert!(!text.contains("token") && text.contains("handshake") && text.contains("ours"), "{text}");
    }
}
