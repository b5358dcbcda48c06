//! `shop::payment::pay` of an order whose time is over: the money that comes late revives it once, or goes back.

use souk::{
    actors::gateway::AskError,
    domain::{
        ids::OrderId,
        order::{OrderRejection, OrderStatus},
    },
    identity::Principal,
    shop::payment::{outcome::PaymentOutcome, pay::PayRefusal},
    testing::eur,
};

use super::{
    bank::{ASKS, Account, GOOD},
    shop::{Shop, a_moment, eventually, guest, payment},
};

const TOTAL: i64 = 1_000 + 490;

/// The last shirt's order, expired while the bank waited for the shopper; payment 1 is still to be approved.
async fn expired(shop: &Shop, who: &Principal) -> OrderId {
    shop.sells("SHIRT", eur(1_000), 1).await;
    let order = shop.order(1, who, "SHIRT", 1).await;
    assert_eq!(shop.pay(1, who, order, ASKS).await.unwrap().0, PaymentOutcome::RequiresAction);
    shop.until_status(order, OrderStatus::Expired).await;
    eventually("the shirt is free again", async || shop.levels("SHIRT").await == (1, 0, 0)).await;
    order
}

#[tokio::test(start_paused = true)]
async fn an_expired_order_takes_no_new_payment() {
    let (shop, ada) = (Shop::open().await, guest(1));
    let order = expired(&shop, &ada).await;
    match shop.pay(2, &ada, order, GOOD).await {
        Err(PayRefusal::Order(AskError::Refused(OrderRejection::NotPayable { lifecycle }))) => {
            assert_eq!(lifecycle, OrderStatus::Expired);
        }
        other => panic!("{other:?}"),
    }
    a_moment().await;
    assert_eq!(shop.bank.account(payment(2)), Account::default());
}

#[tokio::test(start_paused = true)]
async fn late_money_revives_the_order_while_its_stock_is_there() {
    let (shop, ada) = (Shop::open().await, guest(1));
    let order = expired(&shop, &ada).await;
    shop.bank_reports(payment(1), shop.bank.approve(payment(1), TOTAL)).await;
    assert_eq!(shop.pay(1, &ada, order, ASKS).await.unwrap().0, PaymentOutcome::Paid);
    assert_eq!(shop.seen(order).await.lifecycle, OrderStatus::Verified);
    assert_eq!(shop.levels("SHIRT").await, (0, 0, 1));
}

#[tokio::test(start_paused = true)]
async fn late_money_goes_back_when_its_stock_is_sold() {
    let (shop, ada, bob) = (Shop::open().await, guest(1), guest(2));
    let order = expired(&shop, &ada).await;
    let sold = shop.order(2, &bob, "SHIRT", 1).await;
    assert_eq!(shop.pay(2, &bob, sold, GOOD).await.unwrap().0, PaymentOutcome::Paid);
    shop.bank_reports(payment(1), shop.bank.approve(payment(1), TOTAL)).await;
    match shop.pay(1, &ada, order, ASKS).await {
        Err(PayRefusal::NotPayable { status, payment: of }) => {
            assert_eq!((status, of), (OrderStatus::Expired, payment(1)));
        }
        other => panic!("{other:?}"),
    }
    let books = Account { authorised: TOTAL, voided: true, ..Account::default() };
    assert_eq!(shop.bank.account(payment(1)), books, "nothing was taken and nothing is blocked");
}
