//! `souk load` as a person runs it: every scenario for a moment with small numbers, its exit code and its report; and
//! that it finds a shop that does not keep its word. Never a time.
//!
//! One run at a time: each has a server of its own, and they would only slow each other down.

#[path = "load/fake.rs"]
mod fake;
#[path = "load/souk.rs"]
mod souk;

use std::{collections::BTreeSet, time::Duration};

use fake::{Fake, Vice};
use serde_json::Value;
use souk::{Ended, Run, Server};

const SHORT: [&str; 4] = ["--seconds", "1.2", "--warm-up", "0.3"];
const QUICK: [&str; 6] = ["--seconds", "1.2", "--warm-up", "0.3", "--connections", "8"];

/// Sound, with something measured and something checked; gives the report.
#[track_caller]
fn sound(run: &Ended, scenario: &str) -> Value {
    assert_eq!(run.code, 0, "{}\n{}", run.out, run.err);
    let report = run.json.clone().expect("a report");
    assert_eq!((&report["format"], &report["scenario"]), (&"souk-load/1".into(), &scenario.into()));
    let measured = &report["measured"];
    let (served, p50) = (number(&measured["whole"]["served"]), number(&measured["whole"]["latency"]["p50"]));
    assert!(served > 0.0 && p50 > 0.0, "{measured}");
    let in_windows: f64 = list(&measured["windows"]).iter().map(|window| number(&window["served"])).sum();
    let in_bars: f64 = list(&measured["histogram"]).iter().map(|bar| number(&bar["count"])).sum();
    assert_eq!((in_windows, in_bars), (served, served), "each operation is in one window and in one bar");
    assert!(number(&measured["server"]["rss_max"]) > 1e6, "the own server's memory is known: {measured}");
    let invariants = list(&report["invariants"]);
    assert!(!invariants.is_empty(), "something is checked");
    for one in invariants {
        assert!(number(&one["checked"]) > 0.0 && one["broken"] == 0, "{one}");
        assert!(run.out.contains(one["name"].as_str().expect("a name")), "the table names it: {}", run.out);
    }
    assert_eq!(run.left_behind(), Vec::<String>::new(), "the server's directory is gone");
    report
}

#[track_caller]
fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is not a number"))
}

#[track_caller]
fn list(value: &Value) -> &Vec<Value> {
    value.as_array().unwrap_or_else(|| panic!("{value} is not a list"))
}

#[track_caller]
fn figure(report: &Value, name: &str) -> f64 {
    let found = list(&report["figures"]).iter().find(|figure| figure["name"] == name);
    number(&found.unwrap_or_else(|| panic!("no figure {name}: {}", report["figures"]))["value"])
}

fn steps(report: &Value) -> Vec<&str> {
    list(&report["measured"]["steps"]).iter().filter_map(|step| step["name"].as_str()).collect()
}

#[test]
fn checkout_sells_and_its_page_is_whole() {
    let run = Run::new(&["checkout", "--rate", "30", "--skus", "20", "--lines", "2"]).and(&QUICK).html().go();
    let report = sound(&run, "checkout");
    assert_eq!(steps(&report), ["1 add a line", "2 check out", "3 pay"]);
    assert_eq!(report["url"], Value::Null);
    let page = run.html.expect("a page");
    assert!(page.starts_with("<!doctype html>") && page.trim_end().ends_with("</html>"), "{page}");
    assert_eq!(page.matches("<svg").count(), page.matches("</svg>").count());
    assert!(page.contains("every invariant holds"));
}

#[test]
fn browse_looks_adds_and_buys() {
    let run = Run::new(&["browse", "--rate", "120", "--skus", "20"]).and(&QUICK).go();
    let report = sound(&run, "browse");
    assert_eq!(steps(&report), ["add to cart", "buy", "category", "list", "product", "view cart"]);
}

#[test]
fn a_flash_sale_sells_exactly_what_there_is() {
    let run = Run::new(&["flash-sale", "--shoppers", "60", "--units", "7", "--rate", "80"]).go();
    let report = sound(&run, "flash-sale");
    assert_eq!((figure(&report, "units sold"), figure(&report, "shoppers refused")), (7.0, 53.0));
    assert_eq!(figure(&report, "sockets"), 60.0);
    assert_eq!(number(&report["measured"]["whole"]["served"]), 60.0);
    assert_eq!(number(&report["measured"]["whole"]["refused"]["out_of_stock"]), 53.0);
}

#[test]
fn fanout_reaches_every_socket() {
    let run = Run::new(&["fanout", "--rate", "30", "--sockets", "40", "--topics", "2"]).and(&SHORT).go();
    let report = sound(&run, "fanout");
    let changes = number(&report["measured"]["whole"]["served"]);
    assert_eq!(figure(&report, "changes seen"), changes * 20.0, "each change by each socket of its topic");
    assert_eq!(figure(&report, "changes seen and not timed"), 0.0);
}

#[test]
fn long_carts_give_a_curve() {
    let run = Run::new(&["long-cart", "--lines", "40", "--rate", "100", "--connections", "2"]).and(&SHORT).go();
    let report = sound(&run, "long-cart");
    let points = list(&report["curves"][0]["lines"][0]["points"]);
    assert!(points.len() > 1 && number(&points[0][0]) == 2.0, "{points:?}");
}

#[test]
fn boards_show_what_the_list_has() {
    let run = Run::new(&["board", "--boards", "3", "--rate", "20", "--skus", "20"]).and(&QUICK).go();
    let report = sound(&run, "board");
    assert!(figure(&report, "frames read") >= 3.0 * number(&report["measured"]["whole"]["served"]));
}

#[test]
fn chaos_loses_nothing() {
    let run = Run::new(&["chaos", "--rate", "15", "--skus", "10", "--kill-every", "0.7", "--connections", "8"]);
    let report = sound(&run.and(&["--seconds", "2", "--warm-up", "0"]).go(), "chaos");
    assert!(figure(&report, "kills") >= 1.0);
}

#[test]
fn a_sweep_steps_up_until_it_bends() {
    // One connection and room for two: any shop bends soon.
    let bounds = ["--sweep", "--rate", "60", "--connections", "1", "--in-flight", "2", "--arrivals", "constant"];
    let run = Run::new(&["long-cart", "--seconds", "0.4", "--warm-up", "0"]).and(&bounds).html().go();
    let report = sound(&run, "long-cart");
    let rungs = list(&report["sweep"]);
    let (last, before) = rungs.split_last().expect("a step");
    assert!(last["held"] == false || rungs.len() == 16, "{rungs:?}");
    assert!(before.iter().all(|rung| rung["held"] == true), "it ends with the first that bends: {rungs:?}");
    assert!(run.html.expect("a page").contains("Throughput against offered load"));
}

#[test]
fn what_cannot_start_is_counted() {
    let tight = ["--rate", "3000", "--in-flight", "4", "--connections", "1", "--arrivals", "constant"];
    let run = Run::new(&["checkout", "--skus", "5", "--seconds", "0.5", "--warm-up", "0"]).and(&tight).go();
    let report = sound(&run, "checkout");
    let measured = &report["measured"];
    let (begun, not) = (number(&measured["whole"]["served"]), number(&measured["not_started"]));
    assert_eq!(begun + not, 1500.0, "every arrival is accounted for: {measured}");
    assert!(not > 0.0, "one connection does not buy 3000 times a second: {measured}");
}

#[test]
fn a_shop_that_breaks_its_word_is_found() {
    let sale = |shop: &Fake| {
        let run = Run::new(&["flash-sale", "--shoppers", "12", "--units", "5", "--rate", "300", "--sockets", "0"]);
        run.and(&["--url", &shop.url, "--token", "t", "--sku", "A"]).go()
    };
    // The same shop without a vice passes: the findings below come from the vice.
    let honest = sale(&Fake::start(None));
    assert_eq!(honest.code, 0, "{}\n{}", honest.out, honest.err);
    let found = [
        (Vice::KeepsNoHolds, "units held, committed and shipped since the start are those of acknowledged orders"),
        (Vice::Oversells, "exactly the units there were are sold"),
        (Vice::LosesAnOrder, "each acknowledged order is there"),
        (Vice::ChargesMore, "each acknowledged order has its lines and its total"),
        (Vice::ForgetsAPayment, "each acknowledged payment stands"),
        (Vice::InventsUnits, "on_hand = available + held + committed"),
    ];
    for (vice, words) in found {
        let run = sale(&Fake::start(Some(vice)));
        assert_eq!(run.code, 1, "{vice:?}: {}\n{}", run.out, run.err);
        assert!(run.out.contains("✗") && run.err.contains("invariants are broken"), "{vice:?}: {}", run.err);
        let report = run.json.expect("the report is written all the same");
        let broken = list(&report["invariants"]).iter().filter(|one| one["broken"] != 0);
        let names: Vec<_> = broken.filter_map(|one| one["name"].as_str()).collect();
        assert!(names.iter().any(|name| name.starts_with(words)), "{vice:?} is not {words:?}: {names:?}");
    }
}

#[test]
fn a_stall_is_charged_to_everybody_who_came_meanwhile() {
    // All forty are due within 200 ms, and the one connection is taken for a second.
    let shop = Fake::stalling(Duration::from_secs(1));
    let run = Run::new(&["flash-sale", "--shoppers", "40", "--units", "40", "--rate", "200", "--sockets", "0"]);
    let run = run.and(&["--arrivals", "constant", "--connections", "1"]);
    let run = run.and(&["--url", &shop.url, "--token", "t", "--sku", "A"]).go();
    assert_eq!(run.code, 0, "slow is no failure: {}\n{}", run.out, run.err);
    let whole = &run.json.expect("a report")["measured"]["whole"];
    assert_eq!(whole["served"], 40);
    // A closed loop would have reported one slow response and thirty-nine quick ones.
    assert!(number(&whole["latency"]["p50"]) >= 800_000.0, "{whole}");
}

#[test]
fn a_shop_that_runs_already_is_measured_as_its_operator() {
    let shop = Server::start("correct horse battery");
    let run = || Run::new(&["checkout", "--rate", "20", "--skus", "5", "--url", &shop.url]).and(&QUICK);
    let ended = run().env("SHOP_PASSWORD", "correct horse battery").and(&["--password-env", "SHOP_PASSWORD"]).go();
    assert_eq!(ended.code, 0, "{}\n{}", ended.out, ended.err);
    let report = ended.json.expect("a report");
    assert_eq!((&report["url"], &report["measured"]["server"]["rss_max"]), (&shop.url.as_str().into(), &Value::Null));
    assert!(list(&report["invariants"]).iter().all(|one| number(&one["checked"]) > 0.0), "{report}");
    let wrong = run().env("SOUK_SUPERADMIN_PASSWORD", "incorrect horse battery").go();
    assert_eq!(wrong.code, 1, "{}", wrong.err);
    assert!(wrong.err.contains("admin@souk.local cannot log in: invalid_credentials"), "{}", wrong.err);
    let nobody = run().go();
    assert_eq!(nobody.code, 2, "{}", nobody.err);
    assert!(nobody.err.contains("operators' requests are part of this scenario"), "{}", nobody.err);
}

#[test]
fn wrong_parameters_are_refused_before_anything_starts() {
    let refused = [
        (vec!["checkout", "--rate", "0"], "--rate 0: 0.01 to 1000000 operations a second expected"),
        (vec!["checkout", "--lines", "99"], "--lines 99: a whole number from 1 to 50 expected"),
        (vec!["long-cart", "--lines", "201"], "--lines 201: a whole number from 2 to 200 expected"),
        (vec!["fanout", "--sockets", "2", "--topics", "3"], "--topics 3: a whole number from 1 to 2 expected"),
        (vec!["flash-sale", "--seconds", "3"], "flash-sale ends with its last shopper"),
        (vec!["flash-sale", "--sweep"], "not for --sweep"),
        (vec!["flash-sale", "--url", "http://127.0.0.1:1"], "--sku SKU expected with --url"),
        (vec!["chaos", "--url", "http://127.0.0.1:1"], "chaos kills its server: it is not for --url"),
        (vec!["browse", "--url", "https://shop.example"], "plain HTTP"),
        (vec!["browse", "--url", "shop.example"], "http://HOST[:PORT] expected"),
        (vec!["browse", "--url", "http://127.0.0.1:1", "--password-env", "NO_SUCH_VARIABLE"], "NO_SUCH_VARIABLE"),
        (vec!["browse", "--token", "t"], "--url"),
        (vec!["browse", "--html", "/no/such/directory/page.html"], "/no/such/directory/page.html"),
        (vec!["stampede"], "stampede"),
    ];
    for (arguments, words) in refused {
        let run = Run::new(&arguments).go();
        assert_eq!(run.code, 2, "{arguments:?}: {}\n{}", run.out, run.err);
        assert!(run.err.contains(words), "{arguments:?} do not say {words:?}: {}", run.err);
    }
}

#[test]
fn a_shop_that_is_not_there_is_an_error_in_words() {
    let run = Run::new(&["checkout", "--url", "http://127.0.0.1:1", "--token", "t"]).go();
    assert_eq!(run.code, 1, "{}", run.err);
    assert!(run.err.contains("the catalogue cannot be read: cannot_connect"), "{}", run.err);
}

#[test]
fn ctrl_c_ends_the_server_and_leaves_nothing() {
    let run = Run::new(&["checkout", "--seconds", "600", "--rate", "5"]).interrupted();
    assert_eq!(run.code, 1, "{}\n{}", run.out, run.err);
    assert!(run.err.contains("interrupted: nothing was checked"), "{}", run.err);
    assert_eq!(run.left_behind(), Vec::<String>::new());
}

#[test]
fn a_server_that_ends_by_itself_is_told() {
    let run = Run::new(&["checkout", "--seconds", "600", "--rate", "5"]).bereft();
    assert_eq!(run.code, 1, "{}\n{}", run.out, run.err);
    assert!(run.err.contains("the server ended by itself"), "{}", run.err);
    assert_eq!(run.left_behind(), Vec::<String>::new());
}

/// Names of members at any depth, but for maps whose keys are data.
fn members(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            for (name, value) in map {
                found.insert(name.clone());
                if !["parameters", "refused", "errors"].contains(&name.as_str()) {
                    members(value, found);
                }
            }
        }
        Value::Array(all) => all.iter().for_each(|value| members(value, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn every_member_of_the_report_is_documented() {
    let run = Run::new(&["long-cart", "--lines", "10", "--rate", "60", "--connections", "1"]).and(&SHORT).go();
    let mut found = BTreeSet::new();
    members(&sound(&run, "long-cart"), &mut found);
    let guide = include_str!("../docs/load.md");
    let words: BTreeSet<&str> = guide.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
    let missing: Vec<_> = found.iter().filter(|name| !words.contains(name.as_str())).collect();
    assert!(found.len() > 40 && missing.is_empty(), "{} members, not in docs/load.md: {missing:?}", found.len());
}
