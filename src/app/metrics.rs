//! The Prometheus recorder: one for each process, with the buckets that the dashboards read.

use std::sync::{Mutex, PoisonError};

use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

/// A lock: of two shops that start at once in one process (tests) the second gets the first one's recorder, never an empty
/// one of its own.
static HANDLE: Mutex<Option<PrometheusHandle>> = Mutex::new(None);

/// Seconds, 50 us to 10 s, about three a decade.
const SECONDS: [f64; 16] =
    [0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];
const COUNTS: [f64; 12] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0, 4096.0];

/// Installs the recorder, or returns the one that this process has.
pub(super) fn install() -> Result<PrometheusHandle, BuildError> {
    let mut installed = HANDLE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(handle) = &*installed {
        return Ok(handle.clone());
    }
    let builder = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".into()), &SECONDS)?
        .set_buckets(&COUNTS)?;
    let recorder = builder.build_recorder();
    let handle = recorder.handle();
    // Another recorder (a test's) may be installed already: this one then stays empty, and nothing breaks.
    let _ = metrics::set_global_recorder(recorder);
    Ok(installed.insert(handle).clone())
}

#[cfg(test)]
mod tests {
    use std::{sync::Barrier, thread};

    use super::*;

    #[test]
    fn shops_that_start_at_once_share_one_recorder() {
        let (count, together) = (8, Barrier::new(8));
        let shown: Vec<String> = thread::scope(|scope| {
            let start = || {
                together.wait();
                let handle = install().expect("installed");
                metrics::counter!("souk_test_starts_total").increment(1);
                together.wait();
                handle.render()
            };
            let starts: Vec<_> = (0..count).map(|_| scope.spawn(start)).collect();
            starts.into_iter().map(|start| start.join().expect("started")).collect()
        });
        assert!(shown.iter().all(|text| text.contains("souk_test_starts_total")), "{shown:?}");
    }
}
