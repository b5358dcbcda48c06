//! `shop::checkout::place`: a cart becomes an order whose stock is held, or a refusal that says why.

use std::time::Duration;

use souk::{
    actors::gateway::Call,
    domain::{cart::Cart, order::OrderStatus},
    shop::checkout::{
        cart_lines::CartRefusal,
        place::{self, CheckoutRefusal, ShortLine},
    },
    testing::{eur, sku},
};

use super::{
    door::Stops,
    shop::{Shop, checkout, eventually, guest},
};

#[tokio::test(start_paused = true)]
async fn holds_the_stock_and_asks_for_what_the_cart_showed() {
    let (shop, ada) = (Shop::open().await, guest(1));
    shop.sells("SHIRT", eur(1_000), 5).await;
    shop.puts(&ada, "SHIRT", 2).await;
    let shown = shop.services.cart(None, 1, &shop.cart(&ada).await, false).unwrap().totals;
    let order = shop.place(&checkout(1, &ada), &ada).await.unwrap();
    assert_eq!(order.lifecycle, OrderStatus::AwaitingPayment);
    let totals = order.placement.unwrap().totals;
    assert_eq!((totals.items, totals.total), (shown.items.into(), eur(2_000 + 490)));
    assert_eq!(shop.levels("SHIRT").await, (3, 2, 0));
}

#[tokio::test(start_paused = true)]
async fn a_retry_after_the_cart_changed_returns_the_same_order() {
    let (shop, ada) = (Shop::open().await, guest(1));
    shop.sells("SHIRT", eur(1_000), 5).await;
    shop.puts(&ada, "SHIRT", 2).await;
    let first = shop.place(&checkout(1, &ada), &ada).await.unwrap();
    shop.puts(&ada, "SHIRT", 4).await;
    assert_eq!(shop.place(&checkout(1, &ada), &ada).await.unwrap(), first);
    assert_eq!(shop.levels("SHIRT").await, (3, 2, 0));
}

#[tokio::test(start_paused = true)]
async fn another_request_under_the_same_id_is_refused() {
    let (shop, ada) = (Shop::open().await, guest(1));
    shop.sells("SHIRT", eur(1_000), 5).await;
    shop.order(1, &ada, "SHIRT", 2).await;
    let mut other = checkout(1, &ada);
    other.email = "bob@example.org".to_owned();
    assert_eq!(shop.place(&other, &ada).await, Err(CheckoutRefusal::KeyReused));
}

#[tokio::test(start_paused = true)]
async fn of_two_requests_under_one_id_the_first_places_the_order() {
    let (shop, ada) = (Shop::open().await, guest(1));
    shop.sells("SHIRT", eur(1_000), 9).await;
    shop.puts(&ada, "SHIRT", 2).await;
    let mut other = checkout(1, &ada);
    other.email = "bob@example.org".to_owned();
    shop.door.set(Stops::Placing);
    let (first, second) = (checkout(1, &ada), checkout(1, &ada));
    let later = async {
        shop.door.stopped(1).await;
        shop.puts(&ada, "SHIRT", 4).await;
        shop.place(&second, &ada).await
    };
    let another = async {
        shop.door.stopped(2).await;
        shop.place(&other, &ada).await
    };
    let opens = async {
        shop.door.stopped(3).await;
        shop.door.set(Stops::Nothing);
    };
    let (first, later, another, ()) = tokio::join!(shop.place(&first, &ada), later, another, opens);
    let order = first.unwrap();
    assert_eq!((order.stock[0].units, order.lifecycle), (2, OrderStatus::AwaitingPayment));
    assert_eq!(later, Ok(order), "a retry with a cart read a moment later");
    assert_eq!(another, Err(CheckoutRefusal::KeyReused));
    assert_eq!(shop.levels("SHIRT").await, (7, 2, 0));
}

#[tokio::test(start_paused = true)]
async fn an_empty_cart_is_refused() {
    let (shop, ada) = (Shop::open().await, guest(1));
    assert_eq!(shop.place(&checkout(1, &ada), &ada).await, Err(CartRefusal::Empty.into()));
}

#[tokio::test(start_paused = true)]
async fn what_is_no_longer_sold_is_named() {
    let (shop, ada) = (Shop::open().await, guest(1));
    shop.sells("SHIRT", eur(1_000), 5).await;
    shop.sells("SOCKS", eur(300), 5).await;
    shop.puts(&ada, "SHIRT", 1).await;
    shop.puts(&ada, "SOCKS", 1).await;
    shop.withdraws("SOCKS").await;
    let skus = vec![sku("SOCKS")];
    assert_eq!(shop.place(&checkout(1, &ada), &ada).await, Err(CartRefusal::Withdrawn { skus }.into()));
    assert_eq!(shop.levels("SHIRT").await, (5, 0, 0), "nothing is held for a refused checkout");
}

#[tokio::test(start_paused = true)]
async fn refused_checkouts_do_not_displace_an_open_order() {
    let (shop, ada) = (Shop::open().await, guest(1));
    shop.sells("SHIRT", eur(1_000), 5).await;
    shop.sells("SOCKS", eur(300), 5).await;
    shop.order(1, &ada, "SHIRT", 2).await;
    shop.puts(&ada, "SOCKS", 1).await;
    shop.withdraws("SOCKS").await;
    for n in 2..3 + Cart::CHECKOUTS_KEPT as u128 {
        let refused = shop.place(&checkout(n, &ada), &ada).await;
        assert!(matches!(refused, Err(CheckoutRefusal::Cart(CartRefusal::Withdrawn { .. }))), "{refused:?}");
    }
    shop.removes(&ada, "SOCKS").await;
    shop.place(&checkout(99, &ada), &ada).await.unwrap();
    eventually("the older order's units are held once", async || shop.levels("SHIRT").await == (3, 2, 0)).await;
}

#[tokio::test(start_paused = true)]
async fn a_changed_price_is_named_and_the_next_checkout_takes_it() {
    let (shop, ada) = (Shop::open().await, guest(1));
    shop.sells("SHIRT", eur(1_000), 5).await;
    shop.puts(&ada, "SHIRT", 2).await;
    shop.prices("SHIRT", eur(1_200)).await;
    let refused = shop.place(&checkout(1, &ada), &ada).await;
    let Err(CheckoutRefusal::Cart(CartRefusal::PricesChanged { lines })) = refused else { panic!("{refused:?}") };
    let [line] = &lines[..] else { panic!("{lines:?}") };
    let named = (&line.now.sku, line.was, line.now.unit_price, line.quantity);
    assert_eq!(named, (&sku("SHIRT"), eur(1_000), eur(1_200), 2));
    assert_eq!(shop.cart(&ada).await.total, Some(eur(2_400)), "the cart has the new price");
    let order = shop.place(&checkout(1, &ada), &ada).await.unwrap();
    assert_eq!(order.placement.unwrap().totals.items, eur(2_400));
}

#[tokio::test(start_paused = true)]
async fn an_unknown_shipping_method_is_refused_with_the_known_ones() {
    let (shop, ada) = (Shop::open().await, guest(1));
    let mut by_drone = checkout(1, &ada);
    by_drone.shipping_method = "drone".to_owned();
    let known = ["standard", "express"].map(str::to_owned).to_vec();
    assert_eq!(shop.place(&by_drone, &ada).await, Err(CheckoutRefusal::UnknownShippingMethod { known }));
}

#[tokio::test(start_paused = true)]
async fn short_lines_are_named_with_their_numbers_and_the_others_are_free_again() {
    let (shop, ada) = (Shop::open().await, guest(1));
    shop.sells("SHIRT", eur(1_000), 5).await;
    shop.sells("SOCKS", eur(300), 1).await;
    shop.puts(&ada, "SHIRT", 2).await;
    shop.puts(&ada, "SOCKS", 3).await;
    let request = checkout(1, &ada);
    let lines = vec![ShortLine { sku: sku("SOCKS"), requested: 3, available: 1 }];
    let refusal = CheckoutRefusal::OutOfStock { order: request.order, lines };
    assert_eq!(shop.place(&request, &ada).await, Err(refusal.clone()));
    eventually("the shirts are free", async || shop.levels("SHIRT").await == (5, 0, 0)).await;
    assert_eq!(shop.levels("SOCKS").await, (1, 0, 0));
    assert_eq!(shop.place(&request, &ada).await, Err(refusal), "a retry is told the same");
}

#[tokio::test(start_paused = true)]
async fn at_the_deadline_the_order_is_returned_as_it_is_and_goes_on() {
    let (shop, ada) = (Shop::open().await, guest(1));
    shop.sells("SHIRT", eur(1_000), 5).await;
    shop.puts(&ada, "SHIRT", 2).await;
    let request = checkout(1, &ada);
    let call = Call { within: Duration::from_secs(1), ..shop.keyed(request.order.0, &ada) };
    shop.door.set(Stops::Stock);
    let order = place::place(&shop.services, &request, call).await.unwrap().view;
    assert_eq!(order.lifecycle, OrderStatus::Placing);
    shop.door.set(Stops::Nothing);
    let order = shop.place(&request, &ada).await.unwrap();
    assert_eq!(order.lifecycle, OrderStatus::AwaitingPayment);
    assert_eq!(shop.levels("SHIRT").await, (3, 2, 0), "held once");
}
