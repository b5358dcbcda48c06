//! Notes: what staff writes for staff, about any entity that exists; kept over a change of mind, seen at once by others.

use hyper::Method;
use serde_json::json;

use crate::{
    live::listener::Listener,
    shop::{Shop, text},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn staff_writes_a_note_about_an_order_and_others_see_it_at_once() {
    let shop = Shop::with(|_| {}).await;
    let sku = shop.sku_with(3).await;
    let order = shop.guest().order(&sku, 1).await;
    let address = format!("/api/notes/order/{}", text(&order["id"]));
    let staff = shop.staff();
    staff.get(&address).await.refused(404, "unknown_note");
    let mut colleague = Listener::staff(&shop).await;
    colleague.listen("notes").await;
    let note = staff.put(&address, json!({"text": "gift: no invoice"})).await.ok();
    assert_eq!((&note["text"], &note["version"]), (&json!("gift: no invoice"), &json!(1)));
    let frame = colleague.until(|frame| frame["topic"] == "notes").await;
    assert_eq!((&frame["key"], &frame["view"]), (&note["about"], &staff.get(&address).await.ok()));
    assert_eq!(staff.get("/api/notes").await.ok()["items"], json!([note]));
    staff.delete(&address).await.ok();
    assert_eq!(colleague.until(|frame| frame["version"] == 2).await["gone"], true);
    assert_eq!(staff.get("/api/notes").await.ok()["items"], json!([]));
}

#[tokio::test]
async fn two_writers_do_not_overwrite_each_other_unseen() {
    let shop = Shop::with(|_| {}).await;
    let sku = shop.sku_with(1).await;
    let (staff, address) = (shop.staff(), format!("/api/notes/stock/{sku}"));
    staff.put(&address, json!({"text": "shelf 7"})).await.ok();
    staff.put(&address, json!({"text": "shelf 8"})).await.ok();
    let late = staff.send(Method::PUT, &address, &[("if-match", "\"1\"")], Some(json!({"text": "shelf 9"}))).await;
    late.refused(412, "version_conflict");
    assert_eq!(staff.get(&address).await.ok()["text"], "shelf 8");
}

#[tokio::test]
async fn a_note_is_about_something_that_exists_and_has_bounds() {
    let shop = Shop::with(|_| {}).await;
    let (sku, staff) = (shop.sku_with(1).await, shop.staff());
    let body = || json!({"text": "x"});
    staff.put("/api/notes/stock/NEVER-MADE", body()).await.refused(404, "unknown_entity");
    staff.put("/api/notes/shelf/7", body()).await.refused(400, "bad_path");
    let address = format!("/api/notes/stock/{sku}");
    staff.put(&address, json!({"text": "x".repeat(2001)})).await.refused(422, "invalid_field");
    shop.guest().put(&address, body()).await.refused(401, "unauthenticated");
}
