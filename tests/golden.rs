//! Golden bytes: every variant of every event, as it is written to journals, one file for each kind; and, in
//! `envelope`, the records that they are written in.
//!
//! Written names and bytes are frozen: a change that fails here makes old journals unreadable. A new variant stops the
//! build in `variants` and then needs its sample, which `SOUK_BLESS=1 cargo test --test golden` blesses; blessing only
//! appends, it never rewrites a line that exists. The samples name each field themselves: no shared default may move
//! them.

#[path = "golden/samples/account.rs"]
mod account;
#[path = "golden/samples/catalogue.rs"]
mod catalogue;
#[path = "golden/envelope.rs"]
mod envelope;
#[path = "golden/samples/ids.rs"]
mod ids;
#[path = "golden/samples/links.rs"]
mod links;
#[path = "golden/samples/mail.rs"]
mod mail;
#[path = "golden/samples/order.rs"]
mod order;
#[path = "golden/samples/shop.rs"]
mod shop;
#[path = "golden/variants.rs"]
mod variants;

use std::{collections::BTreeSet, fs, path::PathBuf, sync::Arc};

use souk::{
    domain::{
        kinds::{AnyEvent, Kind},
        personal::{Subject, Vault, opening, sealing},
    },
    persistence::vault::{PersonKeys, dir::KeyDir},
};

/// The table: one line for each kind.
fn samples(kind: Kind) -> Vec<AnyEvent> {
    match kind {
        Kind::Stock => shop::stock(),
        Kind::Cart => shop::cart(),
        Kind::Numbers => shop::numbers(),
        Kind::Payment => shop::payment(),
        Kind::Order => order::order(),
        Kind::Product => catalogue::product(),
        Kind::Category => catalogue::category(),
        Kind::Account => account::account(),
        Kind::Email => account::email(),
        Kind::Session => account::session_events(),
        Kind::ApiKey => account::api_key(),
        Kind::Note => shop::note(),
        Kind::Mail => mail::mail(),
        Kind::Role => shop::role(),
        Kind::IdentityLink => links::identity_link(),
        Kind::Superadmins => shop::superadmins(),
        Kind::Erasure => shop::erasure(),
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
        let events = samples(kind);
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
        let events = samples(kind);
        let known = golden(kind);
        assert_eq!(known.len(), events.len(), "{}", kind.name());
        for (line, event) in known.iter().zip(&events) {
            assert_eq!(&AnyEvent::from_json(kind, line).unwrap(), event, "{}", kind.name());
            let _: serde_json::Value = serde_json::from_str(line).unwrap();
        }
    }
}

/// Who sees a sealed event sees nothing of these people; and whoever has the key reads it as it was.
#[test]
fn no_event_of_today_is_written_with_a_person_in_the_clear() {
    const PEOPLE: [&str; 15] = [
        "@",
        "xample.org",
        "Ada",
        "Lovelace",
        "Market Street",
        "50667",
        "+49",
        "James",
        "London",
        "SW1Y",
        "192.0.2",
        "Firefox",
        "My phone",
        "My laptop",
        "the till",
    ];
    let dir = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let keys = runtime.block_on(PersonKeys::create(Arc::new(KeyDir::new(dir.path())))).unwrap();
    let vault: Arc<dyn Vault> = Arc::new(keys);
    let mut sealed = 0;
    for kind in Kind::ALL.iter().copied() {
        for event in samples(kind) {
            // Of the first events; a later one is its entity's.
            let subject = event.subject().or(Some(Subject::User(ids::user_id())));
            let json = sealing(Some(vault.clone()), subject, || event.to_json()).unwrap();
            let text = json.get();
            sealed += usize::from(text.contains("\"sealed\":\""));
            for person in PEOPLE {
                assert!(!text.contains(person), "{person} is in the clear: {text}");
            }
            let read = opening(Some(vault.clone()), || AnyEvent::from_json(kind, text)).unwrap();
            assert_eq!(read, event);
        }
    }
    assert!(sealed > 20, "{sealed}");
}

/// A new variant does not compile before it is in `variants`, and does not pass before it has its sample.
#[test]
fn no_variant_is_forgotten() {
    for kind in Kind::ALL.iter().copied() {
        let sampled: BTreeSet<&str> = samples(kind).iter().map(variants::name).collect();
        let all: BTreeSet<&str> = variants::of(kind).iter().copied().collect();
        assert_eq!(sampled, all, "{}: each variant needs a sample in tests/golden/samples", kind.name());
    }
}
