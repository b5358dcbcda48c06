//! A whole run: the shop, the goods, the load at one rate or at rising ones, the check, the report.

use std::{collections::BTreeMap, sync::Arc, time::SystemTime};

use serde_json::Value;

use super::{
    Watch,
    drive::{Driven, drive},
    error::{LoadError, Result},
    plan::{Plan, SWEEP_STEPS, Target},
    report::{FORMAT, Machine, Measured, Quantiles, Report, Rung},
    scenario::Scenario,
    site::Site,
    usage,
};
use crate::domain::time::Timestamp;

/// From step to step of a sweep.
const STEEPER: f64 = 1.5;
/// A shop that serves less than this share of the due operations, or waits this long, no longer keeps up.
const KEEPS_UP: f64 = 0.9;
const BENT_US: u64 = 1_000_000;

/// `own` parameters are the scenario's, for the report.
pub async fn run<S: Scenario>(
    scenario: S,
    plan: &Plan,
    own: BTreeMap<&'static str, Value>,
    watch: &dyn Watch,
) -> Result<Report> {
    let started = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    watch.phase("starting");
    scenario.fits(plan)?;
    // Before the server is started, which inherits the limit.
    usage::allow_sockets(scenario.sockets() + plan.connections).map_err(LoadError::Usage)?;
    let site = Arc::new(Site::open(plan).await?);
    watch.phase("preparing");
    let scenario = Arc::new(scenario.prepare(&site, plan).await?);
    let (measured, sweep) = match plan.sweep {
        true => climb(&scenario, &site, plan, watch).await?,
        false => {
            watch.phase("loading");
            watch.total(plan.whole().as_secs_f64());
            (Measured::of(&drive(&scenario, &site, plan, plan.rate, watch).await?, S::UNIT), Vec::new())
        }
    };
    watch.phase("checking");
    let findings = scenario.check(&site).await?;
    let mut parameters = own;
    parameters.extend([
        ("rate", plan.rate.into()),
        ("seed", plan.seed.into()),
        ("connections", plan.connections.into()),
        ("in_flight", plan.in_flight.into()),
        ("arrivals", plan.arrivals.name().into()),
    ]);
    // A number of operations ends the run, or its time.
    if scenario.count().is_none() {
        parameters.extend([("seconds", plan.seconds.into()), ("warm_up", plan.warm_up.into())]);
    }
    Ok(Report {
        format: FORMAT,
        version: env!("CARGO_PKG_VERSION"),
        scenario: S::NAME,
        unit: S::UNIT,
        started_at: Timestamp(i64::try_from(started.as_millis()).unwrap_or(i64::MAX)).rfc3339(),
        url: match &plan.target {
            Target::Own { .. } => None,
            Target::Url { url, .. } => Some(url.clone()),
        },
        parameters,
        machine: Machine {
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            system: std::env::consts::OS,
            build: if cfg!(debug_assertions) { "debug" } else { "release" },
        },
        measured,
        sweep,
        figures: findings.figures,
        curves: findings.curves,
        invariants: findings.invariants,
        notes: findings.notes,
    })
}

/// Steps the rate up until the shop no longer keeps up. Returns the last step that held (or the first, if none did) and
/// all of them.
async fn climb<S: Scenario>(
    scenario: &Arc<S>,
    site: &Arc<Site>,
    plan: &Plan,
    watch: &dyn Watch,
) -> Result<(Measured, Vec<Rung>)> {
    let (mut rungs, mut best, mut rate) = (Vec::new(), None, plan.rate);
    for turn in 0..SWEEP_STEPS {
        watch.phase("sweeping");
        watch.total(plan.whole().as_secs_f64());
        // Another seed for each step: no two of them look for the same carts and keys.
        let step = Plan { seed: plan.seed.wrapping_add(turn as u64), ..plan.clone() };
        let driven = drive(scenario, site, &step, rate, watch).await?;
        let rung = rung(&driven);
        let held = rung.held;
        if held || best.is_none() {
            best = Some(Measured::of(&driven, S::UNIT));
        }
        rungs.push(rung);
        if !held {
            break;
        }
        rate *= STEEPER;
    }
    // At least one step was made.
    best.map(|best| (best, rungs)).ok_or_else(|| LoadError::failed("no step of the sweep was made"))
}

fn rung(driven: &Driven) -> Rung {
    let seconds = driven.seconds.max(0.001);
    let (offered, achieved) = (driven.paced.offered as f64 / seconds, driven.tallies.answered_in_time as f64 / seconds);
    let latency = Quantiles::of(&driven.tallies.whole.served);
    let errors = driven.tallies.whole.errors.values().sum();
    let held = achieved >= offered * KEEPS_UP && driven.not_started == 0 && latency.p99 < BENT_US;
    Rung { offered, achieved, not_started: driven.not_started, errors, latency, held }
}
