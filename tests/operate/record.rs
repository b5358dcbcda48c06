//! What the journal keeps about its shop, the currency and the signing key, against a configuration that says otherwise.

use std::fs;

use crate::{buy, client::Person, keys_too, process::Home};

/// Other settings on the same data directory.
fn with(home: &Home, env: &[(&'static str, &str)]) -> Home {
    let mut other = Home::new(env);
    other.data.clone_from(&home.data);
    other
}

const SERVE: &[&str] = &["serve", "--listen", "127.0.0.1:0"];
const JPY: &[(&str, &str)] = &[("SOUK_SHOP__CURRENCY", "JPY")];
const CSV: &str = "Handle,Title,Variant SKU,Variant Inventory Qty,Variant Price\nmug,Mug,MUG-0,3,990\n";

#[tokio::test]
async fn a_shop_in_another_currency_is_refused_with_what_to_do() {
    let home = Home::new(JPY);
    let csv = home.write("mugs.csv", CSV);
    let csv = csv.to_str().expect("a path");
    home.run(&["import", csv]).await.ok();
    let euros = with(&home, &[]);
    let words = ["prices of this journal are in JPY", "shop.currency is EUR", "shop.currency = \"JPY\""];
    euros.run(SERVE).await.failed(1, &words);
    euros.run(&["import", csv]).await.failed(1, &words);
    // Nothing about prices is asked of these.
    let backup = home.file("backup.jsonl");
    let backup = backup.to_str().expect("a path");
    euros.run(&["journal", "verify"]).await.ok();
    euros.run(&["journal", "export", "--out", backup]).await.ok();
    // A journal that says nothing itself, as one of an older program: its prices do.
    let restored = home.elsewhere(&home.file("restored"));
    restored.run(&["journal", "import", backup]).await.ok();
    keys_too(&home, &restored).await;
    with(&restored, &[]).run(SERVE).await.failed(1, &words);
    restored.serve(&[]).await.terminate().await;
    with(&restored, &[]).run(SERVE).await.failed(1, &words);
    let server = home.serve(&[]).await;
    buy(&server, &Person::guest(), "k1").await;
    server.terminate().await;
}

#[tokio::test]
async fn a_shop_without_the_keys_of_its_people_does_not_start() {
    let home = crate::shop(&[]).await;
    home.serve(&[]).await.terminate().await;
    let (keys, aside) = (home.data.join("keys"), home.file("aside"));
    fs::rename(&keys, &aside).expect("moved");
    let said = home.run(SERVE).await.failed(1, &["sealed under the keys", "is missing", "data.lost_person_keys"]);
    assert!(!keys.exists(), "a refused start makes no keys");
    let name = said.split("sealed under the keys ").nth(1).expect(&said).chars().take(16).collect::<String>();
    // Another shop's.
    let other = home.elsewhere(&home.file("other"));
    other.serve(&[]).await.terminate().await;
    other.run(&["journal", "keys", "--out", keys.to_str().expect("a path")]).await.ok();
    home.run(SERVE).await.failed(1, &["sealed under the keys", &name, "give it the shop's keys"]);
    fs::remove_dir_all(&keys).expect("removed");
    // An export without its keys says so, too.
    let backup = home.file("people.jsonl");
    let backup = backup.to_str().expect("a path");
    home.run(&["journal", "export", "--out", backup]).await.ok();
    let restored = home.elsewhere(&home.file("restored"));
    restored.run(&["journal", "import", backup]).await.ok();
    restored.run(SERVE).await.failed(1, &["sealed under the keys unknown", "is missing"]);
    fs::rename(&aside, &keys).expect("moved back");
    keys_too(&home, &restored).await;
    for shop in [&home, &restored] {
        let server = shop.serve(&[]).await;
        Person::staff(&server.url).await;
        server.terminate().await;
    }
    // Lost for good, and on purpose: what was sealed is blank, and the shop goes on.
    fs::remove_dir_all(&keys).expect("removed");
    with(&home, &[("SOUK_DATA__LOST_PERSON_KEYS", &*name)]).serve(&[]).await.terminate().await;
    assert!(keys.exists());
}

/// The fingerprint of the shop's key, from a refusal.
fn recorded(said: &str) -> String {
    said.split("signs with the key ").nth(1).expect(said).chars().take(16).collect()
}

#[tokio::test]
async fn another_signing_key_is_refused_until_it_is_wanted() {
    let home = crate::shop(&[]).await;
    home.serve(&[]).await.terminate().await;
    let path = home.data.join("secret.key");
    let own = fs::read_to_string(&path).expect("a key");
    fs::remove_file(&path).expect("removed");
    let said = home.run(SERVE).await.failed(1, &["secret.key is missing", "Restore the file", "replaces_key"]);
    assert!(!path.exists(), "a refused start makes no key");
    assert!(!said.contains(own.trim()), "nothing tells the key");
    fs::write(&path, "ab".repeat(32)).expect("another key");
    home.run(SERVE).await.failed(1, &["this shop signs with the key", "replaces_key", &recorded(&said)]);
    let configured = with(&home, &[("SOUK_IDENTITY__SIGNING_KEY", &"0123456789abcdef".repeat(4))]);
    configured.run(SERVE).await.failed(1, &["identity.signing_key", &recorded(&said)]);
    // Nothing is asked of work that signs nothing.
    home.run(&["import", home.file("mugs.csv").to_str().expect("a path")]).await.ok();
    fs::write(&path, &own).expect("its own key");
    let server = home.serve(&[]).await;
    let person = Person::staff(&server.url).await;
    person.list(&server.url, "/api/orders").await;
    server.terminate().await;
    // On purpose, and again with the setting left in place.
    let old = recorded(&said);
    let wanted =
        [("SOUK_IDENTITY__SIGNING_KEY", &*"0123456789abcdef".repeat(4)), ("SOUK_IDENTITY__REPLACES_KEY", &*old)];
    for _ in 0..2 {
        with(&home, &wanted).serve(&[]).await.terminate().await;
    }
    let refused = home.run(SERVE).await.failed(1, &["secret.key is "]);
    assert_ne!(recorded(&refused), old, "the old key is the other one now");
    configured.serve(&[]).await.terminate().await;
}

#[tokio::test]
async fn a_data_directory_that_is_open_to_others_is_told() {
    use std::os::unix::fs::PermissionsExt;
    let home = crate::shop(&[]).await;
    home.serve(&[]).await.terminate().await;
    assert!(!home.log().contains("others on this machine"), "{}", home.log());
    fs::set_permissions(&home.data, fs::Permissions::from_mode(0o777)).expect("a mode");
    home.serve(&[]).await.terminate().await;
    let log = home.log();
    assert!(log.contains("others on this machine may read or change") && log.contains("0777"), "{log}");
}
