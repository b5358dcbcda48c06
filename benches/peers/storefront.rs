//! Whole requests of a shop at 16 connections, Souk's API beside Vendure's: a page of products with stock, add to cart,
//! checkout until it is paid, and a flash sale of one SKU, where what counts is how many are sold.
//!
//! Each side is warmed by as many seconds of checkouts. One side runs at a time, its database with it.

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use serde_json::json;
use tokio::runtime::Runtime;

use super::{
    buyer::{Buyer, What as Theirs},
    drive::drive,
    plan::{Peer, Plan},
    race::{Till, sell},
    rows::{Row, Rows, SOUK},
    shop::{Souk, Stocked, level},
    vendure::{self, Vendure},
};
use crate::common::{
    http::Connection,
    shopper::{CHECKOUT, Shopper, What, key},
};

const CONNECTIONS: usize = 16;
/// Vendure's responses take seconds each at this load: in a shorter time a figure would depend on a few of them.
const THEIR_SECONDS_MIN: f64 = 10.0;
/// Units and buyers of the flash sale.
const SALE: (usize, usize) = (100, 200);
const WORKS: [(What, &[Theirs], &str); 4] = [
    (What::List, &[Theirs::Search, Theirs::List], "24 products with stock, 16 connections"),
    (What::AddToNewCart, &[Theirs::AddToNewCart], "add to a new cart, 16 connections"),
    (What::AddToGrowingCart, &[Theirs::AddToGrowingCart], "add to a growing cart, 16 connections"),
    (What::Checkout, &[Theirs::Checkout, Theirs::CheckoutInTwo], "checkout until paid, 16 connections"),
];
const RACES: [(bool, &str); 2] =
    [(false, "flash sale, each in one go"), (true, "flash sale, all ready before one pays")];

pub fn compare(plan: &Plan, runtime: &Runtime, rows: &mut Rows) -> Result<()> {
    if !plan.wants(Peer::Vendure) {
        return Ok(());
    }
    match vendure::version() {
        Ok(version) => rows.version(version),
        Err(why) => {
            rows.skip("vendure", format!("{why:#}"));
            return Ok(());
        }
    }
    println!("storefront, {CONNECTIONS} connections");
    ours(plan, runtime, rows)?;
    println!("  vendure is populated; that takes a minute");
    match Vendure::start(runtime) {
        Ok(vendure) => theirs(plan, runtime, &Arc::new(vendure), rows),
        Err(why) => rows.fail("vendure", &why),
    }
    Ok(())
}

fn ours(plan: &Plan, runtime: &Runtime, rows: &mut Rows) -> Result<()> {
    let souk = Souk::start(runtime, Stocked::Plenty)?;
    let open = |what| runtime.block_on(Shopper::open(&souk.shelf, what, CONNECTIONS));
    runtime.block_on(drive(open(What::Checkout)?, plan.seconds, || souk.cpu()))?;
    for (what, _, work) in WORKS {
        let driven = runtime.block_on(drive(open(what)?, plan.seconds, || souk.cpu()))?;
        rows.push(Row::driven(work, SOUK, unit(what), &driven));
    }
    let (units, buyers) = SALE;
    let sku = souk.shelf.skus.last().context("a SKU")?.clone();
    for (staged, work) in RACES {
        let (sale, cpu, left) = runtime.block_on(async {
            let mut staff = souk.staff().await?;
            let available = level(&mut staff, &sku, "available").await?;
            let less = i64::try_from(units)? - i64::try_from(available)?;
            let body = json!({"delta": less, "reason": "peers"}).to_string();
            staff.post(&format!("/api/stock/{sku}/adjustments"), Some(&key()), &body, 200).await?;
            let mut tills = Vec::new();
            for _ in 0..CONNECTIONS {
                tills.push(OurTill { connection: Connection::open(souk.address(), None).await?, sku: sku.clone() });
            }
            let cpu = souk.cpu()?;
            let sale = sell(tills, buyers, staged).await?;
            let left = level(&mut staff, &sku, "available").await?;
            anyhow::Ok((sale, souk.cpu()?.saturating_sub(cpu), left))
        })?;
        ensure!(sale.sold == units && left == 0, "{work}: souk sold {} of {units}, {left} are left", sale.sold);
        rows.push(sale.row(work, SOUK, units, cpu));
    }
    Ok(())
}

fn theirs(plan: &Plan, runtime: &Runtime, vendure: &Arc<Vendure>, rows: &mut Rows) {
    let measure = |what| {
        let buyers = runtime.block_on(Buyer::open(vendure, what, CONNECTIONS as u64))?;
        runtime.block_on(drive(buyers, plan.seconds.max(THEIR_SECONDS_MIN), || vendure.cpu()))
    };
    if let Err(why) = measure(Theirs::Checkout) {
        rows.fail("vendure, warming up", &why);
    }
    for (ours, theirs, work) in WORKS {
        for what in theirs {
            match measure(*what) {
                Ok(driven) => rows.push(Row::driven(work, side(*what), unit(ours), &driven)),
                Err(why) => rows.fail(&format!("{}, {work}", side(*what)), &why),
            }
        }
    }
    for (staged, work) in RACES {
        match runtime.block_on(their_sale(vendure, staged, work)) {
            Ok(row) => rows.push(row),
            Err(why) => rows.fail(&format!("vendure, {work}"), &why),
        }
    }
}

async fn their_sale(vendure: &Arc<Vendure>, staged: bool, work: &str) -> Result<Row> {
    let (units, buyers) = SALE;
    vendure.restock(units).await?;
    let (_, _, before) = vendure.stock().await?;
    let tills = Buyer::open(vendure, Theirs::Checkout, CONNECTIONS as u64).await?;
    let cpu = vendure.cpu()?;
    let sale = sell(tills, buyers, staged).await?;
    let cpu = vendure.cpu()?.saturating_sub(cpu);
    let (_, _, after) = vendure.stock().await?;
    let mut row = sale.row(work, "vendure", units, cpu);
    row.more.push(("units that its stock says are sold", (after - before) as f64));
    Ok(row)
}

fn side(what: Theirs) -> &'static str {
    match what {
        Theirs::AddToNewCart | Theirs::AddToGrowingCart | Theirs::Checkout => "vendure",
        Theirs::List => "vendure, with variants",
        Theirs::Search => "vendure, search",
        Theirs::CheckoutInTwo => "vendure, in two requests",
    }
}

fn unit(what: What) -> &'static str {
    match what {
        What::List => "pages",
        What::AddToNewCart | What::AddToGrowingCart => "lines",
        What::Checkout => "orders",
        What::HotHold | What::Hold => "holds",
    }
}

struct OurTill {
    connection: Connection,
    sku: String,
}

impl Till for OurTill {
    /// The guest, and the order that holds the unit.
    type Ready = (Vec<String>, String);

    async fn arrange(&mut self) -> Result<Option<Self::Ready>> {
        self.connection.forget();
        self.connection.put(&format!("/api/cart/lines/{}", self.sku), r#"{"quantity":1}"#).await?;
        let status = self.connection.ask("POST", "/api/checkout", Some(&key()), CHECKOUT).await?;
        let answer = self.connection.json()?;
        if status == 409 && answer["code"] == "out_of_stock" {
            return Ok(None);
        }
        ensure!(status == 201, "checkout: {status}: {answer}");
        let order = answer["id"].as_str().context("an order without id")?.to_owned();
        Ok(Some((self.connection.guest(), order)))
    }

    async fn pay(&mut self, (guest, order): Self::Ready) -> Result<bool> {
        self.connection.be(guest);
        let payment = format!(r#"{{"order_id":"{order}","provider":"sandbox","token":"tok_ok"}}"#);
        self.connection.post("/api/payments", Some(&key()), &payment, 201).await?;
        Ok(true)
    }
}
