//! Effects that nobody waits for: they keep to their pace, and the shop does not wait for them.

use std::time::Duration;

use souk::{
    actors::gateway::Gateway,
    domain::{
        ids::{MailId, OrderId},
        mail::{Mail, MailStatus, MailView},
        order::{CheckoutSnapshot, Order, OrderCommand, OrderView},
        pricing::{Basket, Quote},
    },
    testing::{an_order, eur, sku},
};
use tokio::time::{Instant, timeout};

use crate::stage::{Stage, WITHIN, call, order, receive};

/// Nothing is to be paid, so that it is sold as soon as its stock is held.
fn free(id: OrderId) -> CheckoutSnapshot {
    let Quote { lines, totals } = Basket::new([(sku("A"), "A".to_owned(), 1, eur(0))], eur(0), 0).quote().unwrap();
    CheckoutSnapshot { lines, totals, ..an_order().id(id).with_mails().snapshot() }
}

async fn buy(gateway: &Gateway, n: u128) {
    let id = order(n);
    gateway.ask::<Order>(&id.to_string(), OrderCommand::Place(free(id).into()), call(n)).await.expect("placed");
    let sold = |view: &OrderView| view.number.is_some();
    gateway.wait::<Order>(&id.to_string(), WITHIN, sold).await.expect("sold");
}

fn mail(n: u128) -> String {
    MailId::of(order(n).0, "confirmed").to_string()
}

fn is_begun(mail: &MailView) -> bool {
    mail.status != MailStatus::None
}

async fn mailed_of(gateway: &Gateway, orders: u128) -> usize {
    let mut mailed_now = 0;
    for n in 1..=orders {
        let mail = gateway.read::<Mail>(&mail(n), WITHIN).await;
        mailed_now += usize::from(mail.is_ok_and(|mail| is_begun(&mail.view)));
    }
    mailed_now
}

/// The mail of each of these orders has its turn within the time.
async fn all_are_mailed(gateway: &Gateway, orders: u128, within: Duration) {
    let each = async {
        for n in 1..=orders {
            let mail = gateway.wait::<Mail>(&mail(n), WITHIN, is_begun).await.expect("a view");
            assert!(is_begun(&mail.view), "mail {n}");
        }
    };
    timeout(within, each).await.expect("each had its turn");
}

#[tokio::test(start_paused = true)]
async fn mails_of_a_rush_are_begun_in_their_turns_while_it_is_sold_at_once() {
    let mut stage = Stage::new();
    stage.settings.actors.background_per_second = 1;
    let life = stage.start().await;
    receive(&life.gateway, "A", 100, 100).await.expect("received");
    let begun = Instant::now();
    for n in 1..=8 {
        buy(&life.gateway, n).await;
    }
    assert!(begun.elapsed() < Duration::from_secs(2), "eight orders are sold at once: {:?}", begun.elapsed());
    assert!(mailed_of(&life.gateway, 8).await < 5, "their mails wait");
    all_are_mailed(&life.gateway, 8, Duration::from_secs(10)).await;
}

#[tokio::test(start_paused = true)]
async fn an_end_does_not_wait_for_mails_that_wait_and_the_next_start_begins_them() {
    let mut stage = Stage::new();
    stage.settings.actors.background_per_second = 1;
    let life = stage.start().await;
    receive(&life.gateway, "A", 100, 100).await.expect("received");
    for n in 1..=30 {
        buy(&life.gateway, n).await;
    }
    let begun = Instant::now();
    life.runtime.drain(Duration::from_secs(20)).await;
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    let gateway = stage.start().await.gateway;
    all_are_mailed(&gateway, 30, Duration::from_secs(40)).await;
}
