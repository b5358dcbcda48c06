//! One event as one JSON line: `@timestamp`, `log.level`, `log.logger`, `message`, then the spans' fields
//! (inner ones win) and the event's own. Names: Elastic Common Schema's.

use std::{fmt as std_fmt, time::SystemTime};

use serde_json::{Map, Value};
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    fmt::{
        FmtContext, FormattedFields,
        format::{FormatEvent, JsonFields, Writer},
    },
    registry::LookupSpan,
};

use crate::domain::time::Timestamp;

pub struct Ecs;

impl<S: Subscriber + for<'a> LookupSpan<'a>> FormatEvent<S, JsonFields> for Ecs {
    fn format_event(
        &self,
        context: &FmtContext<'_, S, JsonFields>,
        mut to: Writer<'_>,
        event: &Event<'_>,
    ) -> std_fmt::Result {
        let mut line = Map::new();
        for span in context.event_scope().into_iter().flat_map(|scope| scope.from_root()) {
            if let Some(fields) = span.extensions().get::<FormattedFields<JsonFields>>()
                && let Ok(Value::Object(fields)) = serde_json::from_str(&fields.fields)
            {
                line.extend(fields);
            }
        }
        event.record(&mut Fields(&mut line));
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let now = Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX));
        let level = event.metadata().level().as_str().to_ascii_lowercase();
        line.insert("@timestamp".into(), now.rfc3339().into());
        line.insert("log.level".into(), level.into());
        line.insert("log.logger".into(), event.metadata().target().into());
        let text = serde_json::to_string(&line).map_err(|_| std_fmt::Error)?;
        writeln!(to, "{text}")
    }
}

struct Fields<'a>(&'a mut Map<String, Value>);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn std_fmt::Debug) {
        self.0.insert(field.name().into(), format!("{value:?}").into());
    }
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().into(), value.into());
    }
    fn record_u64(&mut self, field: &Field, value: u64) {
        self.0.insert(field.name().into(), value.into());
    }
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.0.insert(field.name().into(), value.into());
    }
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.0.insert(field.name().into(), value.into());
    }
    fn record_bool(&mut self, field: &Field, value: bool) {
        self.0.insert(field.name().into(), value.into());
    }
    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        self.0.insert(field.name().into(), value.to_string().into());
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use tracing_subscriber::{fmt::layer, layer::SubscriberExt};

    use super::*;

    #[test]
    fn a_line_reads_alone() {
        let lines: Arc<Mutex<Vec<u8>>> = Arc::default();
        let writer = lines.clone();
        let writer = move || Lines(writer.clone());
        let format = layer().fmt_fields(JsonFields::new()).event_format(Ecs).with_writer(writer);
        tracing::subscriber::with_default(tracing_subscriber::registry().with(format), || {
            let _span = tracing::info_span!("command", sku = "A", units = 2).entered();
            tracing::warn!(units = 3_u64, "hold refused");
        });
        let text = String::from_utf8(lines.lock().expect("not poisoned").clone()).expect("text");
        let line: Value = serde_json::from_str(&text).expect("one JSON object");
        assert_eq!(line["message"], "hold refused");
        assert_eq!((&line["sku"], &line["units"]), (&"A".into(), &3.into()));
        assert_eq!(line["log.level"], "warn");
        assert!(line["@timestamp"].as_str().and_then(Timestamp::parse).is_some(), "{line}");
    }

    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl std::io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().expect("not poisoned").extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
}
