//! `shop::payment::pay`: what becomes of a payment. Refusals are in `payment_refused`, money that comes late in `late_money`.

use std::time::Duration;

use souk::{
    actors::gateway::AskError,
    domain::order::{OrderRejection, OrderStatus},
    shop::payment::{outcome::PaymentOutcome, pay::PayRefusal},
    testing::eur,
};
use tokio::time::sleep;

use super::{
    bank::{ASKS, Account, DECLINED, GOOD, SILENT},
    door::Stops,
    shop::{Shop, a_moment, eventually, guest, payment},
};

const TOTAL: i64 = 2 * 1_000 + 490;

#[tokio::test(start_paused = true)]
async fn a_good_payment_verifies_the_order_and_then_takes_the_money() {
    let (shop, ada) = (Shop::open().await, guest(1));
    shop.sells("SHIRT", eur(1_000), 5).await;
    let order = shop.order(1, &ada, "SHIRT", 2).await;
    let (outcome, paid) = shop.pay(1, &ada, order, GOOD).await.unwrap();
    assert_eq!((outcome, paid.amount), (PaymentOutcome::Paid, eur(TOTAL)));
    assert_eq!(shop.seen(order).await.lifecycle, OrderStatus::Verified);
    assert_eq!(shop.levels("SHIRT").await, (3, 0, 2));
    let books = Account { authorised: TOTAL, captured: TOTAL, ..Account::default() };
    eventually("the money is taken", async || shop.bank.account(payment(1)) == books).await;
    eventually("the cart is empty", async || shop.cart(&ada).await.lines.is_empty()).await;
    let (outcome, _) = shop.pay(1, &ada, order, GOOD).await.unwrap();
    a_moment().await;
    assert_eq!((outcome, shop.bank.account(payment(1))), (PaymentOutcome::Paid, books), "a retry pays nothing twice");
}

#[tokio::test(start_paused = true)]
async fn who_was_declined_pays_again_at_once() {
    let (shop, ada) = (Shop::open().await, guest(1));
    shop.sells("SHIRT", eur(1_000), 5).await;
    let order = shop.order(1, &ada, "SHIRT", 2).await;
    match shop.pay(1, &ada, order, DECLINED).await {
        Err(PayRefusal::Declined { code, payment: of }) => {
            assert_eq!((code.as_str(), of), ("card_declined", payment(1)));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(shop.pay(2, &ada, order, GOOD).await.unwrap().0, PaymentOutcome::Paid);
    match shop.pay(3, &ada, order, GOOD).await {
        Err(PayRefusal::Order(AskError::Refused(OrderRejection::AlreadyPaid))) => {}
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_decline_is_returned_only_when_the_order_has_heard_of_it() {
    let (shop, ada) = (Shop::open().await, guest(1));
    shop.sells("SHIRT", eur(1_000), 5).await;
    let order = shop.order(1, &ada, "SHIRT", 2).await;
    shop.door.set(Stops::PaymentNews);
    let hears_late = async {
        shop.door.stopped(1).await;
        sleep(Duration::from_millis(500)).await;
        shop.door.set(Stops::Nothing);
    };
    let pays_twice = async {
        let first = shop.pay(1, &ada, order, DECLINED).await;
        assert!(matches!(first, Err(PayRefusal::Declined { .. })), "{first:?}");
        shop.pay(2, &ada, order, GOOD).await
    };
    let (second, ()) = tokio::join!(pays_twice, hears_late);
    assert_eq!(second.unwrap().0, PaymentOutcome::Paid);
}

#[tokio::test(start_paused = true)]
async fn a_bank_that_asks_the_shopper_says_where_to_go() {
    let (shop, ada) = (Shop::open().await, guest(1));
    shop.sells("SHIRT", eur(1_000), 5).await;
    let order = shop.order(1, &ada, "SHIRT", 2).await;
    let (outcome, asked) = shop.pay(1, &ada, order, ASKS).await.unwrap();
    assert_eq!((outcome, asked.continue_url.as_deref()), (PaymentOutcome::RequiresAction, Some("/yes")));
    shop.bank_reports(payment(1), shop.bank.approve(payment(1), TOTAL)).await;
    shop.until_status(order, OrderStatus::Verified).await;
    assert_eq!(shop.pay(1, &ada, order, ASKS).await.unwrap().0, PaymentOutcome::Paid);
}

#[tokio::test(start_paused = true)]
async fn a_bank_that_says_nothing_in_time_leaves_the_payment_pending() {
    let (shop, ada) = (Shop::open().await, guest(1));
    shop.sells("SHIRT", eur(1_000), 5).await;
    let order = shop.order(1, &ada, "SHIRT", 2).await;
    assert_eq!(shop.pay(1, &ada, order, SILENT).await.unwrap().0, PaymentOutcome::Pending);
    match shop.pay(2, &ada, order, GOOD).await {
        Err(PayRefusal::Order(AskError::Refused(OrderRejection::PaymentUnderWay { payment: first }))) => {
            assert_eq!(first, payment(1));
        }
        other => panic!("{other:?}"),
    }
}
