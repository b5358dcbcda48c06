//! What one client may keep waiting for its payment, on the wire: the attack of one who checks out everything and pays
//! nothing, and the buyers beside it.

use futures::future::join_all;
use hyper::Method;
use serde_json::{Value, json};
use souk::{config::Unpaid, domain::order::HoldAt};

use super::proxied::proxied;
use crate::{
    live::listener::Listener,
    shop::{Answer, Person, Shop, checkout_body, eventually, fresh_key, text},
};

async fn check_out(who: &Person<'_>, address: &str) -> Answer {
    let key = fresh_key();
    let headers = [("idempotency-key", key.as_str()), ("x-forwarded-for", address)];
    who.send(Method::POST, "/api/checkout", &headers, Some(checkout_body())).await
}

/// A new guest's cart with some of each.
async fn filled<'a>(shop: &'a Shop, skus: &[String], units: i64) -> Person<'a> {
    let guest = shop.guest();
    for sku in skus {
        guest.put_in_cart(sku, units).await;
    }
    guest
}

async fn held(shop: &Shop, skus: &[String]) -> i64 {
    let mut sum = 0;
    for sku in skus {
        sum += shop.levels(sku).await["held"].as_i64().expect("a count");
    }
    sum
}

async fn unpaid(shop: &Shop) -> Value {
    shop.staff().get("/api/orders/unpaid").await.ok()
}

/// B2: new sessions as fast as they come, each with a cart of every SKU; all from one address.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_address_holds_no_more_than_its_bound_and_everybody_else_can_buy_everything() {
    const SKUS: usize = 8;
    let shop = proxied(|config| config.unpaid.units_per_address_max = 60).await;
    let skus = shop.skus_with(SKUS, 20).await;
    let mut refused = 0;
    for _ in 0..30 {
        let guest = filled(&shop, &skus, 2).await;
        match check_out(&guest, "10.0.0.1").await {
            answer if answer.status == 201 => {}
            answer => {
                let after = answer.header("retry-after").expect("when to come again").parse::<u64>().expect("seconds");
                assert!((1..=600).contains(&after), "{after}");
                let problem = answer.refused(429, "too_much_unpaid");
                assert_eq!((&problem["of"], &problem["what"]), (&json!("address"), &json!("units")));
                assert_eq!((&problem["max"], &problem["remaining"]), (&json!(60), &json!(12)));
                refused += 1;
            }
        }
    }
    assert_eq!((held(&shop, &skus).await, refused), (48, 27), "three orders of 16 units fit into 60");
    for sku in &skus {
        let buyer = filled(&shop, std::slice::from_ref(sku), 3).await;
        let order = check_out(&buyer, "10.0.0.2").await.created();
        buyer.pay(&order, "tok_ok").await.created();
    }
    // What is paid leaves the numbers with the next fold.
    eventually("the buyers have paid", async || unpaid(&shop).await["orders"] == 3).await;
    let board = unpaid(&shop).await;
    assert_eq!((&board["orders"], &board["units"], &board["held"]), (&json!(3), &json!(48), &json!(48)));
    assert_eq!(board["largest"].as_array().expect("holders").len(), 3);
    assert_eq!(board["refused"], json!({"too_much_unpaid": 27}));
    let metrics = shop.metrics().await;
    assert!(metrics.contains("souk_unpaid_refusals_total{bound=\"too_much_unpaid\"}"), "{metrics}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_buyer_and_an_address_keep_a_share_of_a_sku_and_leave_the_rest() {
    let shop = proxied(|_| {}).await;
    let skus = shop.skus_with(1, 100).await;
    let greedy = filled(&shop, &skus, 26).await;
    let problem = check_out(&greedy, "10.0.0.1").await.refused(409, "share_taken");
    assert_eq!(problem["lines"], json!([{"sku": skus[0], "requested": 26, "remaining": 10}]), "the count is not told");
    let orders = [filled(&shop, &skus, 25).await, filled(&shop, &skus, 25).await];
    for guest in &orders {
        check_out(guest, "10.0.0.1").await.created();
    }
    // The address has its half. Paying makes room: what is sold is nobody's share.
    let third = filled(&shop, &skus, 1).await;
    check_out(&third, "10.0.0.1").await.refused(409, "share_taken");
    let other = filled(&shop, &skus, 25).await;
    check_out(&other, "10.0.0.2").await.created();
    assert_eq!(held(&shop, &skus).await, 75);
    // A newer checkout of the same cart takes its older order's place and counts once.
    let again = check_out(&other, "10.0.0.2").await.created();
    assert_eq!(held(&shop, &skus).await, 75);
    other.pay(&again, "tok_ok").await.created();
    eventually("the address's two are left", async || unpaid(&shop).await["orders"] == 2).await;
}

/// Each key begins an order of the same cart; the older ones give way, and the bound holds at every moment.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_checkouts_of_one_guest_at_once_do_not_pass_the_bound() {
    let shop = proxied(|config| config.unpaid = Unpaid { orders_per_buyer_max: 2, ..config.unpaid.clone() }).await;
    let skus = shop.skus_with(1, 400).await;
    let guest = filled(&shop, &skus, 50).await;
    let answers = join_all((0..64).map(|_| check_out(&guest, "10.0.0.1"))).await;
    for answer in answers {
        match answer.status {
            201 => assert!(answer.json["status"] == "awaiting_payment" || answer.json["status"] == "cancelled"),
            429 => drop(answer.refused(429, "too_much_unpaid")),
            _ => drop(answer.refused(409, "checkout_superseded")),
        }
    }
    let open = async || unpaid(&shop).await["orders"].as_u64().expect("a count");
    eventually("the older orders have ended", async || open().await <= 2 && held(&shop, &skus).await <= 100).await;
    assert!(open().await >= 1);
}

/// A SKU of a few units may be held whole, for one time to pay: then it is the others' turn.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn holding_again_at_each_expiry_leaves_the_others_their_turn() {
    let shop = proxied(|config| {
        config.shop.hold_ttl_ms = 1_000;
        config.unpaid.lapses_free_per_buyer = 1;
    })
    .await;
    let skus = shop.skus_with(1, 5).await;
    let (holder, buyer) = (filled(&shop, &skus, 5).await, filled(&shop, &skus, 5).await);
    for _ in 0..2 {
        let order = check_out(&holder, "10.0.0.1").await.created();
        check_out(&buyer, "10.0.0.2").await.refused(409, "out_of_stock");
        let path = format!("/api/orders/{}", text(&order["id"]));
        eventually("the order expires", async || holder.get(&path).await.ok()["status"] == "expired").await;
    }
    let paused = check_out(&holder, "10.0.0.1").await;
    let after = paused.header("retry-after").expect("when to come again").parse::<u64>().expect("seconds");
    assert!((50..=60).contains(&after), "{after}");
    assert_eq!(paused.refused(429, "checkout_paused")["of"], "buyer");
    eventually("the units are back", async || shop.available(&skus[0]).await == 5).await;
    let order = check_out(&buyer, "10.0.0.2").await.created();
    buyer.pay(&order, "tok_ok").await.created();
    assert_eq!(unpaid(&shop).await["refused"]["checkout_paused"], 1);
}

/// A shop that holds at the payment only: who pays first has the units, and nobody is charged for none.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_stock_is_held_at_payment_an_unpaid_order_holds_nothing() {
    let shop = proxied(|config| config.shop.hold_at = HoldAt::Payment).await;
    let skus = shop.skus_with(1, 2).await;
    let (slow, quick) = (filled(&shop, &skus, 2).await, filled(&shop, &skus, 2).await);
    let first = check_out(&slow, "10.0.0.1").await.created();
    assert_eq!((&first["status"], held(&shop, &skus).await), (&json!("awaiting_payment"), 0));
    let second = check_out(&quick, "10.0.0.2").await.created();
    quick.pay(&second, "tok_declined").await.refused(402, "payment_declined");
    eventually("a declined payment keeps no units", async || shop.available(&skus[0]).await == 2).await;
    quick.pay(&second, "tok_ok").await.created();
    let ledger = || shop.app().sandbox.as_ref().expect("the sandbox").ledger().totals();
    let charges = ledger().charges;
    let problem = slow.pay(&first, "tok_ok").await.refused(409, "out_of_stock");
    assert_eq!(problem["lines"][0]["requested"], 2);
    assert_eq!(ledger().charges, charges, "the provider was not asked");
    let path = format!("/api/orders/{}", text(&first["id"]));
    assert_eq!(slow.get(&path).await.ok()["status"], "rejected");
    slow.pay(&first, "tok_ok").await.refused(409, "order_not_payable");
    assert_eq!(slow.get("/api/cart").await.ok()["lines"].as_array().expect("lines").len(), 1, "the cart is kept");
    eventually("the sale is whole", async || shop.levels(&skus[0]).await["committed"] == 2).await;
}

/// Staff takes orders for others, and the machine itself is nobody's address.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn staff_and_the_machine_itself_are_not_bounded() {
    let shop = proxied(|config| {
        config.unpaid.orders_per_address_max = 1;
        config.unpaid.units_per_buyer_max = 10;
    })
    .await;
    let skus = shop.skus_with(1, 40).await;
    let staff = shop.staff();
    staff.put_in_cart(&skus[0], 20).await;
    check_out(&staff, "10.0.0.1").await.created();
    let guest = filled(&shop, &skus, 11).await;
    let problem = check_out(&guest, "127.0.0.1").await.refused(409, "checkout_too_large");
    assert_eq!((&problem["requested"], &problem["max"]), (&json!(11), &json!(10)));
    for _ in 0..3 {
        check_out(&filled(&shop, &skus, 2).await, "127.0.0.1").await.created();
    }
}

/// The board's numbers come live, to staff.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_topic_unpaid_shows_each_order_with_the_sums_of_all() {
    let shop = proxied(|_| {}).await;
    let skus = shop.skus_with(1, 40).await;
    let mut listener = Listener::staff(&shop).await;
    listener.listen("unpaid").await;
    let guest = filled(&shop, &skus, 3).await;
    let order = check_out(&guest, "10.0.0.1").await.created();
    let shown = listener.until(|frame| frame["view"]["all"]["held"] == 3).await["view"].clone();
    assert_eq!((&shown["order_id"], &shown["user_id"]), (&order["id"], &order["user_id"]));
    assert_eq!((&shown["all"]["orders"], &shown["all"]["largest"][0]["units"]), (&json!(1), &json!(3)));
    guest.pay(&order, "tok_ok").await.created();
    let gone = listener.until(|frame| frame["gone"] == true).await;
    assert_eq!((&gone["key"], &gone["view"]["all"]["orders"]), (&order["id"], &json!(0)));
}
