//! SKUs from one to a hundred thousand: holds a second spread over them, and how long a page of the product list and
//! one SKU's stock take over HTTP.
//!
//! One process for each step: the whole shop, 64 clients in it through the gateway, then one keep-alive connection.

use std::{
    future::Future,
    net::SocketAddr,
    num::NonZeroU32,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use futures::{StreamExt, TryStreamExt, future::try_join_all, stream};
use hdrhistogram::Histogram;
use souk::{
    actors::gateway::Gateway,
    app::Shop,
    domain::{
        ids::{OrderId, ProductId, Sku},
        money::{Currency, Money},
        product::{Product, ProductCommand, ProductData, ProductOption, Variant},
        stock::{Stock, StockCommand},
    },
    load::rng::Rng,
};
use uuid::Uuid;

use super::{
    common::{http::Connection, process, shop},
    curve::{Curve, Measured},
    ground::{self, Ground, at, histogram},
};

const CLIENTS: u64 = 64;
const VARIANTS: u64 = 4;
const REQUESTS: usize = 2_000;
const UNITS: NonZeroU32 = NonZeroU32::new(100_000_000).expect("not zero");
const SAID: usize = 8;

pub fn curve(ground: &Ground) -> Result<Curve> {
    let steps = ground.steps(&[1, 10, 100, 1_000, 10_000, 100_000], &[1, 200]);
    let mut all = Vec::new();
    for skus in &steps {
        let dir = ground.dir("skus")?;
        let ms = if ground.smoke { 100 } else { 3_000 };
        let said = process::again("sell-skus", &ground::said(&[*skus, ms], dir.path()))?;
        ensure!(said.len() == SAID, "{} numbers of {skus} SKUs", said.len());
        all.push((*skus as f64, said));
    }
    let line = |n: usize| -> Vec<(f64, f64)> { all.iter().map(|(skus, said)| (*skus, said[n])).collect() };
    let mut curve = Curve::new("skus");
    let holds = Measured::new("Durable holds a second, 64 clients", "SKUs", "holds a second");
    curve.panels.push(holds.power("holds a second", line(0)));
    let wait = Measured::new("One hold among 64 clients", "SKUs", "µs");
    curve.panels.push(wait.power("p50", line(1)).power("p99", line(2)));
    let reads = Measured::new("Reads over HTTP, one connection", "SKUs", "µs");
    let reads = reads.power("24 products p50", line(3)).power("24 products p99", line(4));
    curve.panels.push(reads.power("one stock p50", line(5)).power("one stock p99", line(6)));
    let memory = Measured::new("Memory of a shop that sells them, after the holds", "SKUs", "MiB");
    let bytes = line(7).iter().map(|(x, y)| (*x, y / 1_048_576.0)).collect();
    curve.panels.push(memory.unit_cost("resident", bytes, 1_048_576.0, "B for each"));
    curve.note(format!("products of {VARIANTS} variants; each hold on a SKU at random; pages from all over the list"));
    Ok(curve)
}

/// Holds a second, p50 and p99 of one; p50 and p99 of a list page, of a stock read (microseconds); bytes in memory.
pub fn sell(input: &str) -> Result<Vec<f64>> {
    let (numbers, dir) = ground::input(input)?;
    let (skus, time) = (numbers[0], Duration::from_millis(numbers[1]));
    let mut config = ground::config(&dir);
    config.http.listen = SocketAddr::from(([127, 0, 0, 1], 0));
    tokio::runtime::Runtime::new()?.block_on(async {
        let shop = Shop::start(&config, false).await?;
        let gateway = &shop.engine.gateway;
        publish(gateway, skus).await?;
        ground::await_projection(gateway).await?;
        let (began, clients) =
            (Instant::now(), (0..CLIENTS).map(|n| tokio::spawn(hold(gateway.clone(), n, skus, time))));
        let (mut holds, mut done) = (histogram(), 0);
        for times in try_join_all(clients).await? {
            let times = times?;
            done += times.len();
            holds.add(times)?;
        }
        let rate = done as f64 / began.elapsed().as_secs_f64();
        let bytes = process::resident_bytes()?;
        ground::await_projection(gateway).await?;
        let mut connection = Connection::open(shop.address, None).await?;
        let pages = pages(&mut connection).await?;
        let (mut rng, mut lists, mut stocks) = (Rng::new(1), histogram(), histogram());
        for _ in 0..REQUESTS {
            let page = &pages[rng.below(pages.len())];
            lists.saturating_record(nanos(connection.get(page)).await?);
            let path = format!("/api/stock/{}", sku(rng.below(skus as usize) as u64));
            stocks.saturating_record(nanos(connection.get(&path)).await?);
        }
        let mut said = vec![rate];
        said.extend([&holds, &lists, &stocks].iter().flat_map(|times| [at(times, 0.5), at(times, 0.99)]));
        said.push(bytes as f64);
        shop.stop().await;
        Ok(said)
    })
}

async fn nanos(request: impl Future<Output = Result<()>>) -> Result<u64> {
    let began = Instant::now();
    request.await?;
    Ok(began.elapsed().as_nanos() as u64)
}

async fn hold(gateway: Gateway, client: u64, skus: u64, time: Duration) -> Result<Histogram<u64>> {
    let (mut rng, mut times, began) = (Rng::new(client), histogram(), Instant::now());
    while began.elapsed() < time {
        let (order, until) = (OrderId(gateway.fresh_id()), gateway.now().plus_ms(600_000));
        let command = StockCommand::Hold { order, units: NonZeroU32::MIN, until, attempt: 0 };
        let sku = sku(rng.below(skus as usize) as u64);
        let asked = Instant::now();
        gateway.ask::<Stock>(&sku, command, shop::call(&gateway, "user:bench".into())).await?;
        times.saturating_record(asked.elapsed().as_nanos() as u64);
    }
    Ok(times)
}

fn sku(n: u64) -> String {
    format!("SKU-{n:06}")
}

async fn publish(gateway: &Gateway, skus: u64) -> Result<()> {
    let by = || shop::call(gateway, "user:bench".into());
    let define = |n: u64| async move {
        let id = ProductId(Uuid::from_u64_pair(Rng::new(n).draw(), n));
        let command = ProductCommand::Define { product: id, data: Box::new(product(n, skus)?) };
        gateway.ask::<Product>(&id.to_string(), command, by()).await?;
        anyhow::Ok(())
    };
    stream::iter((0..skus.div_ceil(VARIANTS)).map(define)).buffer_unordered(512).try_collect::<()>().await?;
    let receive = |n: u64| async move {
        let command = StockCommand::Receive { units: UNITS, reference: None };
        gateway.ask::<Stock>(&sku(n), command, by()).await?;
        anyhow::Ok(())
    };
    stream::iter((0..skus).map(receive)).buffer_unordered(512).try_collect::<()>().await
}

fn product(n: u64, skus: u64) -> Result<ProductData> {
    let own = n * VARIANTS..skus.min((n + 1) * VARIANTS);
    let size = |of: u64| format!("Size {of}");
    let variant = |of: u64| {
        let price = Money { amount: 1999, currency: Currency::EUR };
        anyhow::Ok(Variant { sku: Sku::parse(&sku(of))?, options: vec![size(of)], price, image: None })
    };
    Ok(ProductData {
        slug: format!("shirt-{n}"),
        name: format!("Shirt {n}"),
        description: "A shirt of fair cotton, cut wide, and washed once before it is sold.".into(),
        brand: "Souk".into(),
        categories: Vec::new(),
        options: vec![ProductOption { name: "Size".into(), values: own.clone().map(size).collect() }],
        variants: own.map(variant).collect::<Result<_>>()?,
        images: Vec::new(),
    })
}

/// Every page of the list.
async fn pages(connection: &mut Connection) -> Result<Vec<String>> {
    let mut pages = vec!["/api/products?limit=24".to_owned()];
    loop {
        connection.get(pages.last().context("a first page")?).await?;
        match connection.json()?["next"].as_str() {
            Some(next) => pages.push(format!("/api/products?limit=24&cursor={next}")),
            None => return Ok(pages),
        }
    }
}
