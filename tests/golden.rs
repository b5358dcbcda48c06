//! Golden bytes: every variant of every event, as it is written to journals, one file for each kind.
//!
//! What is written is frozen: a change that fails here makes old journals unreadable. A new variant is
//! added to its kind's samples and blessed by `SOUK_BLESS=1 cargo test --test golden`; blessing only
//! appends, it never rewrites a line that exists. Absent: the envelope, which `persistence` tests.

#[path = "golden/samples/catalogue.rs"]
mod catalogue;
#[path = "golden/samples/ids.rs"]
mod ids;
#[path = "golden/samples/order.rs"]
mod order;
#[path = "golden/samples/shop.rs"]
mod shop;

use std::{collections::BTreeSet, fs, path::PathBuf};

use souk::domain::kinds::{AnyEvent, Kind};

/// The table: one line for each kind, and the number of its event variants.
fn samples(kind: Kind) -> (Vec<AnyEvent>, usize) {
    match kind {
        Kind::Stock => (shop::stock(), 9),
        Kind::Cart => (shop::cart(), 4),
        Kind::Numbers => (shop::numbers(), 1),
        Kind::Payment => (shop::payment(), 14),
        Kind::Order => (order::order(), 21),
        Kind::Product => (catalogue::product(), 2),
        Kind::Category => (catalogue::category(), 1),
        Kind::Account => (catalogue::account(), 2),
    }
}

/// A JSON array with one event on a line.
fn file(kind: Kind) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/events").join(format!("{}.json", kind.name()))
}

fn golden(kind: Kind) -> Vec<String> {
    let text = fs::read_to_string(file(kind)).unwrap_or_default();
    let lines = text.lines().map(|line| line.trim_end_matches(','));
    lines.filter(|line| line.starts_with('{') || line.starts_with('"')).map(str::to_owned).collect()
}

fn written(event: &AnyEvent) -> String {
    event.to_json().unwrap().get().to_owned()
}

#[test]
fn events_are_written_as_ever() {
    for kind in Kind::ALL.iter().copied() {
        let (events, _) = samples(kind);
        let lines: Vec<String> = events.iter().map(written).collect();
        let known = golden(kind);
        if std::env::var_os("SOUK_BLESS").is_some() && lines.starts_with(&known) {
            fs::write(file(kind), format!("[\n{}\n]\n", lines.join(",\n"))).unwrap();
            continue;
        }
        assert_eq!(lines, known, "{}: the bytes of an event have changed, or a sample is new", kind.name());
    }
}

#[test]
fn events_of_old_are_read_as_ever() {
    for kind in Kind::ALL.iter().copied() {
        let (events, _) = samples(kind);
        let known = golden(kind);
        assert_eq!(known.len(), events.len(), "{}", kind.name());
        for (line, event) in known.iter().zip(&events) {
            assert_eq!(&AnyEvent::from_json(kind, line).unwrap(), event, "{}", kind.name());
            let _: serde_json::Value = serde_json::from_str(line).unwrap();
        }
    }
}

#[test]
fn no_variant_is_forgotten() {
    for kind in Kind::ALL.iter().copied() {
        let (events, variants) = samples(kind);
        let name = |event: &AnyEvent| match serde_json::from_str(&written(event)).unwrap() {
            serde_json::Value::Object(fields) => fields.keys().next().cloned().unwrap(),
            serde_json::Value::String(name) => name,
            other => panic!("{other}"),
        };
        let names: BTreeSet<String> = events.iter().map(name).collect();
        assert_eq!(names.len(), variants, "{}: {names:?}", kind.name());
    }
}
