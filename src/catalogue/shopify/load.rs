//! Sends a parsed file to the shop: first what other products lose, then what the file sells, then what carts are told.
//!
//! So no SKU has two products at any moment. Each step is one that a second run skips.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    fs::File,
    io::Read,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use serde::Serialize;
use uuid::Uuid;

use super::{
    Asked, BadFile, Categories, FILE_MAX, Fault, Import, ImportError, Notes, Parsed, Told, parse,
    plan::{Known, Plan, plan},
};
use crate::{
    actors::gateway::Gateway,
    catalogue::{
        LoadError,
        store::{Existing, Store, each},
    },
    domain::{
        cart::{Cart, CartLine},
        category::Category,
        ids::{ProductId, Sku},
        kinds::Kind,
        product::Product,
    },
};

/// Of the import's command ids.
const SPACE: Uuid = Uuid::from_u128(0x6b7a_03e9_5cc4_4d38_92f1_d48e_17b0_5c33);
/// Keys read at once.
const CHUNK: usize = 1_000;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ImportReport {
    pub products: usize,
    pub skus: usize,
    /// Categories, products, SKUs and carts that are new or different now. 0: the shop had it all.
    pub changed: usize,
    /// Where any: nothing was imported, or, if that was asked for, the products with them were left out.
    pub bad: BadFile,
    pub notes: Notes,
    pub imported: bool,
}

/// Reads the file and reports; the shop is not looked at.
pub fn dry_run(path: &Path, asked: &Asked) -> Result<ImportReport, ImportError> {
    let parsed = read(path, asked, Categories::default()).map_err(|source| io(path, source))?;
    Ok(report(&parsed, false))
}

fn io(path: &Path, source: std::io::Error) -> ImportError {
    ImportError::Io { path: path.display().to_string(), source }
}

/// One byte more than allowed, to see that there is more.
fn read(path: &Path, asked: &Asked, categories: Categories) -> std::io::Result<Parsed> {
    let mut bytes = Vec::new();
    File::open(path)?.take(FILE_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > FILE_MAX {
        let mut parsed = Parsed::default();
        parsed.bad.add(1, "", Fault::File, format!("the file is longer than {FILE_MAX} bytes; split it"));
        return Ok(parsed);
    }
    Ok(parse(bytes, asked, categories))
}

fn report(parsed: &Parsed, imported: bool) -> ImportReport {
    let on_sale = parsed.imports.iter().filter(|import| import.data.is_some());
    ImportReport {
        products: on_sale.clone().count(),
        skus: on_sale.map(|import| import.stock.len()).sum(),
        changed: 0,
        bad: parsed.bad.clone(),
        notes: parsed.notes.clone(),
        imported,
    }
}

/// Parses the file, then sends it, unless a line is bad. `progress(done, total)` is called after each category, product
/// and SKU.
pub async fn import(
    gateway: &Gateway,
    path: &Path,
    asked: Asked,
    by: Arc<str>,
    progress: impl Fn(usize, usize) + Send + Sync,
) -> Result<ImportReport, ImportError> {
    let store = Store { gateway, space: SPACE, by, existing: Existing::Replace };
    store.ready().await?;
    let (file, categories, how) = (path.to_owned(), categories(gateway)?, asked.clone());
    // A large file takes seconds to parse: not on a runtime thread.
    let parsed = tokio::task::spawn_blocking(move || read(&file, &how, categories)).await;
    let parsed = parsed.map_err(std::io::Error::other).and_then(|read| read).map_err(|source| io(path, source))?;
    let stopped = parsed.bad.is_fatal() || (parsed.bad.total() > 0 && !asked.skip_bad);
    let mut report = report(&parsed, !stopped);
    if !stopped {
        let plan = plan(&parsed.imports, &known(gateway, &parsed.imports)?);
        tell(&plan, &mut report.notes);
        report.changed = send(&store, parsed.imports, plan, progress).await?;
    }
    Ok(report)
}

fn tell(plan: &Plan, notes: &mut Notes) {
    for (sku, from) in &plan.taken_over {
        notes.add(Told::TakenOver, format!("{sku} of {from}"));
    }
    for (_, handle) in &plan.taken_down {
        notes.add(Told::TakenDown, handle.as_str());
    }
}

/// Those that the shop has.
fn categories(gateway: &Gateway) -> Result<Categories, LoadError> {
    let mut known = Vec::new();
    for_each_key(gateway, Kind::Category, |id| {
        let data = gateway.read_local::<Category>(id)?.and_then(|answer| answer.view.data);
        known.extend(data.map(|data| (id.to_owned(), data.name)));
        Ok(())
    })?;
    Ok(Categories::known(known))
}

/// The shop's products that the file names, or that have a SKU of it: the others are not kept in memory.
fn known(gateway: &Gateway, imports: &[Import]) -> Result<HashMap<ProductId, Known>, LoadError> {
    let named: HashSet<ProductId> = imports.iter().map(|import| import.id).collect();
    let stock = imports.iter().flat_map(|import| &import.stock);
    let skus: HashSet<&Sku> = stock.map(|one| &one.sku).collect();
    let mut known = HashMap::new();
    for_each_key(gateway, Kind::Product, |id| {
        let Ok(product) = id.parse::<ProductId>() else { return Ok(()) };
        let Some(view) = gateway.read_local::<Product>(id)?.map(|answer| answer.view) else { return Ok(()) };
        let Some(data) = view.data else { return Ok(()) };
        if named.contains(&product) || data.variants.iter().any(|variant| skus.contains(&variant.sku)) {
            known.insert(product, Known { data, archived: view.archived });
        }
        Ok(())
    })?;
    Ok(known)
}

pub(super) fn for_each_key(
    gateway: &Gateway,
    kind: Kind,
    mut work: impl FnMut(&str) -> Result<(), LoadError>,
) -> Result<(), LoadError> {
    let mut after: Option<Arc<str>> = None;
    loop {
        let keys = gateway.keys(kind, after.as_deref(), CHUNK)?;
        for key in &keys {
            work(&key.id)?;
        }
        match keys.last() {
            Some(last) if keys.len() == CHUNK => after = Some(last.id.clone()),
            Some(_) | None => return Ok(()),
        }
    }
}

async fn send(
    store: &Store<'_>,
    imports: Vec<Import>,
    plan: Plan,
    progress: impl Fn(usize, usize) + Send + Sync,
) -> Result<usize, ImportError> {
    let (mut categories, mut products, mut stock) = (BTreeMap::new(), Vec::new(), Vec::new());
    for import in imports {
        let Some(data) = import.data else { continue };
        if let Some((slug, category)) = import.category {
            categories.entry(slug).or_insert(category);
        }
        products.push((import.id, data));
        stock.extend(import.stock);
    }
    let Plan { stripped, taken_down, gone, sold, taken_over: _ } = plan;
    let total = stripped.len() + taken_down.len() + categories.len() + products.len() + stock.len();
    let count = AtomicUsize::new(0);
    let done = || progress(count.fetch_add(1, Ordering::Relaxed) + 1, total);
    let strip = |(id, data): (ProductId, Option<_>)| async move {
        match data {
            Some(data) => store.product(id, data).await,
            None => store.archive(id).await,
        }
    };
    let category = |(slug, data): (String, _)| async move { store.category(&slug, data).await };
    let receive = |one: super::FirstStock| async move {
        let policy = store.policy(&one.sku, one.policy).await?;
        Ok(store.first_stock(&one.sku, one.units, None, "import").await? | policy)
    };
    let mut changed = each(stripped, strip, done).await?;
    changed += each(taken_down, |(id, _)| store.archive(id), done).await?;
    changed += each(categories, category, done).await?;
    changed += each(products, |(id, data)| store.product(id, data), done).await?;
    changed += each(stock, receive, done).await?;
    let carts = carts(store.gateway, &gone, &sold)?;
    let tell = |(cart, gone, back): (String, _, _)| async move { store.tell_cart(&cart, gone, back).await };
    changed += each(carts, tell, || ()).await?;
    Ok(changed)
}

type ToTell = (String, Vec<Sku>, Vec<Sku>);

/// Carts with a line that is sold no longer, or again: all carts are looked at once.
fn carts(gateway: &Gateway, gone: &BTreeSet<Sku>, sold: &BTreeSet<Sku>) -> Result<Vec<ToTell>, LoadError> {
    let mut carts = Vec::new();
    for_each_key(gateway, Kind::Cart, |id| {
        let lines = gateway.read_local::<Cart>(id)?.map(|answer| answer.view.lines).unwrap_or_default();
        let skus = |wanted: &dyn Fn(&&CartLine) -> bool| -> Vec<Sku> {
            lines.iter().filter(wanted).map(|line| line.sku.clone()).collect()
        };
        let leaves = skus(&|line| !line.withdrawn && gone.contains(&line.sku));
        let returns = skus(&|line| line.withdrawn && sold.contains(&line.sku));
        if !leaves.is_empty() || !returns.is_empty() {
            carts.push((id.to_owned(), leaves, returns));
        }
        Ok(())
    })?;
    Ok(carts)
}
