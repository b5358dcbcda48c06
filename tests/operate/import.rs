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
    for words in ["line", "column", "why", "4", "Title", "Variant Price", "Variant Inventory Qty"] {
        assert!(table.contains(words), "{words:?} is not in: {table}");
    }
    let server = home.serve(&[]).await;
    let staff = Person::staff(&server.url).await;
    assert!(staff.list(&server.url, "/api/products").await.is_empty());
    assert!(staff.list(&server.url, "/api/stock").await.is_empty());
    server.terminate().await;
    home.run(&["import", "/nowhere/at-all.csv"]).await.failed(1, &["/nowhere/at-all.csv"]);
}
