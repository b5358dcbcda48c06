//! What is known of a person: sealed wherever it is written, exported whole, and gone once it is erased, from the data
//! directory and from what is made of it, while the books and the journal's own checks hold.

use std::{fs, path::Path, process::Command};

use hyper::Method;
use serde_json::{Value, json};

use crate::shop::{PASSWORD, Person, Shop, eventually, fresh_key, text};

const EMAIL: &str = "Grace.Hopper@navy.example";
/// What only this person has.
const TRACES: [&str; 6] = ["navy.example", "Grace Hopper", "Eckert Way", "1 555 0100", "Ironing board", "198.51.100"];

fn address() -> Value {
    json!({"name": "Grace Hopper", "line1": "1 Eckert Way", "city": "Arlington", "region": "VA", "postal_code": "22201",
        "country": "US", "phone": "+1 555 0100"})
}

/// Files below `dir` that have a trace, as `file: trace`.
fn found(dir: &Path) -> Vec<String> {
    let mut all = Vec::new();
    for entry in fs::read_dir(dir).expect("a directory").flatten() {
        let path = entry.path();
        if path.is_dir() {
            all.extend(found(&path));
            continue;
        }
        let text = String::from_utf8_lossy(&fs::read(&path).unwrap_or_default()).to_ascii_lowercase();
        let has = |trace: &&&str| text.contains(&trace.to_ascii_lowercase());
        all.extend(TRACES.iter().filter(has).map(|trace| format!("{}: {trace}", path.display())));
    }
    all
}

async fn check_out(person: &Person<'_>, sku: &str) -> Value {
    person.put_in_cart(sku, 2).await;
    let body = json!({"email": EMAIL, "shipping_address": address(), "shipping_method": "standard"});
    person.keyed(Method::POST, "/api/checkout", &fresh_key(), body).await.created()
}

/// Paid and sent.
async fn bought(shop: &Shop, person: &Person<'_>, sku: &str) -> Value {
    let order = check_out(person, sku).await;
    person.pay(&order, "tok_ok").await.created();
    shop.at_rest(&order).await;
    send(shop, &order, sku).await;
    order
}

async fn send(shop: &Shop, order: &Value, sku: &str) {
    let path = format!("/api/orders/{}", text(&order["id"]));
    shop.staff().post(&format!("{path}/transitions"), json!({"to": "processing"})).await.ok();
    let body = json!({"lines": [{"sku": sku, "quantity": 2}], "carrier": "DHL", "tracking": "00340"});
    shop.staff().keyed(Method::POST, &format!("{path}/fulfilments"), &fresh_key(), body).await.created();
}

/// By the list of erasures.
async fn done(shop: &Shop, subject: &str) {
    let is_done = async || {
        let list = shop.staff().get("/api/erasures").await.ok();
        let items = list["items"].as_array().expect("a page").clone();
        items.iter().any(|one| one["subject"] == subject && one["done_at"].is_string())
    };
    eventually("the erasure is done", is_done).await;
}

fn souk(data: &Path, arguments: &[&str]) -> String {
    let run = Command::new(env!("CARGO_BIN_EXE_souk")).args(arguments).arg("--data-dir").arg(data).output();
    let run = run.expect("the program runs");
    assert!(run.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&run.stderr));
    String::from_utf8_lossy(&run.stdout).into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_erased_is_nowhere_and_the_books_and_the_journal_hold() {
    let mut shop = Shop::with(|_| {}).await;
    let (sku, other) = (shop.sku_with(50).await, shop.sku_with(50).await);
    let body = json!({"email": EMAIL, "password": PASSWORD, "name": "Grace Hopper"});
    let session = shop.guest().post("/api/auth/register", body).await.created();
    let (grace, id) = (shop.logged_in(&session), text(&session["user"]["id"]).to_owned());
    let link = shop.mailed_link(EMAIL, "verify-email").await;
    assert_eq!(shop.guest().post("/api/auth/email/verify", json!({"token": link})).await.status, 204);
    let profile = json!({"name": "Grace Hopper", "phone": "+1 555 0100"});
    grace.put("/api/auth/profile", profile).await.ok();
    grace.post("/api/auth/addresses", json!({"address": address()})).await.created();
    let key = json!({"name": "Ironing board", "permissions": ["orders.read"]});
    // A customer grants nothing; the refusal keeps nothing of the name.
    grace.post("/api/api-keys", key).await.refused(403, "grants_too_much");
    let guest = shop.guest();
    let (own, guests) = (bought(&shop, &grace, &sku).await, bought(&shop, &guest, &other).await);
    let open = check_out(&grace, &sku).await;
    let (staff, own_path) = (shop.staff(), format!("/api/orders/{}", text(&own["id"])));
    let before = staff.get(&own_path).await.ok();
    assert_eq!(before["email"], EMAIL);

    // Sealed while it is there: only the mails are in the clear.
    let clear = found(&shop.data());
    assert!(clear.iter().all(|file| file.contains("/outbox/")) && !clear.is_empty(), "{clear:#?}");

    let export = grace.post("/api/auth/me/export", json!({})).await.ok();
    let told = export.to_string();
    for known in [EMAIL, "Grace Hopper", "1 Eckert Way", "+1 555 0100", text(&own["id"]), text(&guests["id"])] {
        assert!(told.contains(known), "{known} is not in {export:#}");
    }
    let kinds: Vec<_> = export["entities"].as_array().unwrap().iter().map(|one| text(&one["kind"])).collect();
    for kind in ["account", "email", "session", "order", "payment", "cart"] {
        assert!(kinds.contains(&kind), "{kind} is not in {kinds:?}");
    }
    assert!(!told.contains("verifier\":\"") && !told.contains("tok_ok"), "{export:#}");
    let by_staff = staff.post(&format!("/api/users/{id}/export"), json!({})).await.ok();
    assert_eq!(by_staff["entities"].as_array().map(Vec::len), Some(kinds.len()));

    let erase = json!({"email": EMAIL.to_lowercase()});
    grace.post("/api/auth/me/erase", json!({"email": "ada@example.org"})).await.refused(422, "invalid_field");
    let refused = grace.post("/api/auth/me/erase", erase.clone()).await.refused(409, "orders_under_way");
    assert_eq!(refused["orders"], json!([open["id"]]));
    grace.delete(&format!("/api/orders/{}", text(&open["id"]))).await.ok();
    let answer = grace.post("/api/auth/me/erase", erase).await;
    assert_eq!((answer.status, &answer.json["subject"]), (202, &json!(format!("user/{id}"))));
    done(&shop, &format!("user/{id}")).await;

    grace.get("/api/auth/validate").await.refused(401, "invalid_token");
    let login = json!({"email": EMAIL, "password": PASSWORD});
    shop.guest().post("/api/auth/login", login).await.refused(401, "invalid_credentials");
    staff.get(&format!("/api/users/{id}")).await.refused(404, "unknown_user");
    for order in [&own, &guests] {
        let path = format!("/api/orders/{}", text(&order["id"]));
        let after = staff.get(&path).await.ok();
        assert_eq!((&after["email"], &after["shipping_address"]["name"]), (&json!(""), &json!("")));
        assert_eq!((&after["shipping_address"]["country"], &after["status"]), (&json!("US"), &json!("shipped")));
        assert_eq!((&after["totals"], &after["lines"]), (&order["totals"], &order["lines"]), "the books stay");
        let history = staff.get(&format!("{path}/history")).await.ok().to_string();
        assert!(TRACES.iter().all(|trace| !history.contains(trace)), "{history}");
    }
    let search = staff.get("/api/orders?q=grace.hopper").await.ok();
    assert_eq!(search["items"], json!([]));
    let data = shop.data();
    eventually("the mails are gone, too", async || found(&data).is_empty()).await;

    // The address is free again; who takes it is somebody else.
    let claimed = async || {
        let again = shop.guest().post("/api/auth/register", json!({"email": EMAIL, "password": PASSWORD})).await;
        assert!([201, 409].contains(&again.status), "{}", again.json);
        again.status == 201
    };
    eventually("the address is free", claimed).await;
    let session = shop.guest().log_in(EMAIL, PASSWORD).await;
    let next = text(&session["user"]["id"]).to_owned();
    assert_ne!(next, id);
    let path = format!("/api/users/{next}/erase");
    assert_eq!(shop.staff().post(&path, json!({})).await.status, 202);
    done(&shop, &format!("user/{next}")).await;
    eventually("the mails are gone, too", async || found(&data).is_empty()).await;
    // After a restore it is done once more.
    let again = json!({"subjects": [format!("user/{id}")]});
    assert_eq!(shop.staff().post("/api/erasures", again).await.status, 204);
    done(&shop, &format!("user/{id}")).await;

    let (app, dir) = shop.leave();
    app.stop().await;
    assert_eq!(found(dir.path()), Vec::<String>::new());
    let verified = souk(&data, &["journal", "verify"]);
    assert!(verified.contains('✓') && !verified.contains('✗'), "{verified}");
    let export = dir.path().join("export.jsonl");
    souk(&data, &["journal", "export", "--out", export.to_str().expect("a path")]);
    assert!(fs::metadata(&export).expect("an export").len() > 10_000);
    assert_eq!(found(dir.path()), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guests_order_is_erased_by_reference_and_e_mail_or_by_staff() {
    let shop = Shop::with(|_| {}).await;
    let (sku, guest, staff) = (shop.sku_with(50).await, shop.guest(), shop.staff());
    let order = check_out(&guest, &sku).await;
    guest.pay(&order, "tok_ok").await.created();
    shop.at_rest(&order).await;
    let reference = staff.get(&format!("/api/orders/{}", text(&order["id"]))).await.ok()["reference"].clone();
    let asked = |email: &str| json!({"reference": reference, "email": email});
    let erase = async |email: &str| shop.guest().post("/api/orders/erase", asked(email)).await;
    erase("ada@example.org").await.refused(404, "unknown_order");
    let refused = erase(EMAIL).await.refused(409, "orders_under_way");
    assert_eq!(refused["orders"], json!([order["id"]]), "the parcel needs its address");
    send(&shop, &order, &sku).await;
    assert_eq!(erase(EMAIL).await.status, 202);
    done(&shop, &format!("order/{}", text(&order["id"]))).await;
    shop.guest().post("/api/orders/lookup", asked(EMAIL)).await.refused(404, "unknown_order");
    shop.guest().post("/api/orders/lookup", asked("")).await.refused(404, "unknown_order");

    let (next, placed) = (shop.guest(), staff.order(&sku, 1).await);
    let other = bought(&shop, &next, &sku).await;
    assert_eq!(staff.post(&format!("/api/orders/{}/erase", text(&other["id"])), json!({})).await.status, 202);
    done(&shop, &format!("order/{}", text(&other["id"]))).await;
    let of_account = format!("/api/orders/{}/erase", text(&placed["id"]));
    staff.post(&of_account, json!({})).await.refused(409, "order_of_account");
    staff.post("/api/erasures", json!({"subjects": ["cart/1"]})).await.refused(422, "invalid_field");
}
