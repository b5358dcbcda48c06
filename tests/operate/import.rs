//! Configuration and catalogue files that are wrong, and one that is right twice.

use crate::{client::Person, process::Home};

#[tokio::test]
async fn a_bad_configuration_names_key_value_and_what_is_expected() {
    for (key, value, words) in [
        ("SOUK_HTTP__LISTEN", "nowhere", ["http.listen", "nowhere"]),
        ("SOUK_ACTORS__SHARDS", "1025", ["actors.shards", "0 to 1024"]),
        ("SOUK_LIVE__FRAME_INTERVAL_MS", "many", ["live.frame_interval_ms", "many"]),
        ("SOUK_HTTP__LISTNE", "127.0.0.1:0", ["http.listne", "SOUK_HTTP__LISTNE"]),
    ] {
        let home = Home::new(&[(key, value)]);
        for arguments in [&["serve"][..], &["config", "check"]] {
            let said = home.run(arguments).await.failed(2, &words);
            assert!(said.contains("hint") || said.contains("expected"), "{said}");
        }
        assert!(!home.data.exists(), "a refused configuration makes nothing");
    }
}

#[tokio::test]
async fn importing_twice_changes_nothing() {
    let home = Home::new(&[]);
    let csv = home.write("mugs.csv", crate::CSV);
    let csv = csv.to_str().expect("a path");
    let first = home.run(&["import", csv]).await.ok();
    assert!(
        first.contains("2 products with 2 variants imported, 5 changed"),
        "two products, their category, their first stock: {first}"
    );
    let history = ["history", "stock", "MUG-0", "--json"];
    let before = home.run(&history).await.ok();
    let second = home.run(&["import", csv]).await.ok();
    assert!(second.contains("2 products with 2 variants imported, 0 changed"), "{second}");
    assert_eq!(home.run(&history).await.ok(), before);
}

#[tokio::test]
async fn a_file_with_bad_lines_lists_them_and_imports_nothing() {
    let home = Home::new(&[]);
    let bad = format!("{}mug-2,,Oda,Mugs,TRUE,MUG-2,many,\"9,9x\",active\n", crate::CSV);
    let csv = home.write("bad.csv", &bad);
    let ended = home.run(&["import", csv.to_str().expect("a path")]).await;
    let table = ended.out();
    ended.failed(1, &["bad lines, nothing was imported"]);
    let kinds = ["a cell is empty", "a price cannot be read", "a quantity cannot be read"];
    for words in
        ["line", "column", "why", "4", "Title", "Variant Price", "Variant Inventory Qty"].into_iter().chain(kinds)
    {
        assert!(table.contains(words), "{words:?} is not in: {table}");
    }
    let server = home.serve(&[]).await;
    let staff = Person::staff(&server.url).await;
    assert!(staff.list(&server.url, "/api/products").await.is_empty());
    assert!(staff.list(&server.url, "/api/stock").await.is_empty());
    server.terminate().await;
    let skipped = home.run(&["import", csv.to_str().expect("a path"), "--skip-bad"]).await.ok();
    assert!(skipped.contains("2 products with 2 variants imported"), "{skipped}");
    assert!(skipped.contains("1 products left out: bad lines (--skip-bad) (mug-2)"), "{skipped}");
    home.run(&["import", "/nowhere/at-all.csv"]).await.failed(1, &["/nowhere/at-all.csv"]);
}

#[tokio::test]
async fn a_dry_run_reports_and_opens_no_directory() {
    let home = Home::new(&[]);
    let rows = "mug-2,Mug 2,Oda,Mugs,TRUE,MUG-2,,9.90,draft\nmug-3,Mug 3,Oda,Mugs,TRUE,MUG-1,-4,9.90,active\n";
    let csv = home.write("mugs.csv", &format!("{}{rows}", crate::CSV));
    let csv = csv.to_str().expect("a path");
    let ended = home.run(&["import", csv, "--dry-run"]).await;
    let said = ended.out();
    ended.failed(1, &["1 bad lines"]);
    for words in ["a SKU stands twice", "2 products with 2 variants read", "1 products left out: draft (mug-2)"] {
        assert!(said.contains(words), "{words:?} is not in: {said}");
    }
    let said = home.run(&["import", csv, "--dry-run", "--derive-skus"]).await.ok();
    for words in ["3 products with 3 variants read", "stand twice (--derive-skus) (MUG-3)", "is below zero (MUG-3)"] {
        assert!(said.contains(words), "{words:?} is not in: {said}");
    }
    assert!(!home.data.exists(), "a dry run makes nothing");
}

#[tokio::test]
async fn what_a_file_says_does_not_command_the_terminal() {
    let home = Home::new(&[]);
    let csv = home.write("evil.csv", "Handle,Title,Price,Status\nmug\u{1b}[2J\u{9b}31m,Mug,x,active\n");
    let said = home.run(&["import", csv.to_str().expect("a path"), "--skip-bad"]).await.ok();
    assert!(said.contains("mug\\u001b[2j\\u009b31m") && !said.contains(['\u{1b}', '\u{9b}']), "{said:?}");
}
