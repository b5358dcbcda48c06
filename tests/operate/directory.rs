//! A directory that is taken, damaged or of another shape; backup and restore; time travel.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::{
    buy,
    client::{Call, Person, text},
    keys_too,
    process::Home,
    shop,
};

#[tokio::test]
async fn a_second_process_is_told_whose_the_directory_is() {
    let home = shop(&[]).await;
    let server = home.serve(&[]).await;
    let pid = server.pid().to_string();
    let csv = home.file("mugs.csv");
    for arguments in [
        &["serve", "--listen", "127.0.0.1:0"][..],
        &["journal", "verify"],
        &["history", "stock", "MUG-0"],
        &["import", csv.to_str().expect("a path")],
    ] {
        home.run(arguments).await.failed(1, &["opened by process", &pid, "stop that process", "hint"]);
    }
    buy(&server, &Person::guest(), "k1").await;
    server.terminate().await;
    home.run(&["journal", "verify"]).await.ok();
}

#[tokio::test]
async fn another_number_of_shards_is_refused_with_both_numbers() {
    let home = shop(&[]).await;
    let mut other = Home::new(&[("SOUK_ACTORS__SHARDS", "5")]);
    other.data.clone_from(&home.data);
    other.run(&["serve", "--listen", "127.0.0.1:0"]).await.failed(1, &["4 shards", "5 are configured"]);
    home.run(&["journal", "verify"]).await.ok();
}

/// The largest file below, which is where sled keeps the log.
fn log_file(data: &Path) -> PathBuf {
    fn walk(dir: &Path, found: &mut Vec<(u64, PathBuf)>) {
        for entry in std::fs::read_dir(dir).expect("a directory").flatten() {
            let kind = entry.metadata().expect("metadata");
            match kind.is_dir() {
                true => walk(&entry.path(), found),
                false => found.push((kind.len(), entry.path())),
            }
        }
    }
    let mut found = Vec::new();
    walk(&data.join("journal"), &mut found);
    found.into_iter().max().expect("a log").1
}

/// Whatever is said of a damaged directory, a shop with less in it is never started.
#[tokio::test]
async fn a_damaged_journal_is_an_error_and_never_an_emptier_shop() {
    type Harm = fn(&Path);
    let harms: [(&str, Harm); 4] = [
        ("cut to half", |log| {
            let file = std::fs::OpenOptions::new().write(true).open(log).unwrap();
            file.set_len(used(log) / 2).unwrap();
        }),
        ("emptied", |log| std::fs::write(log, b"").unwrap()),
        ("removed", |log| std::fs::remove_file(log).unwrap()),
        ("overwritten in the middle", |log| {
            let mut bytes = std::fs::read(log).unwrap();
            let middle = used(log) as usize / 2;
            bytes[middle..middle + 4096].fill(0xa5);
            std::fs::write(log, bytes).unwrap();
        }),
    ];
    for (what, harm) in harms {
        let home = shop(&[]).await;
        let server = home.serve(&[]).await;
        for n in 0..20 {
            buy(&server, &Person::guest(), &format!("k{n}")).await;
        }
        server.terminate().await;
        harm(&log_file(&home.data));
        for _ in 0..2 {
            // The second time, because a first attempt must not have "repaired" anything.
            let said = home.run(&["serve", "--listen", "127.0.0.1:0"]).await.failed(1, &["error", "journal"]);
            assert!(said.contains("import") || said.contains("backup"), "{what}: {said}");
        }
        home.run(&["journal", "verify"]).await.failed(1, &["error"]);
    }
}

/// A bit flips near the end: nothing is overwritten, the extent is shown, and what is readable becomes a shop again.
#[tokio::test]
async fn what_is_readable_of_a_damaged_journal_is_shown_and_salvaged() {
    let home = shop(&[]).await;
    let server = home.serve(&[]).await;
    for n in 0..3 {
        buy(&server, &Person::guest(), &format!("k{n}")).await;
    }
    server.terminate().await;
    let log = log_file(&home.data);
    let mut bytes = std::fs::read(&log).unwrap();
    let near = usize::try_from(used(&log)).unwrap() - 20_000;
    let find = |from: usize, what: &[u8]| bytes[from..].windows(what.len()).position(|found| found == what);
    let begin = near + find(near, b"{\"shard\":").expect("a record");
    let name = bytes[begin..begin + find(begin, b",\"epoch\"").expect("its name")].to_vec();
    // Every copy of one record: sled writes a page anew at times.
    let copies = bytes.windows(name.len()).enumerate().filter(|(_, found)| *found == name).map(|(at, _)| at);
    for at in copies.collect::<Vec<_>>() {
        bytes[at + name.len() + 3] ^= 1;
    }
    std::fs::write(&log, &bytes).unwrap();
    let words = ["journal", "souk journal import", "--salvage"];
    home.run(&["serve", "--listen", "127.0.0.1:0"]).await.failed(1, &words);
    let verified = home.run(&["journal", "verify"]).await;
    let shown = verified.out();
    verified.failed(1, &["violations found"]);
    assert!(shown.contains("✗ the journal opens") && shown.contains("missing or unreadable"), "{shown}");
    let rest = home.file("rest.jsonl");
    let rest = rest.to_str().expect("a path");
    home.run(&["journal", "export", "--out", rest]).await.failed(1, &words);
    let salvaged = home.run(&["journal", "export", "--salvage", "--out", rest]).await;
    assert!(salvaged.err().contains("left out: shard "), "{}", salvaged.err());
    salvaged.ok();
    assert!(std::fs::read(&log).unwrap() == bytes, "nothing was written to the damaged log");
    let restored = home.elsewhere(&home.file("restored"));
    restored.run(&["journal", "import", rest]).await.ok();
    // The journal does not open, so its keys are copied as files.
    std::fs::create_dir_all(restored.data.join("keys")).unwrap();
    std::fs::copy(home.data.join("keys/roots"), restored.data.join("keys/roots")).unwrap();
    let server = restored.serve(&[]).await;
    buy(&server, &Person::guest(), "again").await;
    server.terminate().await;
}

/// Bytes of a file up to its last one that is not zero: sled allocates ahead.
fn used(log: &Path) -> u64 {
    let bytes = std::fs::read(log).unwrap();
    bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last as u64 + 1)
}

#[tokio::test]
async fn an_export_imported_elsewhere_is_an_equal_shop() {
    let home = shop(&[]).await;
    let server = home.serve(&[]).await;
    let order = buy(&server, &Person::guest(), "k1").await;
    server.terminate().await;
    let server = home.serve(&[]).await;
    let before = answers(&server.url).await;
    server.terminate().await;
    let backup = home.file("backup.jsonl");
    let backup = backup.to_str().expect("a path");
    home.run(&["journal", "export", "--out", backup]).await.ok();
    let copy = home.elsewhere(&home.file("restored"));
    copy.run(&["journal", "import", backup]).await.ok();
    copy.run(&["journal", "import", backup]).await.failed(1, &["not empty"]);
    keys_too(&home, &copy).await;
    let verified = [home.run(&["journal", "verify"]).await.ok(), copy.run(&["journal", "verify"]).await.ok()];
    assert_eq!(verified[0], verified[1]);
    for (kind, id) in [("stock", "MUG-0"), ("order", text(&order["id"]))] {
        let ask = ["history", kind, id, "--json"];
        assert_eq!(home.run(&ask).await.ok(), copy.run(&ask).await.ok());
    }
    // A drained start writes every index row; the next start reads them.
    copy.serve(&[]).await.terminate().await;
    let server = copy.serve(&[]).await;
    assert_eq!(answers(&server.url).await, before);
    server.terminate().await;
    // An export that was cut short is not a backup.
    let whole = std::fs::read_to_string(backup).unwrap();
    let cut = home.write("cut.jsonl", &whole[..whole.len() / 2]);
    let other = home.elsewhere(&home.file("other"));
    other.run(&["journal", "import", cut.to_str().expect("a path")]).await.failed(1, &["error"]);
}

async fn answers(url: &str) -> Vec<Value> {
    let staff = Person::staff(url).await;
    let mut all = Vec::new();
    for path in ["/api/products", "/api/stock", "/api/orders", "/api/payments", "/api/stock/MUG-0/movements"] {
        all.extend(staff.list(url, path).await);
    }
    all
}

#[tokio::test]
async fn history_shows_any_past_moment() {
    let home = shop(&[]).await;
    let server = home.serve(&[]).await;
    let staff = Person::staff(&server.url).await;
    for n in 1..=3 {
        staff.send(&server.url, &Call::receive(&format!("note-{n}"), "MUG-0", n * 10)).await.expect("an answer").ok();
    }
    server.terminate().await;
    let now: Value = serde_json::from_str(&home.run(&["history", "stock", "MUG-0", "--json"]).await.ok()).unwrap();
    assert_eq!(now["state"]["received"], 90);
    let commits = now["commits"].as_array().unwrap();
    let levels: Vec<_> = commits[commits.len() - 4..].iter().zip([30, 40, 60, 90]).collect();
    for (asked, _) in &levels {
        // Two receipts of one millisecond are one moment: it shows the later one.
        let (commit, received) = *levels.iter().rfind(|(other, _)| other["at"] == asked["at"]).expect("itself");
        let ask = ["history", "stock", "MUG-0", "--json", "--at", text(&asked["at"])];
        let then: Value = serde_json::from_str(&home.run(&ask).await.ok()).unwrap();
        assert_eq!((&then["state"]["received"], &then["version"]), (&received.into(), &commit["version"]));
    }
    let people = home.run(&["history", "stock", "MUG-0"]).await.ok();
    assert!(people.contains("by import") && people.contains("by user:") && people.contains("note-2"), "{people}");
    home.run(&["history", "stock", "MUG-0", "--at", "2001-01-01"]).await.failed(1, &["did not exist yet"]);
    home.run(&["history", "stock", "MUG-0", "--at", "yesterday"]).await.failed(2, &["yesterday", "hint"]);
    home.run(&["history", "stock", "NONE"]).await.failed(1, &["stock/NONE does not exist"]);
    home.run(&["history", "shoe", "MUG-0"]).await.failed(2, &["shoe", "stock"]);
}
