//! The end of a run: lets the shop settle, checks everything, and reports each problem with its part of the history and
//! the path of the whole history.

use std::{collections::BTreeMap, time::Duration};

use crate::{
    checker::{
        Wrong, books, excerpt, kept,
        linear::{Verdict, check},
        log, orders,
        sku::{Sku, SkuModel},
        sku_history::windows,
        state::Final,
    },
    final_state,
    history::{Op, Outcome},
    logs,
    rig::Rig,
    site::Site,
    viewers::Viewers,
};

/// Of the search for one SKU: about a minute and 100 MB in a debug build.
const STEPS_MAX: u64 = 4_000_000;
/// A reconnected listener shows the final state within a second; a debug build on a busy machine may take longer.
const CONVERGES_WITHIN: Duration = Duration::from_secs(15);
/// Excerpts of one verdict, at most.
const EXCERPTS_MAX: usize = 3;

/// Judges the run, after its people have gone; panics with the problems.
pub async fn judge(rig: &Rig, site: &Site, viewers: &Viewers) -> Final {
    let end = final_state::at_rest(site).await;
    let text = serde_json::to_string_pretty(&end).expect("JSON");
    std::fs::write(rig.dir.join("final.json"), text).expect("room on the disk");
    let ops = rig.history.ops();
    let (mut wrong, mut shown) = history(site, &ops, &end, rig.times.hold * 1_000);
    let written = logs::read(rig).await;
    println!("{} records in the logs", written.len());
    wrong.extend(log::sound(&written));
    wrong.extend(viewers.wrong());
    wrong.extend(viewers.converge(&final_state::versions(site, &end), CONVERGES_WITHIN).await);
    println!("{}", summary(&ops, &end));
    if wrong.is_empty() {
        return end;
    }
    // A name that a complaint begins with, or has in it.
    let named = |name: &&String| wrong.iter().any(|what| what.contains(name.as_str()));
    let names = end.stock.keys().chain(end.orders.keys()).filter(named);
    shown.extend(names.map(|name| (name.clone(), None)));
    let lines = rig.history.lines();
    for (name, near) in shown.iter().take(EXCERPTS_MAX) {
        eprintln!("{}", excerpt::of(&lines, name, *near));
    }
    panic!("{} things are wrong:\n{}\n", wrong.len(), wrong.join("\n"));
}

/// The pure part: the problems, and the SKUs with a suspicious history, with the moment.
pub fn history(site: &Site, ops: &[Op], end: &Final, ttl: u64) -> (Wrong, Vec<(String, Option<u64>)>) {
    let received: BTreeMap<_, _> = site.first.iter().map(|(sku, (_, units))| (sku.clone(), *units as i64)).collect();
    let mut wrong = books::stock(end);
    wrong.extend(books::money(end));
    wrong.extend(orders::terminal(end));
    wrong.extend(kept::acknowledged(ops, end, &received));
    let faults = ops.iter().filter(|op| matches!(op.outcome, Outcome::Refused { status: 500.., .. }));
    wrong.extend(faults.map(|op| format!("a fault of the server: {op:?}")));
    let mut shown = Vec::new();
    for (sku, (version, available)) in &site.first {
        let strict = site.strict.contains(sku);
        let (windows, from) = windows(sku, ops, end, ttl);
        let first = Sku { version: *version, available: *available, strict, ..Sku::default() };
        match check::<SkuModel>(first, &windows, STEPS_MAX) {
            Verdict::Linear { steps } => {
                println!("{sku}: {} operations are linearisable, {steps} steps", windows.len())
            }
            Verdict::Broken { longest, stuck } => {
                let last: Vec<_> = longest.iter().rev().take(5).rev().map(|n| (from[*n], &windows[*n].op)).collect();
                let stuck = (from[stuck], &windows[stuck]);
                let done = longest.len();
                wrong.push(format!(
                    "{sku} is not linearisable: after {done} operations, the last {last:?}, no place for {stuck:?}"
                ));
                shown.push((sku.clone(), Some(stuck.1.from)));
            }
            // Where every version is known the search is short; elsewhere it may be too long, and then proves nothing.
            Verdict::GaveUp { steps } if strict => wrong.push(format!("{sku}: the search gave up after {steps} steps")),
            Verdict::GaveUp { steps } => println!("{sku}: UNDECIDED, the search gave up after {steps} steps"),
        }
    }
    (wrong, shown)
}

pub fn summary(ops: &[Op], end: &Final) -> String {
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for op in ops {
        let name = |text: String| text.split([' ', '{']).next().unwrap_or_default().to_lowercase();
        *counts
            .entry(format!("{} {}", name(format!("{:?}", op.action)), name(format!("{:?}", op.outcome))))
            .or_default() += 1;
    }
    let statuses = end.orders.values().fold(BTreeMap::<&str, u64>::new(), |mut all, order| {
        *all.entry(&order.status).or_default() += 1;
        all
    });
    format!("{} operations: {counts:?}; orders: {statuses:?}", ops.len())
}
