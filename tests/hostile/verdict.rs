//! What must hold for the buyers and for the shop, whatever the attackers did.

use std::{sync::atomic::Ordering::Relaxed, time::Duration};

use souk::config::Config;

use super::{attack::Attack, bounds::Bounds, minute::AGAIN_AND_AGAIN, table::Phase, toll::Toll};

/// A buyer's request takes no longer, where the machine is the test's own.
const P99_MAX: Duration = Duration::from_secs(1);
/// And not so many times as long as in the quiet, on whatever machine; a quiet that is quicker counts as this.
const SLOWER_MAX: u32 = 30;
const QUIET_MIN: Duration = Duration::from_millis(30);
/// Requests of checkouts from which a p99 is more than the slowest two: the minute has fewer, the hour has them.
const JUDGED_MIN: u64 = 1_000;
/// Cores that others may have used: the kernel's own work for the test is not counted as the test's.
const OF_OTHERS_MAX: f64 = 0.4;

fn named<'a>(phases: &'a [Phase], name: &str) -> &'a Phase {
    phases.iter().find(|phase| phase.name == name).expect("a phase of this name")
}

/// Everybody could buy, again and again, and nothing but an honest "sold out" ever kept a buyer from it.
pub fn buyers_shop_on(phases: &[Phase]) {
    for phase in phases {
        assert!(phase.book.troubles.is_empty(), "{}: {:?}", phase.name, phase.book.troubles);
    }
    let storm = &named(phases, "all at once").book;
    assert!(storm.bought.iter().all(|bought| *bought >= AGAIN_AND_AGAIN), "purchases: {:?}", storm.bought);
    let (bought, sold_out) = (storm.bought.iter().sum::<u64>(), storm.sold_out);
    assert!(sold_out * 10 <= bought, "{sold_out} times nothing was left for a buyer who asked for one, {bought} sold");
}

pub fn buyers_hardly_notice(phases: &[Phase], of_others: f64) {
    let (quiet, storm) = (named(phases, "quiet").quantile(0.99), named(phases, "all at once").quantile(0.99));
    let most = quiet.max(QUIET_MIN) * SLOWER_MAX;
    println!("{of_others:.2} cores were others'");
    if of_others > OF_OTHERS_MAX {
        println!("not judged by time: the machine has other work");
        return;
    }
    assert!(storm <= most, "p99 {storm:?}, in the quiet {quiet:?}");
    let repeated: u64 = phases.iter().map(|phase| phase.book.repeated).sum();
    assert_eq!(repeated, 0, "requests of buyers that were not answered in time");
    if !cfg!(debug_assertions) {
        assert!(storm <= P99_MAX, "p99 {storm:?}");
    }
}

/// A storm of log-ins is refused where it exceeds what the passwords' threads can do, and takes nothing from checkouts.
pub fn log_ins_do_not_slow_checkouts(phases: &[Phase], of_others: f64) {
    let (calm, storm) = (named(phases, "quiet"), named(phases, Attack::LogIns.name()));
    let (quiet, enough) = (calm.checkout_p99(), [calm, storm].iter().all(|phase| phase.checkouts() >= JUDGED_MIN));
    for (_, toll) in &storm.tolls {
        assert!(toll.count("401") > 0 && toll.count("503") > 0, "no storm: {}", toll.told());
        assert_eq!(toll.count("5"), toll.count("503"), "{}", toll.told());
    }
    let (storm, most) = (storm.checkout_p99(), quiet.max(QUIET_MIN) * 2);
    println!("p99 of a checkout's requests: {quiet:?} in the quiet, {storm:?} beside log-ins");
    if enough && of_others <= OF_OTHERS_MAX {
        assert!(storm <= most, "p99 {storm:?} beside log-ins, in the quiet {quiet:?}");
    }
}

pub fn the_shop_stays_within_its_bounds(phases: &[Phase]) {
    let took = phases.iter().skip(1).map(|phase| phase.took).sum();
    let (bounds, quiet) = (Bounds::of(&Config::default(), took), named(phases, "quiet"));
    println!("bounds: {bounds:?}");
    for phase in phases {
        let grown = phase.after.rss.saturating_sub(quiet.after.rss);
        assert!(grown <= bounds.memory, "{}: the process grew by {grown} bytes", phase.name);
        let written = phase.after.disk.saturating_sub(quiet.after.disk);
        assert!(written <= bounds.disk, "{}: the directory grew by {written} bytes", phase.name);
        assert!(phase.after.held <= bounds.held, "{}: {} units are held", phase.name, phase.after.held);
    }
}

/// Else the attack was none, and the rest shows nothing.
pub fn the_attacks_met_their_bounds(phases: &[Phase]) {
    let sum = |attack: Attack, count: &dyn Fn(&Toll) -> u64| {
        let tolls = phases.iter().flat_map(|phase| &phase.tolls).filter(|(of, _)| *of == attack);
        tolls.map(|(_, toll)| count(toll)).sum::<u64>()
    };
    for (attack, how) in [
        (Attack::HoldsEverything, "201"),
        (Attack::HoldsEverything, "429 too_much_unpaid"),
        (Attack::LongCarts, "429 over_budget"),
        (Attack::NewCarts, "429 over_budget"),
        (Attack::Cancels, "429 over_budget"),
        (Attack::Declined, "402"),
        (Attack::RandomIds, "404"),
        (Attack::NeverReads, "cut"),
        (Attack::HalfBodies, "408"),
        (Attack::HalfBodies, "429"),
        (Attack::FatBodies, "408"),
        (Attack::Idle, "closed"),
    ] {
        assert!(sum(attack, &|toll| toll.count(how)) > 0, "{}: never answered {how}", attack.name());
    }
    // In a short run these meet none.
    for attack in [Attack::SlowHeads, Attack::Listeners, Attack::Askers] {
        assert!(sum(attack, &|toll| toll.requests.load(Relaxed)) > 0, "{}: never asked", attack.name());
    }
}
