//! Carts and orders are their owner's and the staff's; the board is the staff's alone.

use serde_json::json;

use super::listener::Listener;
use crate::shop::{Shop, text};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cart_is_heard_by_its_guest_and_by_no_other() {
    let shop = Shop::with(|_| {}).await;
    let sku = shop.sku_with(9).await;
    let (owner, other) = (shop.guest(), shop.guest());
    let cart = owner.put_in_cart(&sku, 1).await;
    other.put_in_cart(&sku, 1).await;
    let topic = format!("cart.{}", text(&cart["id"]));
    for stranger in [Listener::stranger(&shop).await, Listener::of(&shop, &other).await] {
        let mut stranger = stranger;
        stranger.refused(&topic, "not_found").await;
    }
    let mut listener = Listener::of(&shop, &owner).await;
    listener.listen(&topic).await;
    assert_eq!(listener.hear().await["view"]["units"], 1);
    owner.put_in_cart(&sku, 4).await;
    assert_eq!(listener.until(|frame| frame["view"]["units"] == 4).await["view"]["lines"][0]["sku"], sku);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_the_shop_lists_hears_its_guests_cart() {
    let page = "https://www.shop.example";
    let shop = Shop::with(|config| config.http.trusted_origins = vec![page.to_owned()]).await;
    let sku = shop.sku_with(9).await;
    let owner = shop.guest();
    let cart = owner.put_in_cart(&sku, 1).await;
    let mut listener = Listener::on_page(&shop, &owner, Some(page)).await;
    listener.listen(&format!("cart.{}", text(&cart["id"]))).await;
    listener.until(|frame| frame["view"]["units"] == 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_is_heard_by_its_buyer_and_the_staff_and_cannot_be_probed() {
    let shop = Shop::with(|_| {}).await;
    let sku = shop.sku_with(9).await;
    let buyer = shop.guest();
    let order = buyer.order(&sku, 2).await;
    let topic = format!("order.{}", text(&order["id"]));
    let unknown = "order.01920000-0000-7000-8000-000000000001";
    let mut stranger = Listener::stranger(&shop).await;
    for hidden in [topic.as_str(), unknown] {
        stranger.refused(hidden, "not_found").await;
    }
    let (mut own, mut staff) = (Listener::of(&shop, &buyer).await, Listener::staff(&shop).await);
    for listener in [&mut own, &mut staff] {
        listener.listen(&topic).await;
        assert_eq!(listener.hear().await["view"]["status"], "awaiting_payment");
    }
    buyer.pay(&order, "tok_ok").await.created();
    for listener in [&mut own, &mut staff] {
        let sold = listener.until(|frame| frame["view"]["status"] == "verified").await;
        assert!(sold["view"]["number"].is_u64(), "{sold}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_answer_that_made_an_order_can_be_subscribed_to_at_once() {
    let shop = Shop::with(|_| {}).await;
    let sku = shop.sku_with(40).await;
    let buyer = shop.guest();
    buyer.put_in_cart(&sku, 1).await;
    let mut listener = Listener::of(&shop, &buyer).await;
    for _ in 0..20 {
        let order = buyer.order(&sku, 1).await;
        let topic = format!("order.{}", text(&order["id"]));
        listener.listen(&topic).await;
        // The one before, whose place it took, says so in a frame of its own.
        let frame = listener.until(|frame| frame["topic"] == *topic).await;
        assert_eq!(frame["view"]["status"], "awaiting_payment", "{frame}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_board_follows_an_order_from_placing_until_it_is_gone() {
    let shop = Shop::with(|config| config.live.frame_interval_ms = 0).await;
    let sku = shop.sku_with(9).await;
    let mut stranger = Listener::stranger(&shop).await;
    for closed in ["board", "stock"] {
        stranger.refused(closed, "staff_only").await;
    }
    let mut board = Listener::staff(&shop).await;
    board.listen("board").await;
    board.hears_nothing().await;
    let buyer = shop.guest();
    let order = buyer.order(&sku, 2).await;
    let first = board.hear().await;
    assert_eq!((&first["topic"], &first["key"]), (&json!("board"), &order["id"]), "{first}");
    let waits = match first["view"]["status"] == "awaiting_payment" {
        true => first,
        false => board.until(|frame| frame["view"]["status"] == "awaiting_payment").await,
    };
    assert_eq!((&waits["view"]["lines"][0]["quantity"], waits.get("gone")), (&json!(2), None));
    buyer.delete(&format!("/api/orders/{}", text(&order["id"]))).await.ok();
    let gone = board.until(|frame| frame["gone"] == json!(true)).await;
    assert_eq!((&gone["key"], &gone["view"]["status"]), (&order["id"], &json!("cancelled")));
    // A later subscriber gets an empty board; all that may still come is that the order, gone, gave its stock back.
    let mut later = Listener::staff(&shop).await;
    later.listen("board").await;
    later.say(json!({"op": "ping"})).await;
    let first = later.until(|frame| frame["gone"] != json!(true)).await;
    assert_eq!(first, json!({"op": "pong"}));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_opens_the_board_sees_the_open_orders_and_what_is_to_be_packed_first() {
    let shop = Shop::with(|_| {}).await;
    let sku = shop.sku_with(9).await;
    let (unpaid, buyer, gone) = (shop.guest(), shop.guest(), shop.guest());
    let waiting = unpaid.order(&sku, 1).await;
    let given_up = gone.order(&sku, 1).await;
    gone.delete(&format!("/api/orders/{}", text(&given_up["id"]))).await.ok();
    let sold = buyer.order(&sku, 1).await;
    buyer.pay(&sold, "tok_ok").await.created();
    let mut board = Listener::staff(&shop).await;
    board.listen("board").await;
    // The cancelled order may still report that its stock is back; it is gone all the same.
    let first = board.until(|frame| frame["gone"] != json!(true)).await;
    assert_eq!(first["key"], sold["id"], "paid, to be packed");
    let second = board.until(|frame| frame["key"] != sold["id"] && frame["gone"] != json!(true)).await;
    assert_eq!((&second["key"], &second["view"]["status"]), (&waiting["id"], &json!("awaiting_payment")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_token_opens_nothing() {
    let shop = Shop::with(|_| {}).await;
    let mut stranger = Listener::stranger(&shop).await;
    stranger.say(json!({"op": "authenticate", "access_token": "not.a.token"})).await;
    assert_eq!(stranger.hear().await["code"], "unauthorized");
    stranger.refused("board", "staff_only").await;
}

/// One shape for each entity: a frame equals the API's response to the same caller.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frame_is_what_the_api_answers() {
    let shop = Shop::with(|_| {}).await;
    let sku = shop.sku_with(9).await;
    let (buyer, staff) = (shop.guest(), shop.staff());
    let order = buyer.order(&sku, 2).await;
    let cart = buyer.put_in_cart(&sku, 1).await;
    let (order_id, cart_id) = (text(&order["id"]).to_owned(), text(&cart["id"]).to_owned());
    let addresses = [
        (format!("cart.{cart_id}"), "/api/cart".to_owned()),
        (format!("order.{order_id}"), format!("/api/orders/{order_id}")),
        (format!("stock.{sku}"), format!("/api/stock/{sku}")),
    ];
    let mut own = Listener::of(&shop, &buyer).await;
    for (topic, address) in &addresses {
        own.listen(topic).await;
        assert_eq!(own.hear().await["view"], buyer.get(address).await.ok(), "{topic}");
    }
    let mut staffs = Listener::staff(&shop).await;
    for (topic, address) in &addresses[1..] {
        staffs.listen(topic).await;
        assert_eq!(staffs.hear().await["view"], staff.get(address).await.ok(), "{topic}, staff");
    }
    staffs.listen("board").await;
    let listed = staffs.until(|frame| frame["key"] == order_id.as_str()).await;
    assert_eq!(listed["view"], staff.get(&format!("/api/orders/{order_id}")).await.ok());
}
