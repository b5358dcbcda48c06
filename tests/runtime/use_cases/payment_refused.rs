//! `shop::payment::pay`: requests for which nothing is begun.

use souk::{
    shop::{
        order::access::Unreadable,
        payment::{
            outcome::PaymentOutcome,
            pay::{self, Pay, PayRefusal, TOKEN_BYTES_MAX},
        },
    },
    testing::eur,
};

use super::{
    bank::{self, ASKS, Account, GOOD, SILENT},
    door::Stops,
    shop::{Shop, a_moment, guest, payment, reach},
    wiring::BANK_CALLS_MAX,
};

#[tokio::test(start_paused = true)]
async fn an_unknown_provider_is_refused_with_the_known_ones() {
    let (shop, ada) = (Shop::open().await, guest(1));
    shop.sells("SHIRT", eur(1_000), 5).await;
    let order = shop.order(1, &ada, "SHIRT", 2).await;
    let by_shells = Pay { payment: payment(1), order, provider: "shells".to_owned(), token: GOOD.to_owned() };
    match pay::pay(&shop.services, &reach(&ada), &by_shells, shop.services.call(&ada)).await {
        Err(PayRefusal::UnknownProvider { known }) => assert_eq!(known, [bank::NAME]),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_is_printable_and_short() {
    let (shop, ada) = (Shop::open().await, guest(1));
    shop.sells("SHIRT", eur(1_000), 5).await;
    let order = shop.order(1, &ada, "SHIRT", 2).await;
    for bad in ["", "two words", "line\n", "café", &"x".repeat(TOKEN_BYTES_MAX + 1)] {
        let refused = shop.pay(1, &ada, order, bad).await;
        assert!(matches!(refused, Err(PayRefusal::BadToken { max: TOKEN_BYTES_MAX })), "{bad:?}: {refused:?}");
    }
    let longest = "x".repeat(TOKEN_BYTES_MAX);
    assert_eq!(shop.pay(1, &ada, order, &longest).await.unwrap().0, PaymentOutcome::Paid, "nothing was begun before");
}

#[tokio::test(start_paused = true)]
async fn nothing_is_begun_at_a_bank_that_does_not_keep_up() {
    let (shop, ada) = (Shop::open().await, guest(1));
    shop.sells("SHIRT", eur(1_000), 50).await;
    let all = BANK_CALLS_MAX as u128;
    for n in 1..=all {
        let who = guest(100 + n);
        let order = shop.order(n, &who, "SHIRT", 1).await;
        assert_eq!(shop.pay(n, &who, order, SILENT).await.unwrap().0, PaymentOutcome::Pending);
    }
    let order = shop.order(all + 1, &ada, "SHIRT", 1).await;
    let refused = shop.pay(all + 1, &ada, order, GOOD).await;
    assert!(matches!(refused, Err(PayRefusal::BackedUp { .. })), "{refused:?}");
    assert_eq!(shop.seen(order).await.payment, None);
}

#[tokio::test(start_paused = true)]
async fn one_key_is_for_one_order_and_one_token() {
    let (shop, ada) = (Shop::open().await, guest(1));
    shop.sells("SHIRT", eur(1_000), 5).await;
    // Of one cart, so the newer one took the other's place.
    let (other, order) = (shop.order(2, &ada, "SHIRT", 2).await, shop.order(1, &ada, "SHIRT", 2).await);
    shop.pay(1, &ada, order, ASKS).await.unwrap();
    for (order, token) in [(order, GOOD), (other, ASKS)] {
        let refused = shop.pay(1, &ada, order, token).await;
        assert!(matches!(refused, Err(PayRefusal::KeyReused)), "{token}: {refused:?}");
    }
    assert_eq!(shop.seen(other).await.payment, None);
}

#[tokio::test(start_paused = true)]
async fn a_key_is_known_before_its_payment_is_opened() {
    let (shop, ada) = (Shop::open().await, guest(1));
    shop.sells("SHIRT", eur(1_000), 5).await;
    let order = shop.order(1, &ada, "SHIRT", 2).await;
    shop.door.set(Stops::Payments);
    assert_eq!(shop.pay(1, &ada, order, GOOD).await.unwrap().0, PaymentOutcome::Pending);
    let refused = shop.pay(1, &ada, order, ASKS).await;
    assert!(matches!(refused, Err(PayRefusal::KeyReused)), "{refused:?}");
    shop.door.set(Stops::Nothing);
    assert_eq!(shop.pay(1, &ada, order, GOOD).await.unwrap().0, PaymentOutcome::Paid);
}

#[tokio::test(start_paused = true)]
async fn an_order_of_somebody_else_is_not_there() {
    let (shop, ada, bob) = (Shop::open().await, guest(1), guest(2));
    shop.sells("SHIRT", eur(1_000), 5).await;
    let order = shop.order(1, &ada, "SHIRT", 2).await;
    match shop.pay(1, &bob, order, GOOD).await {
        Err(PayRefusal::Unreadable(unreadable)) => assert_eq!(unreadable, Unreadable::Unknown(order)),
        other => panic!("{other:?}"),
    }
    a_moment().await;
    assert_eq!(shop.bank.account(payment(1)), Account::default());
}
