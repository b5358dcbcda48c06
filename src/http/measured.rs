//! The time of each request, by method, route and class of its status.
//!
//! The recorder finds a histogram by hashing its name and labels, for each request anew. Here each thread keeps the
//! handles that it has used: at most one for each route, method and class, for no label is a caller's own.

use std::{cell::RefCell, collections::HashMap, time::Duration};

use foldhash::fast::RandomState;
use metrics::Histogram;

/// By route, then by method and class: a look-up needs no owned key.
type Handles = HashMap<Box<str>, Vec<(&'static str, &'static str, Histogram)>, RandomState>;

thread_local! {
    static HANDLES: RefCell<Handles> = RefCell::default();
}

pub fn record(method: &'static str, route: &str, status: &'static str, took: Duration) {
    let seconds = took.as_secs_f64();
    HANDLES.with_borrow_mut(|handles| match known(handles, method, route, status) {
        Some(histogram) => histogram.record(seconds),
        None => {
            let histogram = registered(method, route, status);
            histogram.record(seconds);
            handles.entry(route.into()).or_default().push((method, status, histogram));
        }
    });
}

fn known<'a>(handles: &'a Handles, method: &str, route: &str, status: &str) -> Option<&'a Histogram> {
    let of_route = handles.get(route)?;
    of_route.iter().find(|(m, s, _)| (*m, *s) == (method, status)).map(|(_, _, histogram)| histogram)
}

fn registered(method: &'static str, route: &str, status: &'static str) -> Histogram {
    let route = route.to_owned();
    metrics::histogram!("souk_http_request_seconds", "method" => method, "route" => route, "status" => status)
}

#[cfg(test)]
mod tests {
    use metrics_exporter_prometheus::PrometheusBuilder;

    use super::*;

    #[test]
    fn each_route_method_and_class_has_its_own_histogram_and_keeps_it() {
        let recorder = PrometheusBuilder::new().build_recorder();
        let shown = recorder.handle();
        metrics::with_local_recorder(&recorder, || {
            let took = Duration::from_millis(3);
            record("GET", "/a", "2xx", took);
            record("GET", "/a", "4xx", took);
            record("PUT", "/a", "2xx", took);
            record("GET", "/b", "2xx", took);
        });
        // The handle that is kept, not the recorder of this moment.
        record("GET", "/a", "2xx", Duration::from_millis(3));
        let counts = |labels: &str| {
            let text = shown.render();
            let line = format!("souk_http_request_seconds_count{{{labels}}} ");
            let found = text.lines().find_map(|shown| shown.strip_prefix(&line).map(str::to_owned));
            found.unwrap_or_else(|| panic!("{line} in {text}"))
        };
        assert_eq!(counts(r#"method="GET",route="/a",status="2xx""#), "2");
        assert_eq!(counts(r#"method="GET",route="/a",status="4xx""#), "1");
        assert_eq!(counts(r#"method="PUT",route="/a",status="2xx""#), "1");
        assert_eq!(counts(r#"method="GET",route="/b",status="2xx""#), "1");
    }
}
