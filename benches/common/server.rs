//! The whole shop in a process of its own (the bench's binary, run again), so that its CPU time can be told from
//! its clients'. Sample catalogue, default configuration, and units enough of every SKU.

use std::{
    env,
    io::{BufRead, BufReader, Read},
    net::SocketAddr,
    num::NonZeroU32,
    process::{Child, Command, Stdio},
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use souk::{
    app::Shop,
    config::Config,
    domain::{
        kinds::Kind,
        stock::{Stock, StockCommand},
    },
};
use tempfile::TempDir;

use super::{process::cpu_of, shop::call};

const DIRECTORY: &str = "SOUK_BENCH_SERVER";
const SKUS_MAX: usize = 100_000;
const MORE: NonZeroU32 = NonZeroU32::new(100_000_000).expect("not zero");

pub struct Server {
    pub address: SocketAddr,
    pub superadmin_password: String,
    process: Child,
    _dir: TempDir,
}

impl Server {
    /// Must be called from the main thread, before anything else that prints.
    pub fn start() -> Result<Self> {
        let dir = tempfile::Builder::new().prefix("http-").tempdir_in(super::disk()?)?;
        let mut command = Command::new(env::current_exe()?);
        let mut process = command.env(DIRECTORY, dir.path()).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        BufReader::new(process.stdout.take().context("piped")?).read_line(&mut line)?;
        let (address, password) = line.trim().split_once(' ').context("the server did not start")?;
        let (address, superadmin_password) = (address.parse()?, password.to_owned());
        Ok(Self { address, superadmin_password, process, _dir: dir })
    }

    pub fn id(&self) -> u32 {
        self.process.id()
    }

    pub fn cpu(&self) -> Result<Duration> {
        cpu_of(self.id())
    }

    /// Drains the shop.
    pub fn stop(mut self) -> Result<()> {
        drop(self.process.stdin.take());
        ensure!(self.process.wait()?.success(), "the server failed");
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Also when its parent is killed: then its input ends, and it with it.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// In a process that was started as a server: serves until its input ends, and returns `true`.
pub fn served() -> Result<bool> {
    let Some(dir) = env::var_os(DIRECTORY) else { return Ok(false) };
    let mut config = Config::default();
    config.data.dir = dir.into();
    config.http.listen = SocketAddr::from(([127, 0, 0, 1], 0));
    config.payments.sandbox.enabled = true;
    // The whole crowd comes from one address.
    config.budgets.enforced = false;
    tokio::runtime::Runtime::new()?.block_on(async {
        let shop = Shop::start(&config, true).await?;
        let gateway = &shop.engine.gateway;
        ensure!(gateway.await_projection(super::shop::WITHIN).await, "the sample shop is not folded in time");
        for key in gateway.keys(Kind::Stock, None, SKUS_MAX)? {
            let receive = StockCommand::Receive { units: MORE, reference: None };
            gateway.ask::<Stock>(&key.id, receive, call(gateway, "user:bench".into())).await?;
        }
        ensure!(gateway.await_projection(super::shop::WITHIN).await, "the stock is not folded in time");
        println!("{} {}", shop.address, shop.superadmin_password.as_deref().unwrap_or_default());
        tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new())).await??;
        shop.stop().await;
        Ok(true)
    })
}
