//! Puts a real shop together for tests: the composition root on sled, listening on a free port of this machine.
//!
//! Two kinds: one sample shop for all tests of a binary, which live side by side in it like shoppers do, and small
//! shops of one test, with a fixture catalogue and settings of their own.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{OnceLock, mpsc},
    thread,
};

use souk::{
    app,
    catalogue::shopify::{self, Asked},
    config::{Config, Secret},
    domain::money::Currency,
};
use tempfile::TempDir;

pub const EMAIL: &str = "admin@souk.local";
pub const PASSWORD: &str = "correct horse battery staple";

/// A shop of one test. Dropping it is a crash; its directory goes with it.
pub struct Own {
    pub app: app::Shop,
    pub dir: TempDir,
}

/// The settings for tests of the documented conventions, where not the default.
fn config(dir: &Path) -> Config {
    let mut config = Config::default();
    config.data.dir = dir.to_owned();
    config.http.listen.set_port(0);
    config.http.body_bytes_max = 65_536;
    config.payments.sandbox.enabled = true;
    // The whole crowd comes from one address.
    config.budgets.enforced = false;
    // All shoppers of the tests have one address.
    (config.mail.per_address_hour_max, config.mail.per_user_hour_max) = (1_000_000, 1_000_000);
    config.identity.registrations_per_address_hour = 1_000_000;
    config.identity.superadmin_password = Secret::new(PASSWORD);
    config
}

/// A shop with 20 products of one SKU each, none in stock, on the runtime of its test.
pub async fn own(change: impl FnOnce(&mut Config)) -> Own {
    let dir = TempDir::new().expect("a directory");
    let mut config = config(&dir.path().join("data"));
    change(&mut config);
    let app = app::Shop::start(&config, false).await.expect("the shop starts");
    let file = dir.path().join("products.csv");
    let rows = (1..=20).map(|n| format!("thing-{n:02},Thing {n:02},Things,true,THING-{n:02},0,{n}.99\n"));
    let head = "Handle,Title,Type,Published,Variant SKU,Variant Inventory Qty,Variant Price\n";
    fs::write(&file, head.to_owned() + &rows.collect::<String>()).expect("a file");
    let gateway = &app.engine.gateway;
    let report =
        shopify::import(gateway, &file, Asked::new(Currency::EUR), "test".into(), |_, _| {}).await.expect("an import");
    assert_eq!(report.skus, 20);
    assert!(gateway.await_projection(std::time::Duration::from_secs(10)).await);
    Own { app, dir }
}

/// The address of this binary's sample shop, which runs on threads of its own until the process ends.
pub fn sample() -> &'static str {
    static URL: OnceLock<String> = OnceLock::new();
    URL.get_or_init(|| {
        let (send, started) = mpsc::channel();
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
            runtime.expect("a runtime").block_on(async {
                let shop = app::Shop::start(&config(&sample_dir()), true).await.expect("the sample shop starts");
                send.send(format!("http://{}", shop.address)).expect("somebody waits");
                std::future::pending::<()>().await;
            });
        });
        started.recv().expect("the sample shop starts")
    })
}

/// Nothing runs at a test binary's end, so each run clears away what ended ones have left.
fn sample_dir() -> PathBuf {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR"));
    fs::create_dir_all(root).expect("a directory");
    for entry in fs::read_dir(root).expect("a directory").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let ended = |pid: &str| !Path::new("/proc").join(pid).exists();
        if name.strip_prefix("sample-shop-").is_some_and(ended) {
            // Two binaries may clear the same one.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
    root.join(format!("sample-shop-{}", std::process::id()))
}
