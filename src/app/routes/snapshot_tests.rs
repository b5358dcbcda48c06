//! The API's contract as committed files: a change of the API is visible in review. `make snapshots` writes them again.

use std::{fs, path::Path};

/// The file under `docs/`, compared with `text`; written again where `SOUK_WRITE_SNAPSHOTS` is set.
#[track_caller]
fn matches_snapshot(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name);
    if std::env::var_os("SOUK_WRITE_SNAPSHOTS").is_some() {
        fs::write(&path, text).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    let differs = committed.lines().zip(text.lines()).position(|(old, new)| old != new);
    let at = differs.unwrap_or_else(|| committed.lines().count().min(text.lines().count()));
    let line = |text: &str| text.lines().nth(at).unwrap_or("(the end)").trim().to_owned();
    assert!(
        committed == text,
        "docs/{name} line {}: committed {:?}, now {:?}; if the change is meant, run `make snapshots` and commit the file",
        at + 1,
        line(&committed),
        line(text)
    );
}

#[test]
fn the_openapi_document_is_the_committed_one() {
    // By way of a value, whose members are in order: an operation's extensions are a hash map.
    let document = serde_json::to_value(super::openapi()).unwrap();
    matches_snapshot("openapi.json", &(serde_json::to_string_pretty(&document).unwrap() + "\n"));
}

/// The live protocol by example: each topic's frame for each audience, clients' messages, and the server's messages
/// beside frames.
#[test]
fn the_live_protocol_is_the_committed_one() {
    let text = serde_json::to_string_pretty(&crate::shop::samples::live_protocol()).unwrap() + "\n";
    matches_snapshot("live-protocol.json", &text);
}
