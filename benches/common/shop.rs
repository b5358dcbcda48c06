//! Our side: a whole engine (actors, journal, state store, read models) in a directory of its own on the real
//! disk, with the configuration's defaults, and clients that hold units through its gateway.

use std::{num::NonZeroU32, sync::Arc, time::Duration};

use anyhow::{Context, Result};
use futures::{StreamExt, TryStreamExt, stream};
use souk::{
    actors::gateway::{Call, Gateway},
    app::Engine,
    config::Config,
    domain::{
        ids::{CommandId, OrderId},
        stock::{Stock, StockCommand},
    },
};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::load::Client;

pub const WITHIN: Duration = Duration::from_secs(30);
const HOLD_MS: i64 = 600_000;

pub struct Shop {
    pub engine: Engine,
    dir: TempDir,
}

impl Shop {
    pub fn start(runtime: &Runtime) -> Result<Self> {
        Self::start_in(runtime, Self::dir()?, Config::default())
    }

    pub fn dir() -> Result<TempDir> {
        Ok(tempfile::Builder::new().prefix("shop-").tempdir_in(super::disk()?)?)
    }

    /// With settings of its own, in a directory that may have been another shop's.
    pub fn start_in(runtime: &Runtime, dir: TempDir, mut config: Config) -> Result<Self> {
        config.data.dir = dir.path().join("data");
        let engine = runtime.block_on(Engine::without_connectors(&config))?;
        Ok(Self { engine, dir })
    }

    /// Hands over, drains, and leaves the directory.
    pub fn stop(self, runtime: &Runtime) -> TempDir {
        runtime.block_on(async {
            self.engine.hand_over(WITHIN).await;
            self.engine.drain(WITHIN).await;
        });
        self.dir
    }

    /// Receives `units` of each SKU.
    pub fn stock(&self, runtime: &Runtime, skus: &[Arc<str>], units: u32) -> Result<()> {
        let units = NonZeroU32::new(units).context("no units")?;
        let gateway = &self.engine.gateway;
        let receive = |sku: Arc<str>| async move {
            let command = StockCommand::Receive { units, reference: None };
            gateway.ask::<Stock>(&sku, command, call(gateway, "user:bench".into())).await.map(drop)
        };
        let all = stream::iter(skus.iter().cloned().map(receive)).buffer_unordered(256);
        Ok(runtime.block_on(all.try_collect())?)
    }

    /// Units that are held of one SKU, by the owner's word.
    pub fn held(&self, runtime: &Runtime, sku: &str) -> Result<u64> {
        Ok(runtime.block_on(self.engine.gateway.read::<Stock>(sku, WITHIN))?.view.held)
    }

    /// `count` clients, holding units of the SKU that `pick` names.
    pub fn holders<P>(&self, count: usize, pick: impl Fn(usize) -> P) -> Vec<Holder<P>> {
        let by: Arc<str> = "user:0192f000-0000-7000-8000-00000000000a".into();
        let holder = |n| Holder { gateway: self.engine.gateway.clone(), by: by.clone(), pick: pick(n) };
        (0..count).map(holder).collect()
    }
}

pub fn call(gateway: &Gateway, by: Arc<str>) -> Call {
    let command_id = CommandId(gateway.fresh_id());
    Call { command_id, by, expected_version: None, fingerprint: None, within: WITHIN }
}

pub struct Holder<P> {
    gateway: Gateway,
    by: Arc<str>,
    pick: P,
}

impl<P: FnMut() -> Arc<str> + Send + 'static> Client for Holder<P> {
    async fn once(&mut self) -> Result<()> {
        let sku = (self.pick)();
        let (order, until) = (OrderId(self.gateway.fresh_id()), self.gateway.now().plus_ms(HOLD_MS));
        let command = StockCommand::Hold { order, units: NonZeroU32::MIN, until, attempt: 0 };
        self.gateway.ask::<Stock>(&sku, command, call(&self.gateway, self.by.clone())).await?;
        Ok(())
    }
}
