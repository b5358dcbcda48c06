//! `shop::order::cancel`: a shopper gives an order up, and stock and money follow.

use souk::{
    domain::order::OrderStatus,
    shop::{
        order::{
            access::Unreadable,
            cancel::{CancelRefusal, cancel},
        },
        payment::outcome::PaymentOutcome,
    },
    testing::eur,
};

use super::{
    bank::{Account, GOOD},
    door::Stops,
    shop::{Shop, a_moment, eventually, guest, payment, reach},
};

const TOTAL: i64 = 2 * 1_000 + 490;

/// Authorised, and then either never taken or given back.
fn is_back(account: Account) -> bool {
    let Account { authorised, captured, voided, refunded } = account;
    authorised == TOTAL && if voided { captured == 0 } else { captured == TOTAL && refunded == TOTAL }
}

#[tokio::test(start_paused = true)]
async fn before_payment_the_stock_is_free_again() {
    let (shop, ada) = (Shop::open().await, guest(1));
    shop.sells("SHIRT", eur(1_000), 5).await;
    let order = shop.order(1, &ada, "SHIRT", 2).await;
    let cancelled = cancel(&shop.services, &reach(&ada), order).await.unwrap();
    assert_eq!(cancelled.view.lifecycle, OrderStatus::Cancelled);
    eventually("the shirts are free", async || shop.levels("SHIRT").await == (5, 0, 0)).await;
    let again = cancel(&shop.services, &reach(&ada), order).await.unwrap();
    assert_eq!(again.view.lifecycle, OrderStatus::Cancelled, "twice is once");
}

#[tokio::test(start_paused = true)]
async fn after_payment_the_money_goes_back() {
    let (shop, ada) = (Shop::open().await, guest(1));
    shop.sells("SHIRT", eur(1_000), 5).await;
    let order = shop.order(1, &ada, "SHIRT", 2).await;
    shop.pay(1, &ada, order, GOOD).await.unwrap();
    eventually("the money is taken", async || shop.bank.account(payment(1)).captured == TOTAL).await;
    let cancelled = cancel(&shop.services, &reach(&ada), order).await.unwrap();
    assert_eq!(cancelled.view.lifecycle, OrderStatus::Cancelled);
    eventually("the money is back", async || shop.bank.account(payment(1)).refunded == TOTAL).await;
    eventually("the shirts are free", async || shop.levels("SHIRT").await == (5, 0, 0)).await;
}

#[tokio::test(start_paused = true)]
async fn what_has_left_the_house_cannot_be_cancelled() {
    let (shop, ada) = (Shop::open().await, guest(1));
    shop.sells("SHIRT", eur(1_000), 5).await;
    let order = shop.order(1, &ada, "SHIRT", 2).await;
    shop.pay(1, &ada, order, GOOD).await.unwrap();
    shop.ships(order, "SHIRT", 2).await;
    let refused = cancel(&shop.services, &reach(&ada), order).await;
    assert_eq!(refused, Err(CancelRefusal::TooLate { from: OrderStatus::Shipped }));
    a_moment().await;
    assert_eq!(shop.bank.account(payment(1)).refunded, 0);
}

#[tokio::test(start_paused = true)]
async fn a_payment_that_comes_first_is_met_looked_at_again_and_undone() {
    let (shop, ada) = (Shop::open().await, guest(1));
    shop.sells("SHIRT", eur(1_000), 5).await;
    let order = shop.order(1, &ada, "SHIRT", 2).await;
    shop.door.set(Stops::ConditionalOrders);
    let pays_meanwhile = async {
        shop.door.stopped(1).await;
        let paid = shop.pay(1, &ada, order, GOOD).await;
        shop.door.set(Stops::Nothing);
        paid.unwrap().0
    };
    let ada_reaches = reach(&ada);
    let (cancelled, paid) = tokio::join!(cancel(&shop.services, &ada_reaches, order), pays_meanwhile);
    // The cancel had judged an unpaid order: only another look could cancel the paid one.
    assert_eq!(paid, PaymentOutcome::Paid);
    let cancelled = cancelled.unwrap().view;
    assert_eq!((cancelled.lifecycle, cancelled.payment), (OrderStatus::Cancelled, Some(payment(1))));
    eventually("the money is back", async || is_back(shop.bank.account(payment(1)))).await;
    eventually("the shirts are free", async || shop.levels("SHIRT").await == (5, 0, 0)).await;
}

#[tokio::test(start_paused = true)]
async fn a_parcel_that_leaves_first_ends_the_cancel() {
    let (shop, ada) = (Shop::open().await, guest(1));
    shop.sells("SHIRT", eur(1_000), 5).await;
    let order = shop.order(1, &ada, "SHIRT", 2).await;
    shop.pay(1, &ada, order, GOOD).await.unwrap();
    shop.door.set(Stops::ConditionalOrders);
    let ships_meanwhile = async {
        shop.door.stopped(1).await;
        shop.ships(order, "SHIRT", 2).await;
        shop.door.set(Stops::Nothing);
    };
    let ada_reaches = reach(&ada);
    let (cancelled, ()) = tokio::join!(cancel(&shop.services, &ada_reaches, order), ships_meanwhile);
    assert_eq!(cancelled, Err(CancelRefusal::TooLate { from: OrderStatus::Shipped }));
}

#[tokio::test(start_paused = true)]
async fn an_order_of_somebody_else_is_not_there() {
    let (shop, ada, bob) = (Shop::open().await, guest(1), guest(2));
    shop.sells("SHIRT", eur(1_000), 5).await;
    let order = shop.order(1, &ada, "SHIRT", 2).await;
    assert_eq!(cancel(&shop.services, &reach(&bob), order).await, Err(Unreadable::Unknown(order).into()));
    assert_eq!(shop.seen(order).await.lifecycle, OrderStatus::AwaitingPayment);
}
