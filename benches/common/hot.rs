//! The SKU under load, one after the other: each is retired after 200,000 holds, a flash sale's worth.

use std::sync::{Arc, Mutex};

const HOLDS_PER_SKU: u64 = 200_000;
/// More than any run retires.
const SKUS: usize = 500;

/// The one SKU that all clients want at this moment, and how many holds it has.
#[derive(Clone)]
pub struct Hot {
    pub skus: Arc<[Arc<str>]>,
    now: Arc<Mutex<(usize, u64)>>,
}

impl Hot {
    /// Of SKUs that are `fit`.
    pub fn new(fit: impl Fn(&str) -> bool) -> Self {
        let names = (0..).map(|n: u32| format!("HOT-{n:05}")).filter(|name| fit(name));
        Self { skus: names.take(SKUS).map(Into::into).collect(), now: Arc::default() }
    }

    /// Room for one more sample on one SKU.
    pub fn prepare(&self, holds: u64) {
        let mut now = self.now.lock().expect("not poisoned");
        if now.1 + holds > HOLDS_PER_SKU {
            *now = ((now.0 + 1) % SKUS, 0);
        }
        now.1 += holds;
    }

    pub fn sku(&self) -> (Arc<str>, u64) {
        let (sku, holds) = *self.now.lock().expect("not poisoned");
        (self.skus[sku].clone(), holds)
    }

    pub fn picker(&self) -> impl FnMut() -> Arc<str> + Send + 'static {
        let hot = self.clone();
        move || hot.sku().0
    }
}
