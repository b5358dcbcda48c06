//! What one guest, one address and all guests may write, and who is outside of it.

use hyper::Method;
use serde_json::json;
use souk::domain::account::Role;

use super::proxied::proxied;
use crate::shop::{Answer, Person, Shop, checkout_body, fresh_key};

/// Guests have 100 units at once, an address 200, all guests 300; nothing comes back while a test runs.
async fn shop() -> Shop {
    proxied(|config| {
        let budgets = &mut config.budgets;
        budgets.enforced = true;
        (budgets.guest_per_second, budgets.guest_burst) = (1, 100);
        (budgets.address_per_second, budgets.address_burst) = (1, 200);
        (budgets.guests_per_second, budgets.guests_burst) = (1, 300);
        (budgets.account_per_second, budgets.account_burst) = (1, 120);
    })
    .await
}

async fn put(who: &Person<'_>, address: &str, units: i64) -> Answer {
    let body = Some(json!({"quantity": units}));
    who.send(Method::PUT, "/api/cart/lines/THING-01", &[("x-forwarded-for", address)], body).await
}

/// Changes of two units each, until one is refused by `budget`; a few units come back in the meantime.
async fn spend<'a>(who: impl Fn() -> Person<'a>, address: &str, budget: &str) -> i64 {
    for n in 1..200 {
        let answer = put(&who(), address, n).await;
        if answer.status != 200 {
            assert!(answer.header("retry-after").is_some_and(|seconds| seconds != "0"));
            assert!(answer.header("set-cookie").is_none(), "a refused first change makes no session");
            assert_eq!(answer.refused(429, "over_budget")["budget"], budget);
            return n;
        }
    }
    panic!("{budget} is never used up")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_client_is_refused_and_everybody_else_buys() {
    let shop = shop().await;
    let sku = shop.sku_with(5).await;
    let one = shop.guest();
    put(&one, "10.0.0.1", 1).await.ok();
    let cookie = one.cookie().expect("a session");
    let same = || {
        let guest = shop.guest();
        guest.keep(&cookie);
        guest
    };
    let changes = spend(same, "10.0.0.1", "guest").await;
    assert!((49..=55).contains(&changes), "{changes} of two units each");
    // New sessions do not help: the address is used up after as many again.
    let changes = spend(|| shop.guest(), "10.0.0.1", "address").await;
    assert!((49..=55).contains(&changes), "{changes}");
    same().get("/api/cart").await.ok();
    // The same address, signed in; staff of that address; a guest of another one.
    let account = shop.account(Role::Shopper).await;
    put(&account, "10.0.0.1", 3).await.ok();
    for n in 1..150 {
        put(&shop.staff(), "10.0.0.1", n).await.ok();
    }
    let honest = shop.guest();
    put(&honest, "10.0.0.2", 1).await.ok();
    honest.put_in_cart(&sku, 1).await;
    let order = honest.check_out_with(&fresh_key()).await.created();
    honest.pay(&order, "tok_ok").await.created();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_guests_together_keep_no_account_from_buying() {
    let shop = shop().await;
    let sku = shop.sku_with(5).await;
    let account = shop.account(Role::Shopper).await;
    let buyer = shop.guest();
    buyer.put_in_cart(&sku, 1).await;
    let order = buyer.check_out_with(&fresh_key()).await.created();
    spend(|| shop.guest(), "10.0.0.1", "address").await;
    spend(|| shop.guest(), "10.0.0.2", "guests").await;
    buyer.pay(&order, "tok_ok").await.created();
    // Who has used little has what is left, and then waits as well.
    assert!(spend(|| shop.guest(), "10.0.0.3", "guests").await > 1);
    put(&shop.guest(), "10.0.0.3", 1).await.refused(429, "over_budget");
    account.put_in_cart(&sku, 1).await;
    let order = account.keyed(Method::POST, "/api/checkout", &fresh_key(), checkout_body()).await.created();
    account.pay(&order, "tok_ok").await.created();
}

/// A small request that begins many holds, and ends them as quickly, costs as they do.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_checkout_costs_by_its_lines() {
    let shop = shop().await;
    let skus = shop.skus_with(10, 5).await;
    let guest = shop.guest();
    let from = [("x-forwarded-for", "10.0.0.9")];
    let lines: Vec<_> = skus.iter().map(|sku| json!({"sku": sku, "quantity": 1})).collect();
    guest.send(Method::POST, "/api/cart/lines", &from, Some(lines.into())).await.ok();
    let mut orders = 0;
    let refused = loop {
        let key = fresh_key();
        let headers = [from[0], ("idempotency-key", &key)];
        let placed = guest.send(Method::POST, "/api/checkout", &headers, Some(checkout_body())).await;
        if placed.status != 201 {
            break placed;
        }
        orders += 1;
        assert!(orders < 100, "never refused");
        let path = format!("/api/orders/{}", crate::shop::text(&placed.json["id"]));
        guest.send(Method::DELETE, &path, &from, None).await.ok();
    };
    assert_eq!(refused.refused(429, "over_budget")["budget"], "guest");
    // Without the lines 100 units are some twenty.
    assert!((4..=8).contains(&orders), "{orders} checkouts of ten lines");
}
