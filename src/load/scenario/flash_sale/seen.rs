//! The newest frame of each shopper of a flash sale.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use crate::load::{
    error::LoadError,
    invariant::Invariant,
    live::{Frame, Listener},
};

/// No frame yet, or one that shows no count.
const UNKNOWN: u64 = u64::MAX;

pub struct Seen(Vec<Shown>);

struct Shown {
    version: AtomicU64,
    /// 0 where it said "out"; [`UNKNOWN`] where something is left and the shop shows no counts.
    available: AtomicU64,
}

impl Seen {
    pub fn new(sockets: usize) -> Self {
        Self((0..sockets).map(|_| Shown { version: UNKNOWN.into(), available: UNKNOWN.into() }).collect())
    }

    /// Reads one shopper's frames until its socket ends.
    pub async fn watch(self: Arc<Self>, n: usize, mut listener: Listener) -> LoadError {
        loop {
            let outcome = listener.text().await.and_then(|text| {
                if let (Some(frame), Some(shown)) = (Frame::read(&text)?, self.0.get(n)) {
                    shown.take(&frame);
                }
                Ok(())
            });
            if let Err(error) = outcome {
                return error;
            }
        }
    }

    /// Whether every shopper has seen this version, or a newer one.
    pub fn all_at(&self, version: u64) -> bool {
        self.0.iter().all(|shown| shown.sees(version))
    }

    pub fn invariant(&self, version: u64, available: u64, broken: Vec<String>) -> Invariant {
        let mut one = Invariant::new("everybody's last frame says what is left");
        for (n, shown) in self.0.iter().enumerate() {
            let (at, says) = (shown.version.load(Relaxed), shown.available.load(Relaxed));
            let right = says == available || (says == UNKNOWN && available > 0);
            one.check(shown.sees(version) && right, || match at {
                UNKNOWN => format!("shopper {n} has seen no frame; {available} are left, at version {version}"),
                _ => format!("shopper {n} has seen {says} at version {at}; {available} are left, at version {version}"),
            });
        }
        for why in broken {
            one.check(false, || why);
        }
        one
    }
}

impl Shown {
    fn take(&self, frame: &Frame<'_>) {
        let (Some(version), Some(view)) = (frame.version, &frame.view) else { return };
        self.version.store(version, Relaxed);
        let out = view.availability == Some("out");
        self.available.store(if out { 0 } else { view.available.unwrap_or(UNKNOWN) }, Relaxed);
    }

    fn sees(&self, version: u64) -> bool {
        let at = self.version.load(Relaxed);
        at != UNKNOWN && at >= version
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(seen: &Seen, n: usize, text: &str) {
        seen.0[n].take(&Frame::read(text).expect("a frame").expect("no answer"));
    }

    #[test]
    fn the_last_frame_counts() {
        let seen = Seen::new(2);
        shown(&seen, 0, r#"{"topic":"stock.A","version":7,"view":{"sku":"A","availability":"out","available":0}}"#);
        assert!(!seen.all_at(7), "the second has seen nothing");
        shown(&seen, 1, r#"{"topic":"stock.A","version":6,"view":{"sku":"A","availability":"low","available":1}}"#);
        let one = seen.invariant(7, 0, vec![]);
        assert_eq!((one.checked, one.broken), (2, 1));
        assert_eq!(one.examples, ["shopper 1 has seen 1 at version 6; 0 are left, at version 7"]);
        shown(&seen, 1, r#"{"topic":"stock.A","version":7,"view":{"sku":"A","availability":"out"}}"#);
        assert!(seen.all_at(7));
        assert_eq!(seen.invariant(7, 0, vec![]).broken, 0);
        assert_eq!(seen.invariant(7, 0, vec!["closed".into()]).broken, 1);
    }
}
